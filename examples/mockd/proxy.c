/*
 * The proxy. Happy path: a client connects and sends CONNECT; its target is one of those that the proxy leads to; the
 * proxy connects there, answers 200, and from then on what comes from either side goes to the other, a portion at a time,
 * so that a side that does not read stops the other. An end of either side is passed on when what came before it has
 * been; with the second the tunnel is over.
 *
 * Failures: a request that is none gets 400, another method 405, wrong or missing credentials 407, another target 403, a
 * target that cannot be reached 502. Then, and where a fault cuts the tunnel, the proxy ends its side and reads until the
 * client has ended, too, since a close with bytes unread would take back what was sent.
 */
#include "mockd/proxy.h"

#include "mockd/alloc.h"
#include "mockd/loopback.h"

#include "base/list.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX    8192u
#define PORTION     16384u
#define ASKED_MAX   300u
#define STATUS_MIN  300
#define STATUS_MAX  599
#define CLIENT_SIDE 0
#define SERVER_SIDE 1

struct target {
	struct list node;
	char *asked; /* "host:port" */
	struct sockaddr_storage address;
	socklen_t address_len;
};

struct mockd_proxy {
	struct event_base *base;
	struct evconnlistener *listener;
	char url[40];
	uint16_t port;
	char *authorization; /* "Basic ..." or NULL */
	struct list targets;
	struct list tunnels;
	struct mockd_proxy_fault fault;
	uint32_t strikes; /* of the fault */
	struct mockd_proxy_stats stats;
};

enum tunnel_state {
	TUNNEL_ASKING,     /* the head of the request is on its way */
	TUNNEL_CONNECTING, /* to the server */
	TUNNEL_OPEN,
	TUNNEL_ENDING, /* what waits for the client is on its way, then its end is awaited */
	TUNNEL_HANGING,
};

/* One of the two connections. */
struct side {
	int fd; /* -1: none */
	struct event *readable;
	struct event *writable;
	struct buffer waiting; /* to be written to it */
	size_t written;        /* of them */
	bool ended;            /* it sends nothing any more */
	bool finished;         /* it has been told that nothing more comes */
};

struct tunnel {
	struct list node;
	struct mockd_proxy *proxy;
	enum tunnel_state state;
	struct side sides[2];
	struct buffer head;
	struct mockd_proxy_fault fault; /* what goes wrong with this one */
	uint64_t passed;                /* bytes to the client */
};

static void side_close(struct side *side)
{
	if (side->readable != NULL)
		event_free(side->readable);
	if (side->writable != NULL)
		event_free(side->writable);
	if (side->fd >= 0)
		close(side->fd);
	buffer_clear(&side->waiting);
	*side = (struct side){.fd = -1};
}

static void tunnel_free(struct tunnel *t)
{
	list_remove(&t->node);
	t->proxy->stats.open--;
	side_close(&t->sides[CLIENT_SIDE]);
	side_close(&t->sides[SERVER_SIDE]);
	buffer_clear(&t->head);
	free(t);
}

/* --- Moving bytes. */

static void want(struct event *event, bool wanted)
{
	if (wanted)
		event_add(event, NULL);
	else
		event_del(event);
}

static bool has_waiting(const struct side *side)
{
	return side->written < side->waiting.len;
}

/* Writes what waits. False when the connection is broken. */
static bool drain(struct side *side)
{
	while (has_waiting(side)) {
		ssize_t n = send(
			side->fd, side->waiting.bytes + side->written, side->waiting.len - side->written, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		side->written += (size_t)n;
	}
	side->waiting.len = 0;
	side->written = 0;
	return true;
}

/* Passes the end of one side on to the other, when all before it has been. */
static void pass_end(struct side *from, struct side *to)
{
	if (!from->ended || to->finished || has_waiting(to))
		return;
	to->finished = true;
	shutdown(to->fd, SHUT_WR);
}

/* After something has moved: what is awaited next, or the end of the tunnel. */
static void settle(struct tunnel *t)
{
	struct side *client = &t->sides[CLIENT_SIDE], *server = &t->sides[SERVER_SIDE];
	if (!drain(client) || !drain(server)) {
		tunnel_free(t);
		return;
	}
	pass_end(client, server);
	pass_end(server, client);
	if (client->finished && server->finished) {
		tunnel_free(t);
		return;
	}
	want(client->readable, !client->ended && !has_waiting(server));
	want(server->readable, !server->ended && !has_waiting(client));
	want(client->writable, has_waiting(client));
	want(server->writable, has_waiting(server));
}

/* Reads a portion of one side and puts it before the other; 0: the end, -1: nothing now, -2: broken. */
static ssize_t take(struct side *from, struct side *to, size_t most)
{
	char *room = buffer_extend(&to->waiting, most);
	ssize_t n = recv(from->fd, room, most, 0);
	bool later = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
	to->waiting.len -= most - (n > 0 ? (size_t)n : 0);
	if (n == 0)
		from->ended = true;
	return n >= 0 ? n : later ? -1 : -2;
}

/* Writes what is left for the client and awaits its end. */
static void flush_ending(struct tunnel *t)
{
	struct side *client = &t->sides[CLIENT_SIDE];
	if (!drain(client)) {
		tunnel_free(t);
		return;
	}
	if (!has_waiting(client) && !client->finished) {
		client->finished = true;
		shutdown(client->fd, SHUT_WR);
	}
	want(client->writable, has_waiting(client));
	want(client->readable, true);
}

static void begin_ending(struct tunnel *t)
{
	t->state = TUNNEL_ENDING;
	side_close(&t->sides[SERVER_SIDE]);
	flush_ending(t);
}

static void hang(struct tunnel *t)
{
	t->state = TUNNEL_HANGING;
	drain(&t->sides[CLIENT_SIDE]);
	for (size_t i = 0; i < 2; i++) {
		if (t->sides[i].fd >= 0) {
			event_del(t->sides[i].readable);
			event_del(t->sides[i].writable);
		}
	}
}

static void strike(struct tunnel *t)
{
	t->proxy->stats.struck++;
	if (t->fault.action == MOCKD_PROXY_HANG)
		hang(t);
	else
		begin_ending(t);
}

static bool breaks_later(const struct tunnel *t)
{
	return (t->fault.action == MOCKD_PROXY_CUT || t->fault.action == MOCKD_PROXY_HANG) && t->fault.after > 0;
}

static void move_to_client(struct tunnel *t)
{
	size_t most = PORTION;
	if (breaks_later(t) && t->fault.after - t->passed < most)
		most = (size_t)(t->fault.after - t->passed);
	ssize_t n = take(&t->sides[SERVER_SIDE], &t->sides[CLIENT_SIDE], most);
	if (n == -2) {
		tunnel_free(t);
		return;
	}
	t->passed += n > 0 ? (size_t)n : 0;
	t->proxy->stats.to_client += n > 0 ? (size_t)n : 0;
	if (breaks_later(t) && t->passed == t->fault.after)
		strike(t);
	else
		settle(t);
}

static void move_to_server(struct tunnel *t)
{
	ssize_t n = take(&t->sides[CLIENT_SIDE], &t->sides[SERVER_SIDE], PORTION);
	if (n == -2) {
		tunnel_free(t);
		return;
	}
	t->proxy->stats.to_server += n > 0 ? (size_t)n : 0;
	settle(t);
}

/* --- The answer to CONNECT. */

static void refuse(struct tunnel *t, int status, const char *field)
{
	t->proxy->stats.refused++;
	buffer_format(&t->sides[CLIENT_SIDE].waiting,
		"HTTP/1.1 %d mockd\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n", status, field);
	begin_ending(t);
}

static void grant(struct tunnel *t)
{
	size_t rest = t->head.len;
	t->proxy->stats.granted++;
	t->proxy->stats.to_server += rest;
	t->state = TUNNEL_OPEN;
	buffer_text(&t->sides[CLIENT_SIDE].waiting, "HTTP/1.1 200 Connection established\r\n\r\n");
	/* A client that did not wait for the answer has sent what is for the server. */
	buffer_append(&t->sides[SERVER_SIDE].waiting, t->head.bytes, rest);
	buffer_clear(&t->head);
	settle(t);
}

static void on_server(evutil_socket_t fd, short what, void *user)
{
	struct tunnel *t = user;
	int error = 0;
	socklen_t size = sizeof error;
	if (t->state == TUNNEL_OPEN && (what & EV_READ) != 0) {
		move_to_client(t);
	} else if (t->state == TUNNEL_OPEN) {
		settle(t);
	} else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
		refuse(t, 502, "");
	} else {
		grant(t);
	}
}

/* Makes a socket of ours known to the loop. False when it cannot. */
static bool side_attach(struct tunnel *t, size_t which, int fd, event_callback_fn callback)
{
	int one = 1;
	struct side *side = &t->sides[which];
	side->fd = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	side->readable = event_new(t->proxy->base, fd, EV_READ | EV_PERSIST, callback, t);
	side->writable = event_new(t->proxy->base, fd, EV_WRITE | EV_PERSIST, callback, t);
	return side->readable != NULL && side->writable != NULL;
}

static void reach(struct tunnel *t, const struct target *target)
{
	int fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	t->state = TUNNEL_CONNECTING;
	if (fd < 0 || !side_attach(t, SERVER_SIDE, fd, on_server) ||
		(connect(fd, (const struct sockaddr *)&target->address, target->address_len) != 0 &&
			errno != EINPROGRESS))
		refuse(t, 502, "");
	else
		event_add(t->sides[SERVER_SIDE].writable, NULL);
}

/* --- The request. */

/* What goes wrong with this tunnel. */
static void draw_fault(struct tunnel *t)
{
	struct mockd_proxy *p = t->proxy;
	if (p->fault.action == MOCKD_PROXY_WORK || (p->fault.times > 0 && p->strikes == p->fault.times))
		return;
	p->strikes++;
	t->fault = p->fault;
}

static const struct target *find_target(struct mockd_proxy *p, const char *asked)
{
	for (struct list *node = p->targets.next; node != &p->targets; node = node->next) {
		const struct target *target = container_of(node, struct target, node);
		if (strcasecmp(target->asked, asked) == 0)
			return target;
	}
	return NULL;
}

/* True when a line of the head is the field with that value; names are compared as RFC 9110, section 5.1, says. */
static bool has_field(const char *head, const char *name, const char *value)
{
	size_t name_len = strlen(name), value_len = strlen(value);
	for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
			continue;
		const char *is = line + name_len + 1;
		is += strspn(is, " \t");
		size_t len = strcspn(is, "\r");
		while (len > 0 && (is[len - 1] == ' ' || is[len - 1] == '\t'))
			len--;
		if (len == value_len && memcmp(is, value, len) == 0)
			return true;
	}
	return false;
}

/* The head is complete and terminated; what lies behind it is for the server. */
static void judge(struct tunnel *t, const char *head)
{
	struct mockd_proxy *p = t->proxy;
	char asked[ASKED_MAX];
	char version;
	draw_fault(t);
	if (t->fault.action == MOCKD_PROXY_REFUSE) {
		p->stats.struck++;
		refuse(t, t->fault.status, "");
	} else if (t->fault.action != MOCKD_PROXY_WORK && t->fault.after == 0) {
		strike(t);
	} else if (strncmp(head, "CONNECT ", 8) != 0) {
		refuse(t, 405, "Allow: CONNECT\r\n");
	} else if (sscanf(head, "CONNECT %299s HTTP/1.%c", asked, &version) != 2) {
		refuse(t, 400, "");
	} else if (p->authorization != NULL && !has_field(head, "Proxy-Authorization", p->authorization)) {
		refuse(t, 407, "Proxy-Authenticate: Basic realm=\"mockd\"\r\n");
	} else {
		const struct target *target = find_target(p, asked);
		if (target != NULL)
			reach(t, target);
		else
			refuse(t, 403, "");
	}
}

static void read_head(struct tunnel *t)
{
	char *room = buffer_extend(&t->head, PORTION);
	ssize_t n = recv(t->sides[CLIENT_SIDE].fd, room, PORTION, 0);
	t->head.len -= PORTION - (n > 0 ? (size_t)n : 0);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
		tunnel_free(t);
		return;
	}
	const char *end = memmem(t->head.bytes, t->head.len, "\r\n\r\n", 4);
	if (end == NULL && t->head.len <= HEAD_MAX)
		return;
	/* From here on nothing is read of the client before the way is clear. */
	event_del(t->sides[CLIENT_SIDE].readable);
	size_t len = end != NULL ? (size_t)(end - t->head.bytes) + 4 : 0;
	if (len == 0 || len > HEAD_MAX) {
		refuse(t, 431, "");
		return;
	}
	char head[HEAD_MAX + 1];
	memcpy(head, t->head.bytes, len);
	head[len] = '\0';
	memmove(t->head.bytes, t->head.bytes + len, t->head.len - len);
	t->head.len -= len;
	judge(t, head);
}

static void read_until_end(struct tunnel *t)
{
	char nothing[PORTION];
	ssize_t n = recv(t->sides[CLIENT_SIDE].fd, nothing, sizeof nothing, 0);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		tunnel_free(t);
}

static void on_client(evutil_socket_t fd, short what, void *user)
{
	struct tunnel *t = user;
	(void)fd;
	if (t->state == TUNNEL_ASKING)
		read_head(t);
	else if (t->state == TUNNEL_ENDING && (what & EV_READ) != 0)
		read_until_end(t);
	else if (t->state == TUNNEL_ENDING)
		flush_ending(t);
	else if ((what & EV_READ) != 0)
		move_to_server(t);
	else
		settle(t);
}

static void on_accept(
	struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int address_len, void *user)
{
	struct mockd_proxy *p = user;
	struct tunnel *t = must_zalloc(sizeof *t);
	(void)listener;
	(void)address;
	(void)address_len;
	t->proxy = p;
	t->sides[CLIENT_SIDE].fd = t->sides[SERVER_SIDE].fd = -1;
	list_push_back(&p->tunnels, &t->node);
	p->stats.accepted++;
	p->stats.open++;
	if (side_attach(t, CLIENT_SIDE, fd, on_client))
		event_add(t->sides[CLIENT_SIDE].readable, NULL);
	else
		tunnel_free(t);
}

/* --- Options. */

bool mockd_proxy_lead(struct mockd_proxy *p, const char *text)
{
	struct target *target = must_zalloc(sizeof *target);
	const char *stands_for = strchr(text, '=');
	size_t len = stands_for != NULL ? (size_t)(stands_for - text) : strlen(text);
	if (!loopback_read(stands_for != NULL ? stands_for + 1 : text, &target->address, &target->address_len) ||
		len == 0 || len >= ASKED_MAX) {
		free(target);
		return false;
	}
	target->asked = must_copy_span((freshet_str){text, len});
	list_push_back(&p->targets, &target->node);
	return true;
}

static char *make_authorization(const char *credentials)
{
	static const char scheme[] = "Basic ";
	size_t len = credentials != NULL ? strlen(credentials) : 0;
	if (credentials == NULL)
		return NULL;
	unsigned char *text = must_zalloc(sizeof scheme + (len + 2) / 3 * 4 + 1);
	memcpy(text, scheme, sizeof scheme);
	EVP_EncodeBlock(text + sizeof scheme - 1, (const unsigned char *)credentials, (int)len);
	return (char *)text;
}

void mockd_proxy_options_init(struct mockd_proxy_options *options)
{
	*options = (struct mockd_proxy_options){.port = 0};
}

static freshet_err listen_on(struct mockd_proxy *p, uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof address;
	p->listener = evconnlistener_new_bind(p->base, on_accept, p,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, -1, (struct sockaddr *)&address,
		sizeof address);
	if (p->listener == NULL)
		return FRESHET_ESYSTEM;
	getsockname(evconnlistener_get_fd(p->listener), (struct sockaddr *)&address, &len);
	p->port = ntohs(address.sin_port);
	snprintf(p->url, sizeof p->url, "http://127.0.0.1:%u", (unsigned)p->port);
	return FRESHET_OK;
}

freshet_err mockd_proxy_new(
	struct event_base *base, const struct mockd_proxy_options *options, struct mockd_proxy **out)
{
	struct mockd_proxy *p = must_zalloc(sizeof *p);
	freshet_err err = FRESHET_OK;
	*out = NULL;
	p->base = base;
	list_init(&p->targets);
	list_init(&p->tunnels);
	p->authorization = make_authorization(options->credentials);
	for (size_t i = 0; i < options->target_count && err == FRESHET_OK; i++)
		err = mockd_proxy_lead(p, options->targets[i]) ? FRESHET_OK : FRESHET_EINVAL;
	if (err == FRESHET_OK)
		err = listen_on(p, options->port);
	if (err == FRESHET_OK)
		*out = p;
	else
		mockd_proxy_free(p);
	return err;
}

void mockd_proxy_free(struct mockd_proxy *p)
{
	if (p == NULL)
		return;
	if (p->listener != NULL)
		evconnlistener_free(p->listener);
	while (!list_empty(&p->tunnels))
		tunnel_free(container_of(p->tunnels.next, struct tunnel, node));
	for (struct list *node; (node = list_pop_front(&p->targets)) != NULL;) {
		struct target *target = container_of(node, struct target, node);
		free(target->asked);
		free(target);
	}
	free(p->authorization);
	free(p);
}

uint16_t mockd_proxy_port(const struct mockd_proxy *p)
{
	return p->port;
}

const char *mockd_proxy_url(const struct mockd_proxy *p)
{
	return p->url;
}

bool mockd_proxy_set_fault(struct mockd_proxy *p, const struct mockd_proxy_fault *fault)
{
	struct mockd_proxy_fault copy = *fault;
	if (copy.status == 0)
		copy.status = 503;
	if (copy.status < STATUS_MIN || copy.status > STATUS_MAX)
		return false;
	p->fault = copy;
	p->strikes = 0;
	return true;
}

static bool read_word(const char *word, struct mockd_proxy_fault *fault)
{
	static const char *const actions[] = {[MOCKD_PROXY_WORK] = "action=work",
		[MOCKD_PROXY_REFUSE] = "action=refuse",
		[MOCKD_PROXY_CUT] = "action=cut",
		[MOCKD_PROXY_HANG] = "action=hang"};
	char name[8], digits[20], rest;
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		if (strcmp(word, actions[i]) == 0) {
			fault->action = (enum mockd_proxy_action)i;
			return true;
		}
	}
	if (sscanf(word, "%7[a-z]=%19[0-9]%c", name, digits, &rest) != 2)
		return false;
	uint64_t number = strtoull(digits, NULL, 10);
	if (strcmp(name, "status") == 0 && number <= STATUS_MAX)
		fault->status = (int)number;
	else if (strcmp(name, "after") == 0)
		fault->after = number;
	else if (strcmp(name, "times") == 0 && number <= UINT32_MAX)
		fault->times = (uint32_t)number;
	else
		return false;
	return true;
}

bool mockd_proxy_set_fault_text(struct mockd_proxy *p, const char *text)
{
	struct mockd_proxy_fault fault = {.action = MOCKD_PROXY_WORK};
	char *copy = must_copy(text), *place = NULL;
	bool good = true;
	for (char *word = strtok_r(copy, " ", &place); word != NULL && good; word = strtok_r(NULL, " ", &place))
		good = read_word(word, &fault);
	free(copy);
	return good && mockd_proxy_set_fault(p, &fault);
}

void mockd_proxy_get_stats(const struct mockd_proxy *p, struct mockd_proxy_stats *stats)
{
	*stats = p->stats;
}
