/*
 * HTTP/1.1 over TLS: how the protocol is agreed on, which ends of a body can be trusted, and kept connections.
 */
#include "support/client.h"
#include "support/files.h"
#include "support/peer.h"
#include "support/test.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

static struct cert authority;
static struct cert cert;
static struct test_folder folder;

static int set_up(void **state)
{
	(void)state;
	test_folder_make(&folder);
	cert_make(&authority, NULL, &(struct cert_wish){.authority = true});
	cert_make(&cert, &authority, &(struct cert_wish){0});
	cert_write(&authority, test_folder_file(&folder, "authority.pem"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cert_clear(&authority);
	cert_clear(&cert);
	test_folder_remove(&folder);
	return 0;
}

/* Reads a request with its head alone; false when the client is gone. */
static bool read_request(struct peer_conn *c)
{
	char last[4] = "";
	while (memcmp(last, "\r\n\r\n", 4) != 0) {
		memmove(last, last + 1, 3);
		if (!peer_read(c, last + 3, 1))
			return false;
	}
	return true;
}

static bool write_text(struct peer_conn *c, const char *text)
{
	return peer_write(c, text, strlen(text));
}

/* One peer and one client of it. */
struct session {
	struct peer *peer;
	struct client client;
	freshet_endpoint *endpoint;
};

static void session_start(
	struct session *s, peer_script *script, void *user, const struct peer_tls *tls, freshet_protocol protocol)
{
	char url[128];
	freshet_endpoint_options o;
	struct peer_tls own = *tls;
	own.cert = &cert;
	s->peer = peer_start(script, user, &own);
	client_start(&s->client, NULL);
	client_endpoint_options(&o,
		&(struct client_url){
			"https", "localhost", peer_port(s->peer), test_folder_file(&folder, "authority.pem")},
		url);
	o.protocol = protocol;
	assert_int_equal(freshet_endpoint_new(s->client.reactor, &o, &s->endpoint), FRESHET_OK);
}

static void session_end(struct session *s)
{
	client_stop(&s->client);
	peer_stop(s->peer);
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* ---- how a body ends ---- */

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"

static void with_close_notify(struct peer_conn *c)
{
	SSL_shutdown(peer_ssl(c));
}

/* As anybody on the path can close a TCP connection. */
static void without_a_word(struct peer_conn *c)
{
	(void)c;
}

static void inside_a_record(struct peer_conn *c)
{
	static const char header[] = {0x17, 3, 3, 1, 0, 'x'};
	send(peer_fd(c), header, sizeof header, MSG_NOSIGNAL);
}

static void with_a_forged_record(struct peer_conn *c)
{
	static const char record[37] = {0x17, 3, 3, 0, 32};
	send(peer_fd(c), record, sizeof record, MSG_NOSIGNAL);
}

struct ending_case {
	const char *answer;
	void (*end)(struct peer_conn *c);
	freshet_err err;
	unsigned events;
};

static const struct ending_case endings[] = {
	{HEAD "\r\ndata: 1\n\n", with_close_notify, FRESHET_OK, 1},
	{HEAD "\r\ndata: 1\n\n", without_a_word, FRESHET_EHTTP_TRUNCATED, 1},
	{HEAD "\r\ndata: 1\n\n", inside_a_record, FRESHET_EHTTP_TRUNCATED, 1},
	{HEAD "\r\ndata: 1\n\n", with_a_forged_record, FRESHET_ETLS, 1},
	{HEAD "\r\n", with_close_notify, FRESHET_OK, 0},
	{HEAD "\r\n", without_a_word, FRESHET_EHTTP_TRUNCATED, 0},
	{HEAD "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n", without_a_word, FRESHET_OK, 1},
	{HEAD "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n", with_a_forged_record, FRESHET_OK, 1},
	{HEAD "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n", with_close_notify, FRESHET_EHTTP_TRUNCATED, 1},
	{HEAD "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n", without_a_word, FRESHET_EHTTP_TRUNCATED, 1},
	{HEAD "Content-Length: 9\r\n\r\ndata: 1\n\n", without_a_word, FRESHET_OK, 1},
	{HEAD "Content-Length: 10\r\n\r\ndata: 1\n\n", with_close_notify, FRESHET_EHTTP_TRUNCATED, 1},
	{"", with_close_notify, FRESHET_ECLOSED, 0},
	{"", without_a_word, FRESHET_ECLOSED, 0},
	{"HTTP/1.1 200 OK\r\n", with_close_notify, FRESHET_ECLOSED, 0},
};

static void answer_and_end(struct peer_conn *c, void *user)
{
	const struct ending_case *wish = user;
	if (read_request(c) && write_text(c, wish->answer))
		wish->end(c);
}

static void ends_of_a_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		for (size_t v = 0; v < 2; v++) {
			struct session s;
			struct follower f = {0};
			struct ending_case wish = endings[i];
			session_start(&s, answer_and_end, &wish,
				&(struct peer_tls){.alpn = "http/1.1", .max_version = versions[v]},
				FRESHET_PROTOCOL_AUTO);
			client_follow(&s.client, s.endpoint, "/", &f);
			client_run(&s.client, NULL, NULL);
			assert_string_equal(freshet_err_name(f.end.outcome.err), freshet_err_name(endings[i].err));
			assert_int_equal(f.seen.events, endings[i].events);
			session_end(&s);
		}
}

/* ---- which protocol ---- */

static void answer_each(struct peer_conn *c, void *user)
{
	(void)user;
	while (read_request(c))
		write_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void agreed_by_alpn(void **state)
{
	/* A server without ALPN speaks HTTP/1.1 (RFC 9113, section 3.3): it was never told of anything else. */
	static const struct {
		const char *alpn;
		freshet_protocol protocol;
		freshet_err err;
	} table[] = {
		{"http/1.1", FRESHET_PROTOCOL_AUTO, FRESHET_OK},
		{"http/1.1", FRESHET_PROTOCOL_HTTP1, FRESHET_OK},
		{"", FRESHET_PROTOCOL_AUTO, FRESHET_OK},
		{"", FRESHET_PROTOCOL_HTTP1, FRESHET_OK},
		{"", FRESHET_PROTOCOL_HTTP2, FRESHET_ETLS_ALPN},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		for (size_t v = 0; v < 2; v++) {
			struct session s;
			struct reply r;
			session_start(&s, answer_each, NULL,
				&(struct peer_tls){.alpn = table[i].alpn, .max_version = versions[v]},
				table[i].protocol);
			for (int n = 0; n < 3; n++) {
				client_get(&s.client, s.endpoint, "/", &r);
				client_run(&s.client, NULL, NULL);
				assert_string_equal(
					freshet_err_name(r.outcome.outcome.err), freshet_err_name(table[i].err));
				assert_string_equal(r.body, table[i].err == FRESHET_OK ? "ok" : "");
			}
			/* What came behind the handshake (session tickets) did not make the kept connection suspicious. */
			if (table[i].err == FRESHET_OK)
				assert_int_equal(peer_seen(s.peer).connections, 1);
			session_end(&s);
		}
}

/* ---- kept connections ---- */

/* Answers once and says goodbye when it is told to. */
static void answer_once(struct peer_conn *c, void *user)
{
	(void)user;
	if (!read_request(c) || !write_text(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
		return;
	if (peer_await(c))
		SSL_shutdown(peer_ssl(c));
}

static bool input_waits(int fd)
{
	char byte;
	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* The socket of the client's only connection: the one of this process that leads to the peer. */
static int client_socket(uint16_t port)
{
	struct sockaddr_in to;
	for (int fd = 3; fd < 256; fd++) {
		socklen_t size = sizeof to;
		if (getpeername(fd, (struct sockaddr *)&to, &size) == 0 && to.sin_port == htons(port))
			return fd;
	}
	fail_msg("no connection");
	return -1;
}

/* The server's close_notify is in the socket when a request that must not be repeated comes: it goes elsewhere. */
static void a_kept_connection_is_looked_at(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct session s;
		struct reply r;
		freshet_request_options o;
		session_start(&s, answer_once, NULL, &(struct peer_tls){.alpn = "http/1.1", .max_version = versions[v]},
			FRESHET_PROTOCOL_AUTO);
		client_get(&s.client, s.endpoint, "/", &r);
		client_run(&s.client, NULL, NULL);
		event_base_loop(s.client.base, EVLOOP_NONBLOCK);
		int fd = client_socket(peer_port(s.peer));
		peer_release(s.peer);
		while (!input_waits(fd))
			sched_yield();
		freshet_request_options_init(&o);
		o.path = "/";
		o.method = "POST";
		o.max_attempts = 1;
		client_send(&s.client, s.endpoint, &o, &r);
		client_run(&s.client, NULL, NULL);
		assert_string_equal(freshet_err_name(r.outcome.outcome.err), "FRESHET_OK");
		assert_int_equal(peer_seen(s.peer).connections, 2);
		session_end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_of_a_body),
		cmocka_unit_test(agreed_by_alpn),
		cmocka_unit_test(a_kept_connection_is_looked_at),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
