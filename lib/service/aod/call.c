/*
 * Happy path: the request is sent, its answer has a 2xx status, the kind of the call reads the body and calls back, the
 * call is gone. Any other status, an answer that cannot be read and a transport that failed become a typed error.
 */
#include "call.h"

#include "failure.h"

static void call_failed(freshet_aod_call *call, const freshet_response *response, freshet_json_scratch *scratch)
{
	struct failure failure;
	failure_init(&failure, &response->outcome, response->body, scratch);
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
	struct reading r = {response->body, client_scratch(call->client, response->body.len), FRESHET_OK, 0};
	bool good = response->outcome.err == FRESHET_OK && response->status >= 200 && response->status < 300;
	(void)request;
	if (!good)
		call_failed(call, response, r.scratch);
	else
		call->kind->answer(call, &r);
	if (r.err != FRESHET_OK)
		call_unreadable(call, response, &r);
	freshet_mem_free(call);
}

static void set_request(
	freshet_request_options *o, freshet_aod_call *call, const struct call_request *request, freshet_header *json)
{
	*json = (freshet_header){freshet_str_of("content-type"), freshet_str_of("application/json"), false};
	freshet_request_options_init(o);
	o->method = request->method;
	o->path = request->path;
	o->headers = json;
	o->header_count = request->body.len > 0 ? 1 : 0;
	o->body = request->body;
	o->deadline_ms = call->client->deadline_ms != 0 ? call->client->deadline_ms : o->deadline_ms;
	o->max_body = call->client->max_answer != 0 ? call->client->max_answer : o->max_body;
	o->on_done = request_done;
	o->user = call;
}

freshet_err call_send(freshet_aod *client, const struct call_request *request, const struct answer_kind *kind,
	union done done, void *user, freshet_aod_call **out)
{
	freshet_request_options o;
	freshet_header json;
	freshet_aod_call *call = freshet_mem_new(1, sizeof *call);
	if (call == NULL)
		return FRESHET_ENOMEM;
	*call = (freshet_aod_call){client, NULL, kind, done, user};
	set_request(&o, call, request, &json);
	freshet_err err = freshet_request_send(client->endpoint, &o, &call->request);
	if (err != FRESHET_OK)
		freshet_mem_free(call);
	else if (out != NULL)
		*out = call;
	return err;
}

void freshet_aod_call_cancel(freshet_aod_call *call)
{
	freshet_request_cancel(call->request);
}
