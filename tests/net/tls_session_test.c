/*
 * TLS sessions at work: large bodies both ways, what may come between records (tickets, key updates), and every way in
 * which a session ends early. What was complete when it ended has been shown; nothing is shown twice or made up.
 */
#include "support/client.h"
#include "support/files.h"
#include "support/peer.h"
#include "support/test.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static struct cert authority;
static struct cert cert;
static struct test_folder folder;
static struct golden golden;

static int set_up(void **state)
{
	(void)state;
	test_folder_make(&folder);
	cert_make(&authority, NULL, &(struct cert_wish){.authority = true});
	cert_make(&cert, &authority, &(struct cert_wish){0});
	cert_write(&authority, test_folder_file(&folder, "authority.pem"));
	golden_make(&golden, 7, (size_t)8 * 1024 * 1024);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	golden_clear(&golden);
	cert_clear(&authority);
	cert_clear(&cert);
	test_folder_remove(&folder);
	return 0;
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* One peer and one client of it. */
struct session {
	struct peer *peer;
	struct client client;
	freshet_endpoint *endpoint;
};

static void session_start(struct session *s, peer_script *script, void *user, int version, uint32_t max_attempts)
{
	char url[128];
	freshet_endpoint_options o;
	s->peer = peer_start(script, user, &(struct peer_tls){.cert = &cert, .max_version = version});
	client_start(&s->client, NULL);
	client_endpoint_options(&o,
		&(struct client_url){
			"https", "localhost", peer_port(s->peer), test_folder_file(&folder, "authority.pem")},
		url);
	o.stream.max_attempts = max_attempts;
	o.stream.backoff_min_ms = 1;
	assert_int_equal(freshet_endpoint_new(s->client.reactor, &o, &s->endpoint), FRESHET_OK);
}

static void session_end(struct session *s)
{
	client_stop(&s->client);
	peer_stop(s->peer);
}

static void assert_saw(const struct follower *f, const struct tally *expected)
{
	assert_int_equal(f->seen.events, expected->events);
	assert_true(f->seen.hash == expected->hash);
	assert_int_equal(f->dones, 1);
}

/* The whole stored stream for every request. What is done between its halves is the user's. */
struct between {
	bool (*act)(struct peer_conn *c);
};

static void serve_golden(struct peer_conn *c, void *user)
{
	const struct between *between = user;
	peer_greet(c);
	for (uint32_t id = peer_request(c); id != 0; id = peer_request(c)) {
		peer_answer(c, id, 200, peer_event_stream);
		peer_body(c, id, golden.text, golden.half);
		if (between->act != NULL && !between->act(c))
			return;
		peer_body(c, id, golden.text + golden.half, golden.len - golden.half);
		peer_end(c, id);
	}
}

/* One stream after the other on the same connection, so that both sides write after what came between. */
static void follows_golden(const struct between *between, int version)
{
	struct session s;
	struct follower f = {0};
	struct between copy = *between;
	session_start(&s, serve_golden, &copy, version, 1);
	for (int i = 0; i < 2; i++) {
		client_follow(&s.client, s.endpoint, "/", &f);
		client_run(&s.client, NULL, NULL);
		assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_OK");
		assert_saw(&f, &golden.whole);
	}
	assert_int_equal(peer_seen(s.peer).connections, 1);
	session_end(&s);
}

static void large_stream(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		follows_golden(&(struct between){NULL}, versions[i]);
}

static bool send_tickets(struct peer_conn *c)
{
	for (int i = 0; i < 4; i++)
		if (SSL_new_session_ticket(peer_ssl(c)) != 1)
			return false;
	return true;
}

static void tickets_in_between(void **state)
{
	(void)state;
	follows_golden(&(struct between){send_tickets}, TLS1_3_VERSION);
}

/* The client must answer with an update of its own; its next request is readable only with the new key. */
static bool update_keys(struct peer_conn *c)
{
	return SSL_key_update(peer_ssl(c), SSL_KEY_UPDATE_REQUESTED) == 1;
}

static void key_updates(void **state)
{
	(void)state;
	follows_golden(&(struct between){update_keys}, TLS1_3_VERSION);
}

/* An answer of 12 MiB to a request, which one buffer must hold. */
static void serve_large_answer(struct peer_conn *c, void *user)
{
	static const struct peer_field fields[] = {{"content-type", "text/plain"}, {NULL, NULL}};
	size_t *sent = user;
	peer_greet(c);
	uint32_t id = peer_request(c);
	peer_answer(c, id, 200, fields);
	for (*sent = 0; *sent < (size_t)12 * 1024 * 1024; *sent += golden.half)
		if (!peer_body(c, id, golden.text, golden.half))
			return;
	peer_end(c, id);
	peer_listen(c);
}

static void large_answer(void **state)
{
	struct session s;
	struct reply reply;
	size_t sent = 0;
	(void)state;
	session_start(&s, serve_large_answer, &sent, TLS1_3_VERSION, 1);
	client_get(&s.client, s.endpoint, "/", &reply);
	client_run(&s.client, NULL, NULL);
	assert_string_equal(freshet_err_name(reply.outcome.outcome.err), "FRESHET_OK");
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.body_len, sent);
	session_end(&s);
}

/* Takes a body of any size with a small window and answers with its length and the sum of its bytes. */
struct upload {
	size_t len;
	uint64_t sum;
};

static void take_upload(struct peer_conn *c, void *user)
{
	struct upload *u = user;
	uint8_t payload[16 * 1024];
	size_t len;
	peer_greet(c);
	uint32_t id = peer_request(c);
	do {
		if (!peer_expect(c, PEER_DATA, payload, &len))
			return;
		for (size_t i = 0; i < len; i++)
			u->sum += (uint64_t)payload[i] * ++u->len;
		peer_credit(c, 0, len);
		peer_credit(c, id, len);
	} while (u->len < golden.len);
	peer_answer(c, id, 201, peer_event_stream);
	peer_end(c, id);
	peer_listen(c);
}

static void large_upload(void **state)
{
	struct session s;
	struct reply reply;
	struct upload upload = {0};
	freshet_request_options o;
	uint64_t sum = 0;
	(void)state;
	session_start(&s, take_upload, &upload, TLS1_3_VERSION, 1);
	freshet_request_options_init(&o);
	o.method = "POST";
	o.path = "/";
	o.body = (freshet_str){golden.text, golden.len};
	client_send(&s.client, s.endpoint, &o, &reply);
	client_run(&s.client, NULL, NULL);
	session_end(&s);
	for (size_t i = 0; i < golden.len; i++)
		sum += (uint64_t)(uint8_t)golden.text[i] * (i + 1);
	assert_int_equal(reply.status, 201);
	assert_int_equal(upload.len, golden.len);
	assert_true(upload.sum == sum);
}

/* Endings: half of the stream arrives whole, and then the session ends in some way. */
static bool end_with_close_notify(struct peer_conn *c)
{
	SSL_shutdown(peer_ssl(c));
	return false;
}

static bool end_without_a_word(struct peer_conn *c)
{
	(void)c;
	return false;
}

static bool raw(struct peer_conn *c, const char *bytes, size_t len)
{
	return send(peer_fd(c), bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* The header of a record of 1 KiB, and less than that of it. */
static bool end_inside_a_record(struct peer_conn *c)
{
	char record[305] = {0x17, 3, 3, 4, 0};
	raw(c, record, sizeof record);
	return false;
}

/* A record that nobody encrypted, in one segment with good ones before it. */
static bool end_with_a_forged_record(struct peer_conn *c)
{
	int on = 1, off = 0;
	char record[69] = {0x17, 3, 3, 0, 64};
	static const char more[] = ": one more record\n";
	setsockopt(peer_fd(c), IPPROTO_TCP, TCP_CORK, &on, sizeof on);
	peer_body(c, 1, more, sizeof more - 1);
	raw(c, record, sizeof record);
	setsockopt(peer_fd(c), IPPROTO_TCP, TCP_CORK, &off, sizeof off);
	return false;
}

static bool end_with_a_fatal_alert(struct peer_conn *c)
{
	static const char plain_alert[] = {0x15, 3, 3, 0, 2, 2, 80};
	return raw(c, plain_alert, sizeof plain_alert) && false;
}

static bool end_with_garbage(struct peer_conn *c)
{
	static const char garbage[] = "HTTP/1.1 500 Oops\r\n\r\n";
	return raw(c, garbage, sizeof garbage - 1) && false;
}

struct ending_case {
	bool (*act)(struct peer_conn *c);
	freshet_err err;
	const char *words;
};

static const struct ending_case endings[] = {
	{end_with_close_notify, FRESHET_ECLOSED, "closed the TLS session"},
	{end_without_a_word, FRESHET_ECLOSED, "the connection was closed"},
	{end_inside_a_record, FRESHET_ECLOSED, "the connection was closed"},
	{end_with_a_forged_record, FRESHET_ETLS, "bad record mac"},
	{end_with_a_fatal_alert, FRESHET_ETLS, "TLS failed: "},
	{end_with_garbage, FRESHET_ETLS, "wrong version number"},
};

static void early_endings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		for (size_t v = 0; v < 2; v++) {
			struct session s;
			struct follower f = {0};
			struct between between = {endings[i].act};
			session_start(&s, serve_golden, &between, versions[v], 1);
			client_follow(&s.client, s.endpoint, "/", &f);
			client_run(&s.client, NULL, NULL);
			session_end(&s);
			assert_string_equal(freshet_err_name(f.end.outcome.err), freshet_err_name(endings[i].err));
			if (strstr(f.end.text, endings[i].words) == NULL)
				fail_msg("\"%s\" does not say \"%s\"", f.end.text, endings[i].words);
			assert_saw(&f, &golden.first);
			assert_false(f.end.outcome.unprocessed);
		}
}

/* Each connection sends what the last one did not, by the id that the client names; every session ends in another way. */
static void serve_in_parts(struct peer_conn *c, void *user)
{
	unsigned *part = user;
	char event[64];
	peer_greet(c);
	uint32_t id = peer_request(c);
	peer_answer(c, id, 200, peer_event_stream);
	for (unsigned i = 0; i < 10; i++) {
		snprintf(event, sizeof event, "id: %u\ndata: event %u\n\n", *part * 10 + i, *part * 10 + i);
		peer_text(c, id, event);
	}
	peer_text(c, id, "id: 999\ndata: cut off");
	if ((*part)++ < sizeof endings / sizeof endings[0])
		endings[*part - 1].act(c);
	else
		peer_end(c, id);
}

static void resumes_after_every_ending(void **state)
{
	struct session s;
	struct follower f = {0};
	struct tally expected = {0};
	char id[16], data[32];
	unsigned part = 0, parts = sizeof endings / sizeof endings[0] + 1;
	(void)state;
	session_start(&s, serve_in_parts, &part, TLS1_3_VERSION, 3);
	client_follow(&s.client, s.endpoint, "/", &f);
	client_run(&s.client, NULL, NULL);
	session_end(&s);
	for (unsigned i = 0; i < parts * 10; i++) {
		snprintf(id, sizeof id, "%u", i);
		snprintf(data, sizeof data, "event %u", i);
		tally_add(&expected, freshet_str_of(id), freshet_str_of("message"), freshet_str_of(data));
	}
	assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_OK");
	assert_saw(&f, &expected);
	assert_int_equal(f.reconnects, parts - 1);
	assert_int_equal(f.cuts, parts - 1);
	snprintf(id, sizeof id, "%u", parts * 10 - 1);
	assert_string_equal(f.last_id, id);
}

/* The first connections are cut, each behind an event; the one after them ends as it should. */
static void serve_cuts(struct peer_conn *c, void *user)
{
	unsigned *left = user;
	peer_greet(c);
	uint32_t id = peer_request(c);
	peer_answer(c, id, 200, peer_event_stream);
	peer_text(c, id, "data: x\n\n");
	if (*left == 0)
		peer_end(c, id);
	else
		--*left;
}

/* Whoever comes back after a cut needs no whole handshake: the session goes on, though nobody closed it. */
static void a_cut_keeps_the_session(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct session s;
		struct follower f = {0};
		unsigned left = 4;
		session_start(&s, serve_cuts, &left, versions[v], 3);
		client_follow(&s.client, s.endpoint, "/", &f);
		client_run(&s.client, NULL, NULL);
		struct peer_seen seen = peer_seen(s.peer);
		session_end(&s);
		assert_string_equal(freshet_err_name(f.end.outcome.err), "FRESHET_OK");
		assert_int_equal(f.cuts, 4);
		assert_int_equal(f.seen.events, 5);
		assert_int_equal(seen.handshakes, 5);
		assert_int_equal(seen.resumed, 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_stream),
		cmocka_unit_test(tickets_in_between),
		cmocka_unit_test(key_updates),
		cmocka_unit_test(large_answer),
		cmocka_unit_test(large_upload),
		cmocka_unit_test(early_endings),
		cmocka_unit_test(resumes_after_every_ending),
		cmocka_unit_test(a_cut_keeps_the_session),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
