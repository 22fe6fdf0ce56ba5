/*
 * Happy path: the request is sent, its answer has a 2xx status, the kind of the call reads the body and calls back, the
 * call is gone. Any other status, an answer that cannot be read and a transport that failed become a typed error.
 */
#include "call.h"

#include "failure.h"

/*
 * A server without interrupts answers as it does to any path that it does not know: with a page, or not at all. With
 * words of its own it means the session.
 */
static bool is_unsupported(const freshet_aod_call *call, const freshet_aod_error *error)
{
	int status = error->outcome.http_status;
	return call->operation == OP_SESSION_INTERRUPT && (status == 404 || status == 405) && error->detail.len == 0;
}

static void call_failed(freshet_aod_call *call, const freshet_response *response, freshet_json_scratch *scratch)
{
	struct failure failure;
	failure_init(&failure, &response->outcome, response->body, freshet_str_of(call->client->token), scratch);
	if (is_unsupported(call, &failure.error))
		failure_set(&failure, FRESHET_EUNSUPPORTED);
	call->kind->refuse(call, &failure.error);
	failure_clear(&failure);
}

static void call_unreadable(freshet_aod_call *call, const freshet_response *response, const struct reading *r)
{
	struct failure failure;
	failure_unreadable(&failure, &response->outcome, r->err, r->position);
	call->kind->refuse(call, &failure.error);
	failure_clear(&failure);
}

static void request_done(freshet_request *request, const freshet_response *response, void *user)
{
	freshet_aod_call *call = user;
	struct reading r = {
		.text = response->body, .scratch = guest_scratch_begin(&call->client->scratch, response->body.len)};
	bool whole = response->outcome.err == FRESHET_OK;
	bool good = whole && response->status >= 200 && response->status < 300;
	bool also = whole && call->kind->also != 0 && response->status == call->kind->also;
	(void)request;
	if (good || also)
		call->kind->answer(call, &r);
	if ((!good && !also) || (also && r.err != FRESHET_OK))
		call_failed(call, response, r.scratch);
	else if (r.err != FRESHET_OK)
		call_unreadable(call, response, &r);
	reading_clear(&r);
	freshet_mem_free(call);
}

static void set_request(freshet_request_options *o, freshet_aod_call *call, const struct call_request *request,
	const char *path, freshet_header *json)
{
	*json = (freshet_header){freshet_str_of("content-type"), freshet_str_of("application/json"), false};
	freshet_request_options_init(o);
	o->method = operation_method(request->operation);
	o->path = path;
	o->headers = json;
	o->header_count = request->body.len > 0 ? 1 : 0;
	o->body = request->body;
	o->deadline_ms = request->deadline_ms != 0 ? request->deadline_ms : call->client->deadline_ms;
	o->max_body = call->client->max_answer != 0 ? call->client->max_answer : o->max_body;
	o->on_done = request_done;
	o->user = call;
}

freshet_err call_send(freshet_aod *client, const struct call_request *request, const struct answer_kind *kind,
	union done done, void *user, freshet_aod_call **out)
{
	freshet_request_options o;
	freshet_header json;
	char path[PATH_SIZE];
	if (out != NULL)
		*out = NULL;
	if (client == NULL || done.any == NULL || !operation_path(request->operation, request->id, path))
		return FRESHET_EINVAL;
	freshet_aod_call *call = freshet_mem_new(1, sizeof *call);
	if (call == NULL)
		return FRESHET_ENOMEM;
	*call = (freshet_aod_call){client, NULL, kind, done, user, request->operation};
	set_request(&o, call, request, path, &json);
	freshet_err err = freshet_request_send(client->endpoint, &o, &call->request);
	if (err != FRESHET_OK)
		freshet_mem_free(call);
	else if (out != NULL)
		*out = call;
	return err;
}

freshet_err call_send_written(freshet_aod *client, struct call_request *request, freshet_err err,
	freshet_json_writer *writer, const struct answer_kind *kind, union done done, void *user,
	freshet_aod_call **out)
{
	if (out != NULL)
		*out = NULL;
	if (err == FRESHET_OK)
		err = freshet_json_writer_text(writer, &request->body);
	if (err == FRESHET_OK)
		err = call_send(client, request, kind, done, user, out);
	freshet_json_writer_free(writer);
	return err;
}

void freshet_aod_call_cancel(freshet_aod_call *call)
{
	freshet_request_cancel(call->request);
}
