/*
 * Happy path: the request is sent, its answer has a 2xx status, the table tells what lies in the body, it is read and
 * given to the callback, the call is gone. Any other status, an answer that cannot be read and a transport that failed
 * become a typed error. Each callback comes once, from one of two places: with what was read, or with the error.
 */
#include "call.h"

#include "failure.h"

/* Lists come whole, and files of up to 100 MiB. */
#define MAX_ANSWER ((size_t)128 << 20)

/* ---- the kinds of answers ---- */

#define DELIVER_SOME(name)                                                                                             \
	static void deliver_##name(                                                                                    \
		freshet_ash_call *call, const freshet_ash_error *error, const void *objects, size_t count)             \
	{                                                                                                              \
		((freshet_ash_##name##_fn *)call->done)(call, error, objects, count, call->user);                      \
	}                                                                                                              \
	static const struct ash_answer answer_##name = {ASH_FORM_OBJECTS, &ash_##name##_shape, deliver_##name};

#define DELIVER_ONE(name)                                                                                              \
	static void deliver_##name(                                                                                    \
		freshet_ash_call *call, const freshet_ash_error *error, const void *object, size_t count)              \
	{                                                                                                              \
		(void)count;                                                                                           \
		((freshet_ash_##name##_fn *)call->done)(call, error, object, call->user);                              \
	}                                                                                                              \
	static const struct ash_answer answer_##name = {ASH_FORM_OBJECTS, &ash_##name##_shape, deliver_##name};

DELIVER_SOME(agent)
DELIVER_SOME(session)
DELIVER_SOME(message)
DELIVER_SOME(record)
DELIVER_SOME(attachment)
DELIVER_SOME(queue_item)
DELIVER_SOME(credential)
DELIVER_SOME(api_key)
DELIVER_SOME(usage_event)
DELIVER_SOME(version)
DELIVER_SOME(eval_case)
DELIVER_SOME(eval_run)
DELIVER_SOME(eval_result)
DELIVER_SOME(file_result)
DELIVER_ONE(queue_stats)
DELIVER_ONE(usage_stats)
DELIVER_ONE(analytics)
DELIVER_ONE(eval_comparison)
DELIVER_ONE(file_list)
DELIVER_ONE(log)
DELIVER_ONE(exec_result)
DELIVER_ONE(health)

static void deliver_bytes(freshet_ash_call *call, const freshet_ash_error *error, const void *bytes, size_t count)
{
	(void)count;
	((freshet_ash_bytes_fn *)call->done)(call, error, bytes, call->user);
}

static void deliver_json(freshet_ash_call *call, const freshet_ash_error *error, const void *text, size_t count)
{
	(void)count;
	freshet_str json = text != NULL ? *(const freshet_str *)text : ASH_NONE;
	((freshet_ash_json_fn *)call->done)(call, error, json, call->user);
}

static void deliver_done(freshet_ash_call *call, const freshet_ash_error *error, const void *number, size_t count)
{
	(void)count;
	((freshet_ash_done_fn *)call->done)(call, error, number != NULL ? *(const int64_t *)number : 0, call->user);
}

static const struct ash_answer answer_bytes = {ASH_FORM_BYTES, NULL, deliver_bytes};
static const struct ash_answer answer_json = {ASH_FORM_JSON, NULL, deliver_json};
static const struct ash_answer answer_done = {ASH_FORM_DONE, NULL, deliver_done};

const struct ash_endpoint ash_endpoints[ASH_OPERATIONS] = {
#define ROW(function, method, path, answer, member)                                                                    \
	[ASH_##function] = {"freshet_ash_" #function, method, path, &answer_##answer, member},
	ASH_ENDPOINT_MAP(ROW)
#undef ROW
};

/* ---- reading an answer ---- */

/* The member in which the answer lies, or the whole text. Missing is an error. */
static bool find_member(struct ash_reading *r, const char *member, freshet_json_value *value)
{
	r->err = freshet_json_get(r->text, member != NULL ? member : "", value, &r->position);
	if (r->err == FRESHET_OK && ash_absent(value))
		r->err = FRESHET_EJSON_MISSING;
	return r->err == FRESHET_OK;
}

static void read_objects(freshet_ash_call *call, struct ash_reading *r)
{
	freshet_json_value value;
	size_t count = 0;
	void *objects = NULL;
	if (find_member(r, call->endpoint->member, &value))
		objects = ash_read_objects(r, call->endpoint->answer->shape, &value, &count);
	if (r->err == FRESHET_OK)
		call->endpoint->answer->deliver(call, NULL, objects, count);
}

static void read_json(freshet_ash_call *call, struct ash_reading *r)
{
	freshet_json_value value;
	if (find_member(r, call->endpoint->member, &value))
		call->endpoint->answer->deliver(call, NULL, &value.raw, 1);
}

/* The deed is done, whatever the words: a body that is empty or no JSON (a 204) has no number. */
static void read_done(freshet_ash_call *call, const struct ash_reading *r)
{
	freshet_json_value value = {0};
	int64_t number = 0;
	const char *member = call->endpoint->member;
	if (member != NULL && freshet_json_get(r->text, member, &value, NULL) == FRESHET_OK)
		(void)freshet_json_int64(&value, &number);
	call->endpoint->answer->deliver(call, NULL, &number, 1);
}

static void read_bytes(freshet_ash_call *call, const freshet_response *response)
{
	const freshet_ash_bytes bytes = {
		.bytes = response->body,
		.content_type = response->outcome.content_type,
		.disposition = freshet_response_header(response, "content-disposition"),
		.source = freshet_response_header(response, "x-ash-source"),
	};
	call->endpoint->answer->deliver(call, NULL, &bytes, 1);
}

static void read_answer(freshet_ash_call *call, const freshet_response *response, struct ash_reading *r)
{
	switch (call->endpoint->answer->form) {
	case ASH_FORM_OBJECTS: read_objects(call, r); break;
	case ASH_FORM_JSON: read_json(call, r); break;
	case ASH_FORM_DONE: read_done(call, r); break;
	case ASH_FORM_BYTES: read_bytes(call, response); break;
	}
}

/* ---- the call ---- */

/* The server leaves the stream of an agent that it has killed open and silent for ever. */
static void end_turn(const freshet_ash_call *call)
{
	bool kills =
		call->endpoint == &ash_endpoints[ASH_session_stop] || call->endpoint == &ash_endpoints[ASH_session_end];
	const struct ash_command *command = kills ? ash_command_find(call->client, call->command.session) : NULL;
	if (command != NULL && command->turn != NULL)
		ash_turn_killed(command->turn);
}

static void request_done(freshet_request *request, const freshet_response *response, void *user)
{
	freshet_ash_call *call = user;
	struct ash_failure failure;
	freshet_json_scratch *scratch = guest_scratch_begin(&call->client->scratch, response->body.len);
	struct ash_reading r = {response->body, scratch, FRESHET_OK, 0, NULL};
	bool good = response->outcome.err == FRESHET_OK && response->status >= 200 && response->status < 300;
	(void)request;
	/* The callback may well send the next command. */
	ash_command_leave(call->client, &call->command);
	if (good)
		end_turn(call);
	if (good)
		read_answer(call, response, &r);
	else
		ash_failure_init(
			&failure, &response->outcome, response->body, freshet_str_of(call->client->key), scratch);
	if (r.err != FRESHET_OK)
		ash_failure_unreadable(&failure, &response->outcome, r.err, r.position);
	if (!good || r.err != FRESHET_OK)
		call->endpoint->answer->deliver(call, &failure.error, NULL, 0);
	ash_reading_clear(&r);
	freshet_mem_free(call);
}

static void set_options(
	freshet_request_options *o, const struct ash_request *q, freshet_str body, freshet_header *json, void *user)
{
	*json = (freshet_header){freshet_str_of("content-type"), freshet_str_of("application/json"), false};
	freshet_request_options_init(o);
	o->method = q->endpoint->method;
	o->path = guest_text_terminated(&q->path);
	/* A JSON type with an empty body is refused by the server. */
	o->headers = json;
	o->header_count = body.len > 0 ? 1 : 0;
	o->body = body;
	o->deadline_ms = q->deadline_ms != 0 ? q->deadline_ms : o->deadline_ms;
	o->deadline_ms = q->client->deadline_ms != 0 ? q->client->deadline_ms : o->deadline_ms;
	o->max_body = q->client->max_answer != 0 ? q->client->max_answer : MAX_ANSWER;
	o->on_done = request_done;
	o->user = user;
}

static freshet_err enter_command(freshet_ash_call *call, const struct ash_request *q)
{
	memcpy(call->command.session, q->session, sizeof q->session);
	return q->command ? ash_command_enter(call->client, &call->command) : FRESHET_OK;
}

static freshet_err send_call(
	struct ash_request *q, freshet_str body, ash_any_fn *done, void *user, freshet_ash_call **out)
{
	freshet_request_options o;
	freshet_header json;
	freshet_ash_call *call = freshet_mem_new(1, sizeof *call);
	if (call == NULL)
		return FRESHET_ENOMEM;
	call->client = q->client;
	call->endpoint = q->endpoint;
	call->done = done;
	call->user = user;
	set_options(&o, q, body, &json, call);
	freshet_err err = enter_command(call, q);
	if (err == FRESHET_OK)
		err = freshet_request_send(q->client->endpoint, &o, &call->request);
	if (err != FRESHET_OK) {
		ash_command_leave(q->client, &call->command);
		freshet_mem_free(call);
	} else if (out != NULL) {
		*out = call;
	}
	return err;
}

freshet_err ash_request_send(struct ash_request *q, ash_any_fn *done, void *user, freshet_ash_call **out)
{
	freshet_str body;
	if (out != NULL)
		*out = NULL;
	if (done == NULL)
		ash_request_fail(q, FRESHET_EINVAL);
	freshet_err err = ash_request_body(q, &body);
	if (err == FRESHET_OK)
		err = send_call(q, body, done, user, out);
	ash_request_clear(q);
	return err;
}

void freshet_ash_call_cancel(freshet_ash_call *call)
{
	freshet_request_cancel(call->request);
}
