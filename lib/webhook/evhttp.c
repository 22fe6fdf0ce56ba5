/*
 * The handler for libevent's evhttp: the one file of this folder that knows a server.
 *
 * Happy path: evhttp hands over a whole request; its parts become spans, freshet_webhook_receive says what it is, a new one
 * goes to the host, and the answer goes out when that returns.
 *
 * Later: the place of the delivery holds the request until it is finished. evhttp keeps a request that was not answered,
 * also when its connection has ended, so the pointer stays good until the server is freed.
 *
 * Closing: whoever still waits is told to come again, and a store of the host's that what was open has not been taken.
 */
#include "receiver.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

/* Of the whole server, unless the host keeps its own limit. */
#define SERVER_MAX_HEADERS ((ev_ssize_t)64 * 1024)
/* Headers of one request; more than these are not JSON's business. */
#define MAX_HEADERS 128

static const char *reason_of(int status)
{
	switch (status) {
	case 200: return "OK";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 405: return "Method Not Allowed";
	case 413: return "Content Too Large";
	case 415: return "Unsupported Media Type";
	default: return "Service Unavailable";
	}
}

void receiver_reply(struct evhttp_request *request, const freshet_webhook_answer *answer)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	struct evbuffer *body = evbuffer_new();
	/* What cannot be added for want of memory is left out: the status says it all. */
	if (body != NULL)
		evbuffer_add(body, answer->body.ptr, answer->body.len);
	evhttp_add_header(headers, "Content-Type", "application/json");
	evhttp_add_header(headers, "Cache-Control", "no-store");
	if (answer->allow != NULL)
		evhttp_add_header(headers, "Allow", answer->allow);
	evhttp_send_reply(request, answer->status, reason_of(answer->status), body);
	if (body != NULL)
		evbuffer_free(body);
}

/* ---- a request as spans ---- */

static freshet_str method_of(struct evhttp_request *request)
{
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_POST: return freshet_str_of("POST");
	default: return freshet_str_of("another");
	}
}

/* False when there are too many. */
static bool read_headers(struct evhttp_request *request, freshet_header headers[MAX_HEADERS], size_t *count)
{
	const struct evkeyvalq *given = evhttp_request_get_input_headers(request);
	*count = 0;
	for (const struct evkeyval *h = given->tqh_first; h != NULL; h = h->next.tqe_next) {
		if (*count == MAX_HEADERS)
			return false;
		headers[*count] = (freshet_header){.name = freshet_str_of(h->key), .value = freshet_str_of(h->value)};
		(*count)++;
	}
	return true;
}

/* A body that is too large is not put together: its length says enough. False when there is no memory. */
static bool read_body(const freshet_webhook *w, struct evhttp_request *request, freshet_str *body)
{
	struct evbuffer *buffer = evhttp_request_get_input_buffer(request);
	*body = (freshet_str){NULL, evbuffer_get_length(buffer)};
	if (body->len == 0 || body->len > w->o.max_body)
		return true;
	body->ptr = (const char *)evbuffer_pullup(buffer, -1);
	return body->ptr != NULL;
}

/* ---- deliveries ---- */

/* The receiver goes with the last callback, when it was freed inside. */
static void leave(freshet_webhook *w)
{
	if (--w->depth == 0 && w->leaving)
		receiver_destroy(w);
}

static void set_request(freshet_webhook *w, uint64_t ticket, struct evhttp_request *request)
{
	struct open_delivery *o = open_find(w, ticket);
	if (o != NULL)
		o->request = request;
}

/*
 * Gives a delivery to the host. Until that returns the place holds the request, so that a host which finishes the ticket
 * inside of its callback, or frees the receiver, answers by that.
 */
static void hand_over(freshet_webhook *w, struct evhttp_request *request, const freshet_webhook_delivery *d)
{
	bool confirmed = d->outcome == FRESHET_WEBHOOK_NEW;
	freshet_webhook_fn *fn = confirmed ? w->mounted.on_delivery : w->mounted.on_unconfirmed;
	uint64_t ticket = d->ticket;
	set_request(w, ticket, request);
	w->depth++;
	freshet_webhook_verdict verdict = fn(w, d, w->mounted.user);
	struct open_delivery *o = open_find(w, ticket);
	if (o != NULL && verdict == FRESHET_WEBHOOK_TAKEN && o->unconfirmed && o->request != NULL) {
		freshet_webhook_answer taken = receiver_answer_verdict(verdict);
		o->request = NULL;
		receiver_reply(request, &taken);
	} else if (o != NULL && verdict != FRESHET_WEBHOOK_LATER) {
		freshet_webhook_finish(w, ticket, verdict, NULL);
	}
	leave(w);
}

static void fail(struct evhttp_request *request)
{
	freshet_webhook_delivery failed = {.outcome = FRESHET_WEBHOOK_FAILED};
	freshet_webhook_answer answer = receiver_answer(&failed);
	receiver_reply(request, &answer);
}

void freshet_webhook_evhttp_handle(freshet_webhook *w, struct evhttp_request *request)
{
	freshet_header headers[MAX_HEADERS];
	freshet_webhook_request q = {.method = method_of(request), .headers = headers};
	freshet_webhook_delivery d;
	if (w->mounted.on_delivery == NULL || w->leaving || !read_body(w, request, &q.body)) {
		w->stats.turned_away++;
		fail(request);
		return;
	}
	if (!read_headers(request, headers, &q.header_count)) {
		w->stats.turned_away++;
		evhttp_send_error(request, 431, "Request Header Fields Too Large");
		return;
	}
	q.target = freshet_str_of(evhttp_request_get_uri(request));
	freshet_webhook_receive(w, &q, &d);
	if (d.ticket != 0)
		hand_over(w, request, &d);
	else
		receiver_reply(request, &d.answer);
}

static void on_request(struct evhttp_request *request, void *user)
{
	freshet_webhook_evhttp_handle(user, request);
}

/* ---- the server ---- */

static ev_ssize_t size_limit(size_t limit)
{
	return limit < (size_t)EV_SSIZE_MAX ? (ev_ssize_t)limit : EV_SSIZE_MAX;
}

static freshet_err mount_path(freshet_webhook *w, struct evhttp *http, const char *path)
{
	int result = evhttp_set_cb(http, path, on_request, w);
	if (result == 0)
		return FRESHET_OK;
	return result == -1 ? FRESHET_ESTATE : FRESHET_ENOMEM;
}

freshet_err freshet_webhook_evhttp(
	freshet_webhook *w, struct evhttp *http, const freshet_webhook_evhttp_options *options)
{
	freshet_webhook_evhttp_options o;
	freshet_webhook_evhttp_options_init(&o);
	if (http == NULL || !guest_options(&o, sizeof o, options) || o.on_delivery == NULL ||
		(w->o.confirm_with_status && o.on_unconfirmed == NULL))
		return FRESHET_EINVAL;
	if (w->mounted.on_delivery != NULL)
		return FRESHET_ESTATE;
	char *path = o.path != NULL ? guest_copy(freshet_str_of(o.path)) : NULL;
	if (o.path != NULL && path == NULL)
		return FRESHET_ENOMEM;
	freshet_err err = path != NULL ? mount_path(w, http, path) : FRESHET_OK;
	if (err != FRESHET_OK) {
		freshet_mem_free(path);
		return err;
	}
	if (!o.keep_server_limits) {
		evhttp_set_max_body_size(http, size_limit(w->o.max_body));
		evhttp_set_max_headers_size(http, SERVER_MAX_HEADERS);
	}
	w->mounted = (struct mounted){http, path, o.on_delivery, o.on_unconfirmed, o.user};
	return FRESHET_OK;
}

void receiver_unmount(freshet_webhook *w)
{
	for (uint32_t i = 0; i < w->open_count; i++) {
		uint64_t ticket = open_ticket(w, &w->open[i]);
		if (w->open[i].used)
			freshet_webhook_finish(w, ticket, FRESHET_WEBHOOK_REJECTED, NULL);
	}
	if (w->mounted.path != NULL)
		evhttp_del_cb(w->mounted.http, w->mounted.path);
	freshet_mem_free(w->mounted.path);
	memset(&w->mounted, 0, sizeof w->mounted);
}
