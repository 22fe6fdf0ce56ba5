/*
 * The control API: the C interface over HTTP, for programs in any language. Parameters are in the query, bytes in the
 * body, answers in JSON. It asks for no token, and it is on only where the options say so.
 *
 *	GET    /mockd/stats
 *	GET    /mockd/ledger[?session=ID]
 *	GET    /mockd/faults               POST (parts of the fault)    DELETE [?number=N]
 *	POST   /mockd/cuts?per_minute=N[&connections=PERCENT]
 *	POST   /mockd/set?NAME=NUMBER...
 *	POST   /mockd/advance?ms=N         of a manual clock
 *	POST   /mockd/sessions             body: the prompt
 *	POST   /mockd/rows?session=ID[&stream=stderr]      body: the text
 *	POST   /mockd/end?session=ID&status=STATUS[&code=N]
 *	POST   /mockd/sandbox?session=ID   it is lost
 *	POST   /mockd/purge?session=ID&through=ROW
 *	DELETE /mockd/sessions?session=ID  whatever its state
 *
 * and of Ash's sessions
 *
 *	POST   /mockd/ash/sessions
 *	POST   /mockd/ash/say?session=ID       body: one agent message
 *	POST   /mockd/ash/end?session=ID[&failed=1]    its newest turn
 *	POST   /mockd/ash/sandbox?session=ID   it is lost
 *	POST   /mockd/ash/restart              the server starts anew
 *
 * Webhooks are in control_webhook.c, what else the platforms have is theirs.
 */
#include "mockd/control.h"

#include "mockd/alloc.h"
#include "mockd/fault.h"
#include "mockd/fault_text.h"
#include "mockd/json_text.h"
#include "mockd/server.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

struct control {
	struct platform platform;
	struct mockd *mockd;
};

void control_answer(struct exchange *x, int status, json_t *body)
{
	const struct answer head = {.status = status, .content_type = "application/json"};
	char *text = json_text(body);
	exchange_answer(x, &head, freshet_str_of(text));
	free(text);
	json_decref(body);
}

void control_answer_done(struct exchange *x, bool done, const char *complaint)
{
	if (done)
		control_answer(x, 200, json_object());
	else
		control_answer(x, 400, json_pack("{s:s}", "detail", complaint));
}

/* 64-bit numbers that are no counts go as decimal text: JSON readers may lose digits of them. */
static json_t *hash_json(uint64_t hash)
{
	return json_sprintf("%" PRIu64, hash);
}

static void get_stats(struct mockd *m, struct exchange *x, const struct request *r)
{
	(void)r;
	struct mockd_stats s;
	mockd_get_stats(m, &s);
	control_answer(x, 200,
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "connections", (json_int_t)s.connections,
			"exchanges", (json_int_t)s.exchanges, "accepted", (json_int_t)s.accepted, "requests",
			(json_int_t)s.requests, "bytes_in", (json_int_t)s.bytes_in, "bytes_out",
			(json_int_t)s.bytes_out, "cuts", (json_int_t)s.cuts, "now_ms", (json_int_t)mockd_now_ms(m)));
}

static json_t *entry_json(const struct mockd_ledger_entry *e)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:b, s:I, s:I, s:I, s:I, s:o, s:I, s:o}", "platform", e->platform,
		"session", e->session, "prompt", e->prompt, "status", e->status, "code",
		e->has_code ? json_integer(e->code) : json_null(), "deleted", (int)e->deleted, "turns",
		(json_int_t)e->turns, "rows", (json_int_t)e->rows, "first_row", (json_int_t)e->first_row, "last_row",
		(json_int_t)e->last_row, "hash", hash_json(e->hash), "output_rows", (json_int_t)e->output_rows,
		"text_hash", hash_json(e->text_hash));
}

/* Entries are written one by one: a tree of a million of them would be large. */
static void write_entry(const struct mockd_ledger_entry *entry, void *user)
{
	struct buffer *b = user;
	json_t *json = entry_json(entry);
	char *text = json_text(json);
	buffer_text(b, b->len > 0 && b->bytes[b->len - 1] != '[' ? ",\n" : "\n");
	buffer_text(b, text);
	free(text);
	json_decref(json);
}

static void keep_entry(const struct mockd_ledger_entry *entry, void *user)
{
	*(json_t **)user = entry_json(entry);
}

static void append_row(const struct mockd_ledger_row *row, void *user)
{
	json_array_append_new(user, json_pack("{s:I, s:i, s:s, s:s%}", "id", (json_int_t)row->id, "turn",
					    (int)row->turn, "kind", row->kind, "data", row->data.ptr, row->data.len));
}

static void get_session_ledger(struct mockd *m, struct exchange *x, const char *session)
{
	json_t *entry = NULL;
	if (!mockd_ledger_find(m, session, keep_entry, &entry)) {
		control_answer(x, 404, json_pack("{s:s}", "detail", "no such session"));
		return;
	}
	json_t *rows = json_array();
	mockd_ledger_rows(m, session, append_row, rows);
	json_object_set_new(entry, "data", rows);
	control_answer(x, 200, entry);
}

static void get_ledger(struct mockd *m, struct exchange *x, const struct request *r)
{
	static const struct answer head = {.status = 200, .content_type = "application/json"};
	char *session = request_query(r, "session");
	if (session != NULL) {
		get_session_ledger(m, x, session);
		free(session);
		return;
	}
	struct buffer b = {.bytes = NULL};
	buffer_text(&b, "{\"sessions\": [");
	mockd_ledger_each(m, write_entry, &b);
	buffer_text(&b, "]}\n");
	exchange_answer(x, &head, buffer_span(&b));
	buffer_clear(&b);
}

static void get_faults(struct mockd *m, struct exchange *x, const struct request *r)
{
	(void)r;
	json_t *list = json_array();
	list_each (node, &m->faults) {
		const struct fault *f = container_of(node, struct fault, node);
		json_array_append_new(
			list, json_pack("{s:I, s:s, s:s, s:I, s:I}", "number", (json_int_t)f->number, "moment",
				      fault_moment_name(f->spec.moment), "action", fault_action_name(f->spec.action),
				      "seen", (json_int_t)f->seen, "struck", (json_int_t)f->struck));
	}
	control_answer(x, 200, json_pack("{s:o}", "faults", list));
}

char *control_word(const void *request, const char *name)
{
	return request_query(request, name);
}

static void add_fault(struct mockd *m, struct exchange *x, const struct request *r)
{
	uint64_t number = fault_add_named(m, control_word, r, r->body);
	if (number > 0)
		control_answer(x, 201, json_pack("{s:I}", "number", (json_int_t)number));
	else
		control_answer_done(x, false, "the fault makes no sense");
}

static void delete_faults(struct mockd *m, struct exchange *x, const struct request *r)
{
	uint64_t number = request_query_number(r, "number", 0);
	if (number > 0)
		mockd_fault_remove(m, number);
	else
		mockd_fault_clear(m);
	control_answer_done(x, true, NULL);
}

static void set_cuts(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *text = request_query(r, "per_minute");
	char *end = text;
	double per_minute = text != NULL ? strtod(text, &end) : 0;
	bool good = text != NULL && end != text && *end == '\0' && per_minute >= 0;
	if (good)
		mockd_random_cuts(m, per_minute, (unsigned)request_query_number(r, "connections", 50));
	free(text);
	control_answer_done(x, good, "per_minute must be a number");
}

/* Every parameter of the query is a setting. */
static void change_settings(struct mockd *m, struct exchange *x, const struct request *r)
{
	freshet_str rest = r->query;
	bool good = rest.len > 0;
	while (rest.len > 0) {
		const char *end = memchr(rest.ptr, '&', rest.len);
		size_t len = end != NULL ? (size_t)(end - rest.ptr) : rest.len;
		const char *equals = memchr(rest.ptr, '=', len);
		char *name =
			must_copy_span((freshet_str){rest.ptr, equals != NULL ? (size_t)(equals - rest.ptr) : len});
		uint64_t value = request_query_number(r, name, UINT64_MAX);
		good = value != UINT64_MAX && mockd_set(m, name, value) && good;
		free(name);
		size_t step = len + (end != NULL);
		rest = (freshet_str){rest.ptr + step, rest.len - step};
	}
	control_answer_done(x, good, "no such setting, or no such value");
}

static void advance_clock(struct mockd *m, struct exchange *x, const struct request *r)
{
	bool manual = m->options.manual_clock;
	control_answer_done(x, manual, "the clock is not manual");
	if (manual)
		mockd_advance_soon(m, request_query_number(r, "ms", 0));
}

static void add_session(struct mockd *m, struct exchange *x, const struct request *r)
{
	char id[MOCKD_ID_SIZE];
	char *prompt = must_copy_span(r->body);
	if (mockd_add_session(m, prompt, id) == FRESHET_OK)
		control_answer(x, 201, json_pack("{s:s}", "id", id));
	else
		control_answer_done(x, false, "no such script");
	free(prompt);
}

static void delete_session(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *session = request_query(r, "session");
	if (session != NULL)
		mockd_delete_soon(m, session);
	control_answer_done(x, session != NULL, "session is missing");
	free(session);
}

static void add_row(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *session = request_query(r, "session");
	char *stream = request_query(r, "stream");
	uint64_t id = session != NULL
			      ? mockd_add_row(m, session, stream != NULL ? stream : "stdout", r->body.ptr, r->body.len)
			      : 0;
	if (id > 0)
		control_answer(x, 201, json_pack("{s:I}", "id", (json_int_t)id));
	else
		control_answer_done(x, false, "no such session, or it does not run, or the text is no UTF-8");
	free(session);
	free(stream);
}

static void end_session(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *session = request_query(r, "session");
	char *status = request_query(r, "status");
	char *text = request_query(r, "code");
	int code = text != NULL ? (int)strtol(text, NULL, 10) : 0;
	bool done =
		session != NULL && status != NULL && mockd_end_session(m, session, status, text != NULL ? &code : NULL);
	control_answer_done(x, done, "no such session, or it does not run, or no such status");
	free(session);
	free(status);
	free(text);
}

static void lose_sandbox(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *session = request_query(r, "session");
	control_answer_done(x, session != NULL && mockd_lose_sandbox(m, session), "no such session");
	free(session);
}

static void purge_rows(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *session = request_query(r, "session");
	uint64_t through = request_query_number(r, "through", UINT64_MAX);
	control_answer_done(x, session != NULL && mockd_purge_rows(m, session, through), "no such session");
	free(session);
}

static void ash_add(struct mockd *m, struct exchange *x, const struct request *r)
{
	char id[MOCKD_ID_SIZE];
	(void)r;
	mockd_ash_add_session(m, id);
	control_answer(x, 201, json_pack("{s:s}", "id", id));
}

static void ash_say(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *session = request_query(r, "session");
	bool done = session != NULL && r->body.len > 0 && mockd_ash_say(m, session, r->body.ptr, r->body.len);
	control_answer_done(x, done, "no such session, or no turn runs in it, or the body is no JSON object");
	free(session);
}

static void ash_end(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *session = request_query(r, "session");
	bool done = session != NULL && mockd_ash_end_turn(m, session, request_query_number(r, "failed", 0) == 0);
	control_answer_done(x, done, "no such session, or no turn runs in it");
	free(session);
}

static void ash_lose_sandbox(struct mockd *m, struct exchange *x, const struct request *r)
{
	char *session = request_query(r, "session");
	control_answer_done(x, session != NULL && mockd_ash_lose_sandbox(m, session), "no such session");
	free(session);
}

static void ash_restart(struct mockd *m, struct exchange *x, const struct request *r)
{
	(void)r;
	mockd_ash_restart(m);
	control_answer_done(x, true, NULL);
}

static bool control_of_platform(struct mockd *m, struct exchange *x, const struct request *r)
{
	for (size_t i = 0; i < m->platform_count; i++) {
		struct platform *p = m->platforms[i];
		if (p->control != NULL && p->control(p, x, r))
			return true;
	}
	return false;
}

static void control_handle(struct platform *platform, struct exchange *x, const struct request *r)
{
	static const struct {
		const char *method;
		const char *path;
		void (*handler)(struct mockd *m, struct exchange *x, const struct request *r);
	} routes[] = {
		{"GET", "/mockd/stats", get_stats},
		{"GET", "/mockd/ledger", get_ledger},
		{"GET", "/mockd/faults", get_faults},
		{"POST", "/mockd/faults", add_fault},
		{"DELETE", "/mockd/faults", delete_faults},
		{"POST", "/mockd/cuts", set_cuts},
		{"POST", "/mockd/set", change_settings},
		{"POST", "/mockd/advance", advance_clock},
		{"POST", "/mockd/sessions", add_session},
		{"DELETE", "/mockd/sessions", delete_session},
		{"POST", "/mockd/rows", add_row},
		{"POST", "/mockd/end", end_session},
		{"POST", "/mockd/sandbox", lose_sandbox},
		{"POST", "/mockd/purge", purge_rows},
		{"POST", "/mockd/ash/sessions", ash_add},
		{"POST", "/mockd/ash/say", ash_say},
		{"POST", "/mockd/ash/end", ash_end},
		{"POST", "/mockd/ash/sandbox", ash_lose_sandbox},
		{"POST", "/mockd/ash/restart", ash_restart},
	};
	struct control *c = container_of(platform, struct control, platform);
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (freshet_str_is(r->path, routes[i].path) && freshet_str_is(r->method, routes[i].method)) {
			routes[i].handler(c->mockd, x, r);
			return;
		}
	}
	if (!control_webhook(c->mockd, x, r) && !control_of_platform(c->mockd, x, r))
		control_answer(x, 404, json_pack("{s:s}", "detail", "no such control"));
}

static void control_free(struct platform *platform)
{
	free(container_of(platform, struct control, platform));
}

struct platform *control_new(struct mockd *m)
{
	struct control *c = must_alloc(sizeof *c);
	*c = (struct control){
		.platform = {.mount = "/mockd", .handle = control_handle, .free = control_free}, .mockd = m};
	return &c->platform;
}
