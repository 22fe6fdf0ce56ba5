#include "support/probe.h"
#include "support/patience.h"
#include "support/test.h"

#include "mockd/mockd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SETTINGS_KNOWN 16
#define FIELDS_MAX     16

struct probe {
	struct event_base *base;
	nghttp2_session *session;
	SSL *ssl;
	int fd;
	enum probe_state state;
	struct reply **replies;
	size_t reply_count;
	unsigned pings; /* answered */
	bool has_goaway;
	int32_t goaway_last;
	uint32_t goaway_code;
	uint32_t settings[SETTINGS_KNOWN];
	char token[128];
	char alpn[16];
};

static void append(char **text, size_t *len, const void *bytes, size_t count)
{
	*text = realloc(*text, *len + count + 1);
	assert_non_null(*text);
	memcpy(*text + *len, bytes, count);
	*len += count;
	(*text)[*len] = '\0';
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
	const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
	struct reply *r = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	(void)flags;
	(void)user;
	if (name_len == 7 && memcmp(name, ":status", 7) == 0) {
		r->status = atoi((const char *)value);
	} else {
		append(&r->headers, &r->headers_len, name, name_len);
		append(&r->headers, &r->headers_len, ": ", 2);
		append(&r->headers, &r->headers_len, value, value_len);
		append(&r->headers, &r->headers_len, "\n", 1);
	}
	return 0;
}

static int on_data(
	nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *bytes, size_t len, void *user)
{
	struct reply *r = nghttp2_session_get_stream_user_data(session, stream_id);
	(void)flags;
	(void)user;
	append(&r->body, &r->body_len, bytes, len);
	return 0;
}

static void note_data(struct reply *r, size_t len)
{
	r->frames = realloc(r->frames, (r->frame_count + 1) * sizeof *r->frames);
	assert_non_null(r->frames);
	r->frames[r->frame_count++] = len;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct probe *p = user;
	struct reply *r = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS: r->headers_count++; break;
	case NGHTTP2_DATA: note_data(r, frame->hd.length); break;
	case NGHTTP2_PING: p->pings += (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0; break;
	case NGHTTP2_GOAWAY:
		p->has_goaway = true;
		p->goaway_last = frame->goaway.last_stream_id;
		p->goaway_code = frame->goaway.error_code;
		break;
	case NGHTTP2_SETTINGS:
		for (size_t i = 0; i < frame->settings.niv; i++) {
			int32_t id = frame->settings.iv[i].settings_id;
			if (id < SETTINGS_KNOWN)
				p->settings[id] = frame->settings.iv[i].value;
		}
		break;
	default: break;
	}
	return 0;
}

/* nghttp2 says goodbye by itself when the server broke the protocol. */
static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct probe *p = user;
	(void)session;
	if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR)
		p->state = PROBE_BROKEN;
	return 0;
}

static int on_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *user)
{
	struct reply *r = nghttp2_session_get_stream_user_data(session, stream_id);
	(void)user;
	if (r->end == REPLY_OPEN)
		r->end = code == NGHTTP2_NO_ERROR ? REPLY_ENDED : REPLY_RESET;
	r->code = code;
	return 0;
}

/* The end of a body in order, seen apart from a reset with NO_ERROR. */
static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *user)
{
	struct reply *r = nghttp2_session_get_stream_user_data(session, hd->stream_id);
	(void)user;
	if (hd->type == NGHTTP2_RST_STREAM && r != NULL)
		r->end = REPLY_RESET;
	return 0;
}

static void make_session(struct probe *p, const struct probe_options *o)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;
	assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
	assert_int_equal(nghttp2_option_new(&option), 0);
	nghttp2_option_set_no_auto_window_update(option, o->no_credit);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	assert_int_equal(nghttp2_session_client_new2(&p->session, callbacks, p, option), 0);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(option);
	nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, o->window};
	assert_int_equal(nghttp2_submit_settings(p->session, 0, &window, o->window > 0), 0);
}

static void connect_to(struct probe *p, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int on = 1;
	p->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(p->fd >= 0);
	assert_int_equal(connect(p->fd, (struct sockaddr *)&address, sizeof address), 0);
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	assert_int_equal(fcntl(p->fd, F_SETFL, O_NONBLOCK), 0);
}

static void go_down(struct probe *p, enum probe_state state)
{
	p->state = state;
	for (size_t i = 0; i < p->reply_count; i++) {
		if (p->replies[i]->end == REPLY_OPEN)
			p->replies[i]->end = REPLY_LOST;
	}
}

/* How a read of 0 or less is to be understood; false: there is nothing now. */
static bool read_failed(struct probe *p, ssize_t n, enum probe_state *state)
{
	int error = errno;
	if (p->ssl == NULL) {
		*state = n == 0 ? PROBE_FIN : PROBE_RST;
		return n == 0 || error != EAGAIN;
	}
	int reason = SSL_get_error(p->ssl, (int)n);
	ERR_clear_error();
	if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE)
		return false;
	*state = reason == SSL_ERROR_ZERO_RETURN ? PROBE_NOTIFY : error == ECONNRESET ? PROBE_RST : PROBE_FIN;
	return true;
}

static void take_input(struct probe *p)
{
	uint8_t bytes[65536];
	while (p->state == PROBE_UP) {
		errno = 0;
		ssize_t n =
			p->ssl != NULL ? SSL_read(p->ssl, bytes, sizeof bytes) : recv(p->fd, bytes, sizeof bytes, 0);
		enum probe_state state;
		if (n <= 0) {
			if (read_failed(p, n, &state))
				go_down(p, state);
			return;
		}
		if (nghttp2_session_mem_recv(p->session, bytes, (size_t)n) < 0)
			go_down(p, PROBE_BROKEN);
	}
}

static void write_all(struct probe *p, const uint8_t *bytes, size_t len)
{
	while (len > 0 && p->state == PROBE_UP) {
		ssize_t n = p->ssl != NULL ? SSL_write(p->ssl, bytes, (int)len) : send(p->fd, bytes, len, MSG_NOSIGNAL);
		if (n <= 0) {
			/* The server reads on the same loop. */
			event_base_loop(p->base, EVLOOP_NONBLOCK);
			if (p->ssl == NULL && errno != EAGAIN)
				return;
			continue;
		}
		bytes += n;
		len -= (size_t)n;
	}
}

static void give_output(struct probe *p)
{
	const uint8_t *bytes;
	ssize_t len;
	if (p->ssl != NULL && !SSL_is_init_finished(p->ssl) && SSL_do_handshake(p->ssl) != 1)
		return;
	while (p->state == PROBE_UP && (len = nghttp2_session_mem_send(p->session, &bytes)) > 0)
		write_all(p, bytes, (size_t)len);
}

void probe_turn(struct probe *p)
{
	give_output(p);
	event_base_loop(p->base, EVLOOP_NONBLOCK);
	take_input(p);
	give_output(p);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Turns until the condition holds, and waits for input in between. */
static void run(struct probe *p, bool (*holds)(const struct probe *p, const void *what), const void *what)
{
	double until = seconds() + PATIENCE_S;
	while (probe_turn(p), !holds(p, what)) {
		struct pollfd ready = {p->fd, POLLIN, 0};
		if (p->state == PROBE_UP)
			poll(&ready, 1, 1);
		if (seconds() > until)
			fail_msg("the emulator did not do what was waited for");
	}
}

struct probe *probe_open(struct event_base *base, uint16_t port, const struct probe_options *options)
{
	static const struct probe_options defaults = {.tls = NULL};
	const struct probe_options *o = options != NULL ? options : &defaults;
	struct probe *p = calloc(1, sizeof *p);
	assert_non_null(p);
	p->base = base;
	snprintf(p->token, sizeof p->token, "Bearer %s", o->token != NULL ? o->token : MOCKD_TOKEN);
	connect_to(p, port);
	make_session(p, o);
	if (o->tls != NULL) {
		p->ssl = SSL_new(o->tls);
		assert_non_null(p->ssl);
		assert_int_equal(SSL_set_fd(p->ssl, p->fd), 1);
		SSL_set_connect_state(p->ssl);
	}
	return p;
}

void probe_close(struct probe *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->reply_count; i++) {
		free(p->replies[i]->headers);
		free(p->replies[i]->body);
		free(p->replies[i]->frames);
		free(p->replies[i]);
	}
	free(p->replies);
	nghttp2_session_del(p->session);
	SSL_free(p->ssl);
	close(p->fd);
	free(p);
}

/* A field from texts that nghttp2 copies. */
static nghttp2_nv field_of(const char *name, size_t name_len, const char *value, size_t value_len)
{
	union {
		const char *text;
		uint8_t *bytes;
	} n = {name}, v = {value};
	return (nghttp2_nv){n.bytes, v.bytes, name_len, value_len, NGHTTP2_NV_FLAG_NONE};
}

static size_t add_lines(nghttp2_nv *fields, size_t count, const char *lines)
{
	while (lines != NULL && *lines != '\0') {
		size_t len = strcspn(lines, "\n");
		const char *colon = strstr(lines, ": ");
		assert_non_null(colon);
		assert_true(count < FIELDS_MAX);
		size_t name = (size_t)(colon - lines);
		fields[count++] = field_of(lines, name, colon + 2, len - name - 2);
		lines += len + (lines[len] == '\n');
	}
	return count;
}

struct outgoing {
	size_t len;
	size_t at;
	char bytes[];
};

static ssize_t read_body(nghttp2_session *session, int32_t stream_id, uint8_t *to, size_t room, uint32_t *flags,
	nghttp2_data_source *source, void *user)
{
	struct outgoing *o = source->ptr;
	(void)session;
	(void)stream_id;
	(void)user;
	size_t n = o->len - o->at < room ? o->len - o->at : room;
	memcpy(to, o->bytes + o->at, n);
	o->at += n;
	if (o->at == o->len) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		free(o);
	}
	return (ssize_t)n;
}

static struct reply *submit(struct probe *p, const nghttp2_nv *fields, size_t count, const void *body, size_t len)
{
	struct reply *r = calloc(1, sizeof *r);
	assert_non_null(r);
	append(&r->headers, &r->headers_len, "", 0);
	append(&r->body, &r->body_len, "", 0);
	p->replies = realloc(p->replies, (p->reply_count + 1) * sizeof *p->replies);
	assert_non_null(p->replies);
	p->replies[p->reply_count++] = r;
	nghttp2_data_provider provider = {.read_callback = read_body};
	if (len > 0) {
		struct outgoing *o = malloc(sizeof *o + len);
		assert_non_null(o);
		*o = (struct outgoing){.len = len};
		memcpy(o->bytes, body, len);
		provider.source.ptr = o;
	}
	r->stream_id = nghttp2_submit_request(p->session, NULL, fields, count, len > 0 ? &provider : NULL, r);
	assert_true(r->stream_id > 0);
	return r;
}

static struct reply *send_request(struct probe *p, const char *method, const char *path, const char *lines,
	const char *token, const void *body, size_t len)
{
	nghttp2_nv fields[FIELDS_MAX];
	size_t count = 0;
	const char *scheme = p->ssl != NULL ? "https" : "http";
	fields[count++] = field_of(":method", 7, method, strlen(method));
	fields[count++] = field_of(":scheme", 7, scheme, strlen(scheme));
	fields[count++] = field_of(":authority", 10, "127.0.0.1", 9);
	fields[count++] = field_of(":path", 5, path, strlen(path));
	if (token != NULL)
		fields[count++] = field_of("authorization", 13, token, strlen(token));
	count = add_lines(fields, count, lines);
	return submit(p, fields, count, body, len);
}

struct reply *probe_send_bytes(
	struct probe *p, const char *method, const char *path, const char *fields, const void *body, size_t len)
{
	return send_request(p, method, path, fields, p->token, body, len);
}

struct reply *probe_send(struct probe *p, const char *method, const char *path, const char *fields, const char *body)
{
	return probe_send_bytes(p, method, path, fields, body, body != NULL ? strlen(body) : 0);
}

struct reply *probe_send_anonymous(struct probe *p, const char *method, const char *path)
{
	return send_request(p, method, path, NULL, NULL, NULL, 0);
}

void probe_use_token(struct probe *p, const char *token)
{
	snprintf(p->token, sizeof p->token, "Bearer %s", token);
}

struct reply *probe_send_as(struct probe *p, const char *authorization, const char *method, const char *path)
{
	return send_request(p, method, path, NULL, authorization, NULL, 0);
}

void probe_reset(struct probe *p, struct reply *r)
{
	assert_int_equal(nghttp2_submit_rst_stream(p->session, 0, r->stream_id, NGHTTP2_CANCEL), 0);
}

void probe_credit(struct probe *p, struct reply *r, int32_t bytes)
{
	assert_int_equal(nghttp2_submit_window_update(p->session, 0, r->stream_id, bytes), 0);
	assert_int_equal(nghttp2_submit_window_update(p->session, 0, 0, bytes), 0);
}

static bool has_ended(const struct probe *p, const void *what)
{
	const struct reply *r = what;
	(void)p;
	return r->end != REPLY_OPEN;
}

static bool has_headers(const struct probe *p, const void *what)
{
	const struct reply *r = what;
	(void)p;
	return r->status != 0 || r->end != REPLY_OPEN;
}

static bool is_down(const struct probe *p, const void *what)
{
	(void)what;
	return p->state != PROBE_UP;
}

static bool has_pings(const struct probe *p, const void *what)
{
	return p->pings >= *(const unsigned *)what || p->state != PROBE_UP;
}

struct wanted_text {
	const struct reply *reply;
	const char *text;
};

static bool has_text(const struct probe *p, const void *what)
{
	const struct wanted_text *w = what;
	(void)p;
	return memmem(w->reply->body, w->reply->body_len, w->text, strlen(w->text)) != NULL;
}

void probe_until_end(struct probe *p, struct reply *r)
{
	run(p, has_ended, r);
}

void probe_until_headers(struct probe *p, struct reply *r)
{
	run(p, has_headers, r);
}

void probe_until_down(struct probe *p)
{
	run(p, is_down, NULL);
}

void probe_until(struct probe *p, struct reply *r, const char *text)
{
	const struct wanted_text wanted = {r, text};
	run(p, has_text, &wanted);
}

void probe_ping(struct probe *p)
{
	nghttp2_submit_ping(p->session, 0, NULL);
}

unsigned probe_pings(const struct probe *p)
{
	return p->pings;
}

void probe_settle(struct probe *p)
{
	/* The first answer says that the server has seen all that was sent; before the second it has sent what it had. */
	for (int i = 0; i < 2; i++) {
		unsigned wanted = p->pings + 1;
		probe_ping(p);
		run(p, has_pings, &wanted);
	}
}

enum probe_state probe_state(const struct probe *p)
{
	return p->state;
}

bool probe_goaway(const struct probe *p, int32_t *last_stream_id, uint32_t *code)
{
	*last_stream_id = p->goaway_last;
	*code = p->goaway_code;
	return p->has_goaway;
}

uint32_t probe_setting(const struct probe *p, int id)
{
	return p->settings[id];
}

const char *probe_alpn(struct probe *p)
{
	const unsigned char *name;
	unsigned len;
	SSL_get0_alpn_selected(p->ssl, &name, &len);
	snprintf(p->alpn, sizeof p->alpn, "%.*s", (int)len, (const char *)name);
	return p->alpn;
}

bool reply_has(const struct reply *r, const char *line)
{
	const char *at = strstr(r->headers, line);
	return at != NULL && (at == r->headers || at[-1] == '\n') && at[strlen(line)] == '\n';
}
