/*
 * The control API of webhooks.
 *
 *	GET    /mockd/webhooks[?platform=NAME]     deliveries and sums
 *	POST   /mockd/webhooks?platform=NAME[&url=URL][&secret=TEXT]    where they go
 *	POST   /mockd/webhooks/faults              parts of the fault; the body is the webhook's
 *	DELETE /mockd/webhooks/faults
 */
#include "mockd/alloc.h"
#include "mockd/control.h"
#include "mockd/server.h"
#include "mockd/webhook.h"

static void append_record(const struct mockd_webhook_record *r, void *user)
{
	json_t *answers = json_array();
	for (size_t i = 0; i < r->answer_count; i++)
		json_array_append_new(answers, json_integer(r->answers[i]));
	json_array_append_new(
		user, json_pack("{s:s, s:I, s:s, s:s, s:s, s:b, s:s, s:o, s:s%}", "platform", r->platform, "number",
			      (json_int_t)r->number, "key", r->key, "event", r->event, "id", r->id, "copy",
			      (int)r->copy, "state", r->state, "answers", answers, "body", r->body.ptr, r->body.len));
}

static void get_webhooks(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *platform = request_query(r, "platform");
	struct mockd_webhook_stats s;
	json_t *records = json_array();
	mockd_webhook_get_stats(m, platform, &s);
	mockd_webhook_each(m, platform, append_record, records);
	free(platform);
	control_answer(x, 200,
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "deliveries", (json_int_t)s.deliveries,
			"copies", (json_int_t)s.copies, "swapped", (json_int_t)s.swapped, "tries", (json_int_t)s.tries,
			"delivered", (json_int_t)s.delivered, "given_up", (json_int_t)s.given_up, "lost",
			(json_int_t)s.lost, "waiting", (json_int_t)s.waiting, "webhooks", records));
}

static void direct(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *platform = request_query(r, "platform");
	char *url = request_query(r, "url");
	char *secret = request_query(r, "secret");
	control_answer_done(x, platform != NULL && mockd_webhook_to(m, platform, url, secret),
		"no such platform, or no http URL of the loopback");
	free(platform);
	free(url);
	free(secret);
}

static void add_fault(struct mockd *m, struct exchange *x, const struct request *r)
{
	uint64_t number = webhook_fault_add_named(m, control_word, r, r->body);
	if (number > 0)
		control_answer(x, 201, json_pack("{s:I}", "number", (json_int_t)number));
	else
		control_answer_done(x, false, "the fault makes no sense");
}

static void clear_faults(struct mockd *m, struct exchange *x, const struct request *r)
{
	(void)r;
	mockd_webhook_fault_clear(m);
	control_answer_done(x, true, NULL);
}

bool control_webhook(struct mockd *m, struct exchange *x, const struct request *r)
{
	static const struct {
		const char *method;
		const char *path;
		void (*handler)(struct mockd *m, struct exchange *x, const struct request *r);
	} routes[] = {
		{"GET", "/mockd/webhooks", get_webhooks},
		{"POST", "/mockd/webhooks", direct},
		{"POST", "/mockd/webhooks/faults", add_fault},
		{"DELETE", "/mockd/webhooks/faults", clear_faults},
	};
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (freshet_str_is(r->path, routes[i].path) && freshet_str_is(r->method, routes[i].method)) {
			routes[i].handler(m, x, r);
			return true;
		}
	}
	return false;
}
