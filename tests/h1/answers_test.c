/*
 * What a server may answer, and what it may not: tables, each line of them whole and at every cut, with the same queue
 * whatever the cuts.
 */
#include "support/failmem.h"
#include "support/h1run.h"
#include "support/test.h"

/* What becomes of the connection. */
enum fate {
	KEPT,    /* takes the next request */
	DRAINS,  /* must not be used again */
	WAITS,   /* the answer is not complete */
	REFUSED, /* the peer broke the protocol */
};

struct exchange_case {
	const char *method;
	const char *answer;
	const char *trace;
	enum fate fate;
};

#define OK     "HTTP/1.1 200 OK\r\n"
#define BROKEN "failed FRESHET_EHTTP_PROTOCOL\n"

/* How long a body is (RFC 9112, section 6.3). */
static const struct exchange_case framing[] = {
	{"GET", OK "Content-Length: 5\r\n\r\nhello", "1 answer 200 content-length=5\n1 data hello\n1 end\n", KEPT},
	{"GET", OK "Content-Length: 0\r\n\r\n", "1 answer 200 content-length=0\n1 end\n", KEPT},
	{"GET", OK "Content-Length: 5\r\n\r\nhell", "1 answer 200 content-length=5\n1 data hell\n", WAITS},
	{"GET", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
		"1 answer 200 transfer-encoding=chunked\n1 data hello world\n1 end\n", KEPT},
	{"GET", OK "TRANSFER-ENCODING: \t Chunked  \r\n\r\n00a;x=\"y\";z\r\n0123456789\r\n0\r\n\r\n",
		"1 answer 200 transfer-encoding=Chunked\n1 data 0123456789\n1 end\n", KEPT},
	{"GET", OK "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "1 answer 200 transfer-encoding=chunked\n1 end\n",
		KEPT},
	{"GET", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
		"1 answer 200 transfer-encoding=chunked\n1 data hello\n", WAITS},
	{"GET", OK "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nTrailer-One: 1\r\nX: y\r\n\r\n",
		"1 answer 200 transfer-encoding=chunked\n1 data x\n1 end\n", KEPT},
	/* Trailers that pretend to be framing change nothing for the next answer. */
	{"GET", OK "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nContent-Length: 7\r\n\r\n",
		"1 answer 200 transfer-encoding=chunked\n1 data x\n1 end\n", KEPT},
	{"GET", OK "\r\nto the end", "1 answer 200\n1 data to the end\n", WAITS},
	{"GET", "HTTP/1.1 204 No Content\r\n\r\n", "1 answer 204\n1 end\n", KEPT},
	{"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", "1 answer 304 content-length=100\n1 end\n",
		KEPT},
	{"GET", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
		"1 answer 204 transfer-encoding=chunked\n1 end\n", KEPT},
	{"HEAD", OK "Content-Length: 5\r\n\r\n", "1 answer 200 content-length=5\n1 end\n", KEPT},
	{"HEAD", OK "Transfer-Encoding: chunked\r\n\r\n", "1 answer 200 transfer-encoding=chunked\n1 end\n", KEPT},
	{"HEAD", OK "\r\n", "1 answer 200\n1 end\n", KEPT},
	{"POST", "HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\n1",
		"1 answer 201 content-length=1\n1 data 1\n1 end\n", KEPT},
};

/* Whether the connection may be used again (RFC 9112, section 9.3). */
static const struct exchange_case persistence[] = {
	{"GET", OK "Connection: close\r\nContent-Length: 1\r\n\r\nx",
		"1 answer 200 connection=close content-length=1\n1 data x\n1 end\n", DRAINS},
	{"GET", OK "Connection: Keep-Alive, CLOSE\r\nContent-Length: 0\r\n\r\n",
		"1 answer 200 connection=Keep-Alive, CLOSE content-length=0\n1 end\n", DRAINS},
	{"GET", OK "Connection: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		"1 answer 200 connection=x connection=close content-length=0\n1 end\n", DRAINS},
	{"GET", OK "Connection: closed, x-close\r\nContent-Length: 0\r\n\r\n",
		"1 answer 200 connection=closed, x-close content-length=0\n1 end\n", KEPT},
	{"HEAD", OK "Connection: close\r\n\r\n", "1 answer 200 connection=close\n1 end\n", DRAINS},
	{"GET", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "1 answer 200 content-length=1\n1 data x\n1 end\n",
		DRAINS},
	{"GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
		"1 answer 200 connection=keep-alive content-length=0\n1 end\n", KEPT},
	{"GET", "HTTP/1.0 200 OK\r\nConnection: close, keep-alive\r\nContent-Length: 0\r\n\r\n",
		"1 answer 200 connection=close, keep-alive content-length=0\n1 end\n", DRAINS},
	/* Section 6.1: an HTTP/1.0 peer that claims a transfer coding. */
	{"GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"1 answer 200 connection=keep-alive transfer-encoding=chunked\n1 end\n", DRAINS},
	{"GET", OK "Transfer-Encoding: chunked\r\n\r\n0\r\nConnection: close\r\n\r\n",
		"1 answer 200 transfer-encoding=chunked\n1 end\n", DRAINS},
};

/* Answers before the answer (RFC 9110, section 15.2). */
static const struct exchange_case interim[] = {
	{"GET",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" OK
		"Content-Length: 0\r\n\r\n",
		"1 answer 200 content-length=0\n1 end\n", KEPT},
	{"GET", "HTTP/1.1 102 Processing\r\nContent-Length: 5\r\n\r\n" OK "Content-Length: 1\r\n\r\nx",
		"1 answer 200 content-length=1\n1 data x\n1 end\n", KEPT},
	{"GET", "HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n" OK "Content-Length: 1\r\n\r\nx",
		"1 answer 200 content-length=1\n1 data x\n1 end\n", KEPT},
	{"GET", "HTTP/1.0 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\nx",
		"1 answer 200 content-length=1\n1 data x\n1 end\n", KEPT},
	{"HEAD", "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 9\r\n\r\n",
		"1 answer 200 content-length=9\n1 end\n", KEPT},
	{"GET", "HTTP/1.1 100 Continue\r\n\r\n", "", WAITS},
	{"GET", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", BROKEN,
		REFUSED},
	{"GET", "HTTP/1.1 101 Switching Protocols\r\n\r\n", BROKEN, REFUSED},
	/* Announced, not done: nothing to care about. */
	{"GET", OK "Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nx",
		"1 answer 200 connection=upgrade upgrade=h2c content-length=1\n1 data x\n1 end\n", KEPT},
};

/* Fields as they come. */
static const struct exchange_case fields[] = {
	{"GET", OK "X-Empty:\r\nX-Blank: \t \r\nX-Value: \t a b \t\r\nContent-Length: 0\r\n\r\n",
		"1 answer 200 x-empty= x-blank= x-value=a b content-length=0\n1 end\n", KEPT},
	/* Section 5.2: a folded line. */
	{"GET", OK "X-Folded: one\r\n two\r\n  three\r\nContent-Length: 0\r\n\r\n",
		"1 answer 200 x-folded=one two  three content-length=0\n1 end\n", KEPT},
	{"GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "1 answer 200 content-length=0\n1 end\n", KEPT},
	{"GET", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "1 answer 200 content-length=0\n1 end\n", KEPT},
	{"GET", "HTTP/1.1 299 Gr\xc3\xbc\xc3\x9f Gott: 7\r\nX: \xc3\xa9\r\nContent-Length: 0\r\n\r\n",
		"1 answer 299 x=\xc3\xa9 content-length=0\n1 end\n", KEPT},
	{"GET", "HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n", "1 answer 999 content-length=0\n1 end\n", KEPT},
	{"GET", OK "A!#$%&'*+-.^_`|~9: x\r\nContent-Length: 0\r\n\r\n",
		"1 answer 200 a!#$%&'*+-.^_`|~9=x content-length=0\n1 end\n", KEPT},
};

/* What could be read in two ways is not read at all. */
static const struct exchange_case refused[] = {
	{"GET", "HTTP/2.0 200 OK\r\n\r\n", BROKEN, REFUSED},
	{"GET", "HTTP/0.9 200 OK\r\n\r\n", BROKEN, REFUSED},
	{"GET", "HTTP/1.2 200 OK\r\n\r\n", BROKEN, REFUSED},
	{"GET", "HTTP/11 200 OK\r\n\r\n", BROKEN, REFUSED},
	{"GET", "http/1.1 200 OK\r\n\r\n", BROKEN, REFUSED},
	{"GET", "HTTP/1.1 20 OK\r\n\r\n", BROKEN, REFUSED},
	{"GET", "HTTP/1.1  200 OK\r\n\r\n", BROKEN, REFUSED},
	{"GET", "HTTP/1.1 2000 OK\r\n\r\n", BROKEN, REFUSED},
	{"GET", "HTTP/1.1 OK\r\n\r\n", BROKEN, REFUSED},
	{"GET", "HTTP/1.1 200OK\r\n\r\n", BROKEN, REFUSED},
	{"GET", "ICY 200 OK\r\n\r\n", BROKEN, REFUSED},
	{"GET", "GET / HTTP/1.1\r\n\r\n", BROKEN, REFUSED},
	{"GET", "<html>", BROKEN, REFUSED},
	{"GET", "\x16\x03\x01", BROKEN, REFUSED},
	/* Two lengths, or a length beside chunks (section 6.3): whose is right, and whose are the bytes behind? */
	{"GET", OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Content-Length: 1, 2\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Content-Length: -1\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Content-Length: +1\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Content-Length: 0x1\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Content-Length: 1 1\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Content-Length:\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Content-Length: 18446744073709551616\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Content-Length: 1\r\n 0\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Transfer-Encoding: chunked, gzip\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Transfer-Encoding: chunked, chunked\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Transfer-Encoding: identity\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Transfer-Encoding:\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Transfer-Encoding: xchunked\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Transfer-Encoding: chunked\t\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Transfer-Encoding: chunked\r\n \r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Transfer-Encoding: \r\n chunked,\r\n\r\n", BROKEN, REFUSED},
	{"GET",
		OK "Transfer-Encoding: \x0b"
		   "chunked\r\n\r\n",
		BROKEN, REFUSED},
	/* Header lines. */
	{"GET", OK ": x\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Name : x\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK " Name: x\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Na me: x\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Name\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Name: a\rb\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Name: a\nOther: b\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Name: a\x01\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Name: a\x7f\r\n\r\n", BROKEN, REFUSED},
	{"GET", OK "Content-Length: 0\r\n\rX", BROKEN, REFUSED},
};

/* Chunks that are none. Only what is broken after the headers counts here. */
#define CHUNKED        OK "Transfer-Encoding: chunked\r\n\r\n"
#define CHUNKED_ANSWER "1 answer 200 transfer-encoding=chunked\n"
static const struct exchange_case chunks[] = {
	{"GET", CHUNKED "x\r\n", CHUNKED_ANSWER BROKEN, REFUSED},
	{"GET", CHUNKED "-1\r\n", CHUNKED_ANSWER BROKEN, REFUSED},
	{"GET", CHUNKED " 1\r\nx\r\n", CHUNKED_ANSWER BROKEN, REFUSED},
	{"GET", CHUNKED "0x1\r\nx\r\n", CHUNKED_ANSWER BROKEN, REFUSED},
	{"GET", CHUNKED "1\nx\r\n", CHUNKED_ANSWER BROKEN, REFUSED},
	{"GET", CHUNKED "1\rXx\r\n", CHUNKED_ANSWER BROKEN, REFUSED},
	{"GET", CHUNKED "1\r\nxy\r\n", CHUNKED_ANSWER "1 data x\n" BROKEN, REFUSED},
	{"GET", CHUNKED "1\r\nx\n0\r\n\r\n", CHUNKED_ANSWER "1 data x\n" BROKEN, REFUSED},
	{"GET", CHUNKED "1\r\nxab0\r\n\r\n", CHUNKED_ANSWER "1 data x\n" BROKEN, REFUSED},
	{"GET", CHUNKED "11111111111111111\r\n", CHUNKED_ANSWER BROKEN, REFUSED},
	{"GET", CHUNKED "1;a\x01\r\nx\r\n", CHUNKED_ANSWER BROKEN, REFUSED},
	{"GET", CHUNKED "1\r\nx\r\n0\r\nBad Trailer: x\r\n\r\n", CHUNKED_ANSWER "1 data x\n" BROKEN, REFUSED},
};

/* Bytes behind an answer answer nobody: its own was whole, but the connection cannot be trusted any more. */
static const struct exchange_case surplus[] = {
	{"GET", OK "Content-Length: 1\r\n\r\nxy", "1 answer 200 content-length=1\n1 data x\n1 end\n" BROKEN, REFUSED},
	{"GET", OK "Content-Length: 0\r\n\r\n" OK "Content-Length: 0\r\n\r\n",
		"1 answer 200 content-length=0\n1 end\n" BROKEN, REFUSED},
	{"GET", OK "Connection: close\r\nContent-Length: 0\r\n\r\nx",
		"1 answer 200 connection=close content-length=0\n1 end\n" BROKEN, REFUSED},
	{"HEAD", OK "Content-Length: 1\r\n\r\nx", "1 answer 200 content-length=1\n1 end\n" BROKEN, REFUSED},
	{"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\nx",
		"1 answer 204 content-length=1\n1 end\n" BROKEN, REFUSED},
	{"GET", "HTTP/1.1 304 Not Modified\r\n\r\n0\r\n\r\n", "1 answer 304\n1 end\n" BROKEN, REFUSED},
};

static void assert_fate(struct h1run *r, enum fate fate)
{
	assert_int_equal(r->err, fate == REFUSED ? FRESHET_EHTTP_PROTOCOL : FRESHET_OK);
	assert_int_equal(r->wire->draining, fate == DRAINS || fate == REFUSED);
	if (fate != WAITS)
		assert_int_equal(h1run_submit(r, "GET", NULL), fate == KEPT ? FRESHET_OK : FRESHET_EHTTP_GOAWAY);
}

/* Feeds the answer in pieces that end at the given cut and then every `step` bytes. */
static void run_cut(const struct exchange_case *c, size_t cut, size_t step)
{
	struct h1run r;
	size_t len = strlen(c->answer);
	assert_int_equal(h1run_init(&r, NULL), FRESHET_OK);
	assert_int_equal(h1run_submit(&r, c->method, NULL), FRESHET_OK);
	assert_non_null(h1run_sent(&r, SIZE_MAX));
	h1run_feed(&r, c->answer, cut);
	for (size_t at = cut; at < len; at += step)
		h1run_feed(&r, c->answer + at, at + step < len ? step : len - at);
	assert_string_equal(h1run_trace(&r), c->trace);
	assert_fate(&r, c->fate);
	h1run_clear(&r);
}

static void run_table(const struct exchange_case *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(table[i].answer);
		print_message("%s %.*s\n", table[i].method, (int)strcspn(table[i].answer, "\r"), table[i].answer);
		for (size_t cut = 0; cut <= len; cut++)
			run_cut(&table[i], cut, len);
		for (size_t step = 1; step < 8; step++)
			run_cut(&table[i], 0, step);
	}
}

#define TABLE_TEST(table)                                                                                              \
	static void table##_at_every_cut(void **state)                                                                 \
	{                                                                                                              \
		(void)state;                                                                                           \
		run_table(table, sizeof(table) / sizeof(table)[0]);                                                    \
	}

TABLE_TEST(framing)
TABLE_TEST(persistence)
TABLE_TEST(interim)
TABLE_TEST(fields)
TABLE_TEST(refused)
TABLE_TEST(chunks)
TABLE_TEST(surplus)

/* A peer that closes: what of it is an end, what a cut (RFC 9112, sections 8 and 9.8). */
struct close_case {
	const char *answer;
	bool clean;
	const char *trace;
	freshet_err loss;
};

static const struct close_case closes[] = {
	{"", true, "", FRESHET_OK},
	{"", false, "", FRESHET_OK},
	{"HTTP/1.1 200 OK\r\nContent-Le", true, "", FRESHET_OK},
	{"HTTP/1.1 100 Continue\r\n\r\n", true, "", FRESHET_OK},
	{OK "\r\n", true, "1 answer 200\n1 end\n", FRESHET_OK},
	{OK "\r\n", false, "1 answer 200\n", FRESHET_EHTTP_TRUNCATED},
	{OK "\r\nall", true, "1 answer 200\n1 data all\n1 end\n", FRESHET_OK},
	{OK "\r\nall", false, "1 answer 200\n1 data all\n", FRESHET_EHTTP_TRUNCATED},
	{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nall", true,
		"1 answer 200 connection=keep-alive\n1 data all\n1 end\n", FRESHET_OK},
	{OK "Content-Length: 2\r\n\r\nx", true, "1 answer 200 content-length=2\n1 data x\n", FRESHET_EHTTP_TRUNCATED},
	{OK "Content-Length: 2\r\n\r\nxy", false, "1 answer 200 content-length=2\n1 data xy\n1 end\n", FRESHET_OK},
	{CHUNKED, true, CHUNKED_ANSWER, FRESHET_EHTTP_TRUNCATED},
	{CHUNKED "5\r\nhel", true, CHUNKED_ANSWER "1 data hel\n", FRESHET_EHTTP_TRUNCATED},
	{CHUNKED "1\r\nx\r\n", true, CHUNKED_ANSWER "1 data x\n", FRESHET_EHTTP_TRUNCATED},
	{CHUNKED "1\r\nx\r\n0\r\n", true, CHUNKED_ANSWER "1 data x\n", FRESHET_EHTTP_TRUNCATED},
	{CHUNKED "1\r\nx\r\n0\r\nX: y\r\n", true, CHUNKED_ANSWER "1 data x\n", FRESHET_EHTTP_TRUNCATED},
	{CHUNKED "1\r\nx\r\n0\r\n\r\n", false, CHUNKED_ANSWER "1 data x\n1 end\n", FRESHET_OK},
};

static void a_peer_that_closes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof closes / sizeof closes[0]; i++) {
		struct h1run r;
		assert_int_equal(h1run_init(&r, NULL), FRESHET_OK);
		assert_int_equal(h1run_submit(&r, "GET", NULL), FRESHET_OK);
		assert_non_null(h1run_sent(&r, SIZE_MAX));
		h1run_feed(&r, closes[i].answer, strlen(closes[i].answer));
		h1run_close(&r, closes[i].clean);
		assert_string_equal(h1run_trace(&r), closes[i].trace);
		assert_string_equal(freshet_err_name(r.wire->loss.err), freshet_err_name(closes[i].loss));
		assert_true(r.wire->draining);
		h1run_clear(&r);
	}
}

/* Everything once: head and body out, interim answers, fields, chunks, trailers, a second exchange, a body to the end. */
static bool live(void)
{
	static const char *const pieces[] = {"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nX-One",
		": 1\r\nTransfer-Enc", "oding: chunked\r\n\r\n5\r\nhe", "llo\r\n0\r\nTrailer: x\r\n\r\n"};
	struct h1run r;
	bool ok = h1run_init(&r, NULL) == FRESHET_OK && h1run_submit(&r, "POST", "request body") == FRESHET_OK &&
		  h1run_sent(&r, 30) != NULL && h1run_sent(&r, SIZE_MAX) != NULL;
	for (size_t i = 0; i < 4 && ok; i++) {
		h1run_feed(&r, pieces[i], strlen(pieces[i]));
		ok = r.err == FRESHET_OK;
	}
	ok = ok && h1run_submit(&r, "GET", NULL) == FRESHET_OK && h1run_sent(&r, SIZE_MAX) != NULL;
	if (ok) {
		h1run_feed(&r, OK "\r\nrest", strlen(OK "\r\nrest"));
		ok = r.err == FRESHET_OK;
	}
	if (ok) {
		h1run_close(&r, true);
		ok = r.over;
		if (!ok)
			assert_int_equal(r.wire->loss.err, FRESHET_ENOMEM);
	}
	if (ok)
		assert_string_equal(h1run_trace(&r),
			"1 answer 200 x-one=1 transfer-encoding=chunked\n1 data hello\n1 end\n"
			"2 answer 200\n2 data rest\n2 end\n");
	else if (r.err != FRESHET_OK)
		assert_int_equal(r.err, FRESHET_ENOMEM);
	h1run_clear(&r);
	return ok;
}

static void without_memory(void **state)
{
	(void)state;
	failmem_arm(0);
	size_t before = failmem_live();
	size_t failures = 0;
	bool ok = false;
	for (size_t n = 1; !ok; n++) {
		failmem_arm(n);
		ok = live();
		assert_int_equal(ok, !failmem_fired());
		assert_int_equal(failmem_live(), before);
		failures += !ok;
	}
	failmem_off();
	assert_true(failures > 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(framing_at_every_cut),
		cmocka_unit_test(persistence_at_every_cut),
		cmocka_unit_test(interim_at_every_cut),
		cmocka_unit_test(fields_at_every_cut),
		cmocka_unit_test(refused_at_every_cut),
		cmocka_unit_test(chunks_at_every_cut),
		cmocka_unit_test(surplus_at_every_cut),
		cmocka_unit_test(a_peer_that_closes),
		cmocka_unit_test(without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
