/*
 * Faults over HTTP/1.1, to the byte: what breaks a chunk, a body, an answer or the connection, in cleartext and over TLS.
 */
#include "support/caller.h"
#include "support/certs.h"
#include "support/mock_world.h"
#include "support/test.h"

#include <unistd.h>

#define HEAD                                                                                                           \
	"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"                         \
	"cache-control: no-cache\r\nx-accel-buffering: no\r\n\r\n"
#define TURN "35\r\ndata: {\"type\": \"turn_start\", \"id\": 9002, \"turn\": 1}\n\n\r\n"
#define ID   "9\r\nid: 9002\n\r\n"
#define ONE                                                                                                            \
	"54\r\ndata: {\"type\": \"output\", \"id\": 9002, \"stream\": \"stdout\", \"data\": \"one\", \"turn\": "       \
	"1}\n\n\r\n"
#define EXIT  "2f\r\ndata: {\"type\": \"exit\", \"id\": 9002, \"code\": 0}\n\n\r\n"
#define END   "0\r\n\r\n"
#define OTHER "HTTP/1.1 503 Service Unavailable\r\n"

static char folder[] = "/tmp/mockd-http1-XXXXXX";
static char certificate[64];
static char key[64];
static SSL_CTX *context;

/* A finished session with one stage row (9001) and the output "one" (9002). */
static char session[MOCKD_ID_SIZE];
static char start[256]; /* the chunk of its `start` frame */
static struct caller *caller;

static int make_files(void **state)
{
	const struct cert_wish wish = {.alt_names = "IP:127.0.0.1"};
	struct cert leaf;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(certificate, sizeof certificate, "%s/cert", folder);
	snprintf(key, sizeof key, "%s/key", folder);
	cert_make(&leaf, NULL, &wish);
	cert_write(&leaf, certificate);
	cert_write_key(&leaf, key);
	context = SSL_CTX_new(TLS_client_method());
	assert_non_null(context);
	cert_clear(&leaf);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	SSL_CTX_free(context);
	unlink(certificate);
	unlink(key);
	rmdir(folder);
	return 0;
}

static void make_session(void)
{
	int code = 0;
	snprintf(session, sizeof session, "%s", mock_session("script:manual stages=0"));
	mockd_advance(mock.mockd, 1000);
	mockd_add_row(mock.mockd, session, "stdout", "one", 3);
	assert_true(mockd_end_session(mock.mockd, session, "completed", &code));
	mockd_advance(mock.mockd, 1000);
	snprintf(start, sizeof start,
		"68\r\ndata: {\"type\": \"start\", \"provider\": \"anthropic\", \"session_id\": \"%s\"}\n\n\r\n",
		session);
}

static void open_world(bool tls)
{
	struct mockd_options options = mock_options();
	options.control = true;
	options.tls_certificate = tls ? certificate : NULL;
	options.tls_key = tls ? key : NULL;
	mock_open(&options);
	make_session();
	caller = caller_open(mock.base, mockd_port(mock.mockd), tls ? context : NULL);
}

static void reconnect(void)
{
	bool tls = caller->ssl != NULL;
	caller_close(caller);
	caller = caller_open(mock.base, mockd_port(mock.mockd), tls ? context : NULL);
}

static int close_world(void **state)
{
	caller_close(caller);
	caller = NULL;
	return mock_close(state);
}

static uint64_t add_with(const char *text, const char *body)
{
	uint64_t number = mockd_fault_add_text(mock.mockd, text, body, body != NULL ? strlen(body) : 0);
	if (number == 0)
		fail_msg("refused: %s", text);
	return number;
}

static void ask(const char *method, const char *path)
{
	char request[512];
	snprintf(request, sizeof request,
		"%s %s HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " MOCKD_TOKEN "\r\ncontent-length: 0\r\n\r\n",
		method, path);
	caller_say(caller, request);
}

/* Opens the stream behind the stage row. */
static void ask_stream(void)
{
	char path[128];
	snprintf(path, sizeof path, "/sessions/%s/stream?since=9001", session);
	ask("GET", path);
}

static void assert_heard(const char *text)
{
	assert_string_equal(caller_take_all(caller), text);
}

/* The stream's head and `start` chunk, then that, and then the connection ends so. */
static void assert_stream_breaks(const char *rest, enum caller_state how)
{
	char expected[2048];
	snprintf(expected, sizeof expected, HEAD "%s%s", start, rest);
	caller_until_down(caller);
	assert_heard(expected);
	assert_int_equal(caller->state, how);
}

/* ---- bodies that stop ---- */

static void streams_are_cut_anywhere(void **state)
{
	static const struct {
		const char *fault;
		const char *rest; /* behind the chunk of `start` */
		enum caller_state how;
	} cases[] = {
		/* 104 is the length of `start`. */
		{"moment=byte at=109 action=cut", "5\r\ndata:\r\n", CALLER_FIN},
		{"moment=byte at=109 action=cut mid_frame=1", "35\r\ndata:", CALLER_FIN},
		{"moment=byte at=104 action=close", "", CALLER_FIN},
		{"moment=event at=2 action=close", TURN, CALLER_FIN},
		{"moment=event at=2 action=cut mid_frame=1", TURN "64\r\n: torn", CALLER_FIN},
		{"moment=id at=1 action=cut", TURN ID, CALLER_FIN},
		{"moment=turn at=1 action=cut", TURN, CALLER_FIN},
		{"moment=row at=9002 action=cut", TURN ID ONE, CALLER_FIN},
		{"moment=byte at=107 action=abort", "3\r\ndat\r\n", CALLER_RST},
		{"moment=id at=1 action=reset code=2", TURN ID, CALLER_RST},
	};
	(void)state;
	open_world(false);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t number = add_with(cases[i].fault, NULL);
		ask_stream();
		assert_stream_breaks(cases[i].rest, cases[i].how);
		assert_int_equal(mockd_fault_struck(mock.mockd, number), 1);
		reconnect();
	}
}

/* All is there but the end: the last chunk is missing, in three ways. */
static void the_last_chunk_is_missing(void **state)
{
	static const struct {
		const char *fault;
		enum caller_state how;
	} cases[] = {{"moment=end action=close", CALLER_FIN}, {"moment=end action=cut", CALLER_FIN},
		{"moment=end action=abort", CALLER_RST}};
	(void)state;
	open_world(false);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		add_with(cases[i].fault, NULL);
		ask_stream();
		caller_until(caller, "one");
		mockd_advance(mock.mockd, 500);
		assert_stream_breaks(TURN ID ONE ID EXIT, cases[i].how);
		reconnect();
	}
	/* Or it comes late, with something before it. */
	add_with("moment=end action=delay ms=9000", NULL);
	add_with("moment=end action=insert", ": late\n\n");
	ask_stream();
	caller_until(caller, "one");
	mockd_advance(mock.mockd, 500);
	caller_take(caller, EXIT);
	mockd_advance(mock.mockd, 8999);
	caller_turn(caller);
	assert_int_equal(caller->len, caller->taken);
	mockd_advance(mock.mockd, 1);
	assert_string_equal(caller_take(caller, END), "8\r\n: late\n\n\r\n" END);
}

/* In order, but without what was to come: the connection is good for more. */
static void bodies_end_early(void **state)
{
	(void)state;
	open_world(false);
	add_with("moment=id at=1 action=end", NULL);
	ask_stream();
	char expected[1024];
	snprintf(expected, sizeof expected, HEAD "%s" TURN ID END, start);
	assert_string_equal(caller_take(caller, END), expected);
	ask("GET", "/health");
	assert_int_equal(strncmp(caller_take(caller, "}}"), "HTTP/1.1 200 OK\r\n", 17), 0);
	/* A body with a length that is not met takes the connection with it. */
	add_with("moment=byte at=9 action=end path=/health", NULL);
	ask("GET", "/health");
	caller_until_down(caller);
	assert_heard("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 56\r\n\r\n{\"status\"");
	assert_int_equal(caller->state, CALLER_FIN);
	/* And so does one that is exceeded. */
	reconnect();
	add_with("moment=end action=insert path=/health", "and more");
	ask("GET", "/health");
	caller_until_down(caller);
	assert_non_null(strstr(caller->heard, "}}and more"));
	assert_int_equal(caller->state, CALLER_FIN);
}

static void a_deleted_session_has_no_last_chunk(void **state)
{
	char fault[128];
	(void)state;
	open_world(false);
	snprintf(fault, sizeof fault, "moment=event at=1 action=delete session=%s", session);
	add_with(fault, NULL);
	add_with("moment=event at=1 action=delay ms=10", NULL);
	ask_stream();
	caller_until(caller, "start");
	mockd_advance(mock.mockd, 10);
	assert_stream_breaks("", CALLER_FIN);
}

/* Neither a length nor chunks: only the connection tells the end. */
static void bodies_last_until_the_close(void **state)
{
	(void)state;
	open_world(false);
	add_with("moment=answer action=until-close path=/health", NULL);
	ask("GET", "/health");
	caller_until_down(caller);
	assert_heard("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
		     "{\"status\": \"ok\", \"checks\": {\"db\": \"ok\", \"crypto\": \"ok\"}}");
	reconnect();
	add_with("moment=answer action=until-close", NULL);
	ask_stream();
	caller_until(caller, "one");
	mockd_advance(mock.mockd, 500);
	caller_until_down(caller);
	const char *all = caller_take_all(caller);
	assert_null(strstr(all, "chunked"));
	assert_non_null(strstr(all, "\n\nid: 9002\ndata: {\"type\": \"output\""));
	assert_int_equal(strcmp(strstr(all, "\"code\""), "\"code\": 0}\n\n"), 0);
}

/* ---- how connections end ---- */

/* Only `close` says goodbye; whoever takes the others for an end can be lied to by anybody on the path. */
static void tls_connections_end_in_three_ways(void **state)
{
	static const struct {
		const char *fault;
		enum caller_state how;
	} cases[] = {{"moment=end action=close", CALLER_NOTIFY}, {"moment=end action=cut", CALLER_FIN},
		{"moment=end action=abort", CALLER_RST}, {"moment=id at=1 action=close", CALLER_NOTIFY},
		{"moment=id at=1 action=cut", CALLER_FIN}, {"moment=id at=1 action=cut mid_frame=1", CALLER_FIN}};
	(void)state;
	open_world(true);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int until_close = 0; until_close < 2; until_close++) {
			add_with(cases[i].fault, NULL);
			if (until_close)
				add_with("moment=answer action=until-close", NULL);
			ask_stream();
			caller_until(caller, "9002");
			mockd_advance(mock.mockd, 500);
			caller_until_down(caller);
			assert_int_equal(caller->state, cases[i].how);
			assert_null(strstr(caller->heard, END));
			mockd_fault_clear(mock.mockd);
			reconnect();
		}
	}
	/* Without a fault the body that ends with the connection ends well. */
	add_with("moment=answer action=until-close", NULL);
	ask_stream();
	caller_until(caller, "9002");
	mockd_advance(mock.mockd, 500);
	caller_until_down(caller);
	assert_int_equal(caller->state, CALLER_NOTIFY);
}

static void answers_do_not_come(void **state)
{
	static const struct {
		const char *fault;
		const char *heard;
		enum caller_state how;
	} cases[] = {
		{"action=close", "", CALLER_FIN},
		{"action=cut", "", CALLER_FIN},
		{"action=abort", "", CALLER_RST},
		{"action=refuse", "", CALLER_FIN},
		{"action=reset code=2", "", CALLER_RST},
		{"action=goaway refuse=1", "", CALLER_FIN},
		{"action=cut mid_frame=1", "HTTP/1.1 2", CALLER_FIN},
		{"moment=answer action=cut", "", CALLER_FIN},
		{"moment=answer action=refuse", "", CALLER_FIN},
	};
	(void)state;
	open_world(false);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		add_with(cases[i].fault, NULL);
		ask("GET", "/health");
		caller_until_down(caller);
		assert_heard(cases[i].heard);
		assert_int_equal(caller->state, cases[i].how);
		reconnect();
	}
}

/* What HTTP/2 says with GOAWAY is `connection: close` here, or a close behind an answer that has begun. */
static void goaway_is_a_last_answer(void **state)
{
	(void)state;
	open_world(false);
	add_with("action=goaway", NULL);
	ask("GET", "/events/none");
	caller_until_down(caller);
	assert_heard("HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\ncontent-length: 21\r\n"
		     "connection: close\r\n\r\nno such event stream\n");
	reconnect();
	add_with("moment=event at=1 action=goaway", NULL);
	ask_stream();
	caller_until(caller, "one");
	mockd_advance(mock.mockd, 500);
	assert_stream_breaks(TURN ID ONE ID EXIT END, CALLER_FIN);
	/* And of one that has no exchange: it is closed. */
	reconnect();
	ask("GET", "/health");
	caller_take(caller, "}}");
	add_with("moment=now action=goaway times=0", NULL);
	caller_until_down(caller);
	assert_int_equal(caller->state, CALLER_FIN);
	assert_int_equal(caller->len, caller->taken);
}

static void nothing_more_is_said(void **state)
{
	static const char *const faults[] = {
		"moment=event at=1 action=stall", "moment=event at=1 action=freeze", "moment=answer action=stall"};
	(void)state;
	open_world(false);
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		uint64_t number = add_with(faults[i], NULL);
		ask_stream();
		while (mockd_fault_struck(mock.mockd, number) == 0)
			caller_turn(caller);
		mockd_advance(mock.mockd, 60000);
		for (int turn = 0; turn < 10; turn++)
			caller_turn(caller);
		assert_int_equal(caller->state, CALLER_UP);
		assert_null(strstr(caller->heard, "one"));
		assert_null(strstr(caller->heard, "heartbeat"));
		reconnect();
	}
}

/* ---- other answers ---- */

static void other_answers_are_given(void **state)
{
	(void)state;
	open_world(false);
	add_with("action=status status=503 content_type=text/html", "<h1>later</h1>");
	ask("GET", "/health");
	assert_string_equal(caller_take(caller, "</h1>"),
		OTHER "content-type: text/html\r\ncontent-length: 14\r\n\r\n<h1>later</h1>");
	struct mockd_fault fault;
	mockd_fault_init(&fault, MOCKD_AT_ANSWER, MOCKD_DO_STATUS);
	fault.status = 429;
	fault.field = "retry-after: 7";
	assert_true(mockd_fault_add(mock.mockd, &fault) > 0);
	ask("POST", "/agents");
	assert_string_equal(caller_take(caller, "\r\n\r\n"),
		"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nretry-after: 7\r\n\r\n");
	add_with("moment=answer action=type content_type=text/plain", NULL);
	ask("GET", "/health");
	assert_non_null(strstr(caller_take(caller, "}}"), "\r\ncontent-type: text/plain\r\n"));
	add_with("action=status status=204", NULL);
	ask("GET", "/health");
	assert_string_equal(caller_take(caller, "\r\n\r\n"), "HTTP/1.1 204 No Content\r\n\r\n");
	/* A head of more than fits into one write. */
	add_with("moment=answer action=flood size=1000000", NULL);
	ask("GET", "/health");
	const char *head = caller_take(caller, "}}");
	assert_true(strlen(head) > 1000000);
	assert_non_null(strstr(head, "\r\nx-flood-999: x"));
}

static void headers_come_slowly(void **state)
{
	(void)state;
	open_world(false);
	add_with("moment=answer action=delay ms=3000", NULL);
	ask("GET", "/health");
	struct mockd_stats stats;
	do {
		caller_turn(caller);
		mockd_get_stats(mock.mockd, &stats);
	} while (stats.requests == 0);
	mockd_advance(mock.mockd, 2999);
	caller_turn(caller);
	assert_int_equal(caller->len, 0);
	mockd_advance(mock.mockd, 1);
	caller_take(caller, "}}");
}

static void garbage_comes_between_chunks(void **state)
{
	char expected[1024];
	(void)state;
	open_world(false);
	add_with("moment=id at=1 action=garbage", "\1\2zz\r\n");
	ask_stream();
	snprintf(expected, sizeof expected, HEAD "%s" TURN ID "\1\2zz\r\n" ONE, start);
	assert_string_equal(caller_take(caller, ONE), expected);
}

static void chunks_are_split_and_merged(void **state)
{
	(void)state;
	open_world(false);
	add_with("moment=byte at=104 action=split size=2", NULL);
	ask_stream();
	const char *heard = strstr(caller_take(caller, "\r\nta\r\n2\r\n: \r\n"), "}\n\n\r\n");
	assert_string_equal(heard + 5, "2\r\nda\r\n2\r\nta\r\n2\r\n: \r\n");
	reconnect();
	mockd_fault_clear(mock.mockd);
	add_with("moment=event at=1 action=merge", NULL);
	ask_stream();
	/* 0x68 + 0x35 + 9 + 0x54 bytes */
	assert_string_equal(
		caller_take(caller, "\r\nfa\r\ndata: {\"type\": \"start\""), HEAD "fa\r\ndata: {\"type\": \"start\"");
	caller_take(caller, "\"one\", \"turn\": 1}\n\n\r\n");
	assert_int_equal(caller->len, caller->taken);
}

static void random_cuts_break_every_way(void **state)
{
	size_t ends[4] = {0};
	size_t torn = 0;
	(void)state;
	open_world(false);
	mockd_random_cuts(mock.mockd, 600, 70);
	for (int i = 0; i < 60; i++) {
		ask_stream();
		while (caller_turn(caller), caller->state == CALLER_UP && strstr(caller->heard, END) == NULL)
			mockd_advance(mock.mockd, 20);
		ends[caller->state]++;
		torn += strstr(caller->heard, ": torn") != NULL;
		reconnect();
	}
	assert_true(ends[CALLER_FIN] > 0 && ends[CALLER_RST] > 0 && ends[CALLER_UP] > 0 && torn > 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(streams_are_cut_anywhere),
		TEST(the_last_chunk_is_missing),
		TEST(bodies_end_early),
		TEST(a_deleted_session_has_no_last_chunk),
		TEST(bodies_last_until_the_close),
		TEST(tls_connections_end_in_three_ways),
		TEST(answers_do_not_come),
		TEST(goaway_is_a_last_answer),
		TEST(nothing_more_is_said),
		TEST(other_answers_are_given),
		TEST(headers_come_slowly),
		TEST(garbage_comes_between_chunks),
		TEST(chunks_are_split_and_merged),
		TEST(random_cuts_break_every_way),
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
