/*
 * Happy path: path, query and body are written, the request is sent, its answer has a 2xx status and is read. Any other
 * status, an answer that cannot be read and a transport that failed become a typed error. The callback comes once, from
 * one of two places: with what was read, or with the error.
 */
#include "call.h"

#include <stdio.h>

/* ---- asking ---- */

/* RFC 9110, section 9.2.2. */
static bool is_idempotent(const char *method)
{
	static const char *const names[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", NULL};
	return guest_names_have(names, freshet_str_of(method));
}

void sudoiq_ask_begin(struct sudoiq_ask *ask, freshet_sudoiq *client, size_t route)
{
	bool idempotent = is_idempotent(guest_route_method(&client->guest.routes, route));
	*ask = (struct sudoiq_ask){.client = client, .route = route, .err = FRESHET_OK};
	/* What asks us to come later was surely not acted upon. */
	ask->again = idempotent ? GUEST_AGAIN_ANY : GUEST_AGAIN_BUSY | GUEST_AGAIN_ASKED;
}

void sudoiq_ask_value(struct sudoiq_ask *ask, const char *name, freshet_str value)
{
	ask->values[ask->value_count++] = (struct guest_value){name, value};
}

void sudoiq_ask_task(struct sudoiq_ask *ask, freshet_str agent_id, int64_t task_id)
{
	snprintf(ask->number, sizeof ask->number, "%lld", (long long)task_id);
	sudoiq_ask_value(ask, "agent_id", agent_id);
	sudoiq_ask_value(ask, "task_id", freshet_str_of(ask->number));
	if (agent_id.len == 0)
		sudoiq_ask_fail(ask, FRESHET_EINVAL);
}

void sudoiq_ask_query(struct sudoiq_ask *ask, const char *name, freshet_str value)
{
	guest_query(&ask->query, name, value);
}

void sudoiq_ask_query_int(struct sudoiq_ask *ask, const char *name, int64_t value)
{
	guest_query_int(&ask->query, name, value);
}

freshet_json_writer *sudoiq_ask_body(struct sudoiq_ask *ask)
{
	if (ask->writer == NULL)
		sudoiq_ask_fail(ask, guest_writer(0, &ask->writer));
	return ask->writer;
}

void sudoiq_ask_fail(struct sudoiq_ask *ask, freshet_err err)
{
	if (ask->err == FRESHET_OK)
		ask->err = err;
}

/* The query was written as if the path had none; a path of the caller's may bring one. */
static void add_query(struct guest_text *path, const struct guest_text *query)
{
	if (query->err != FRESHET_OK)
		guest_text_fail(path, query->err);
	if (query->len == 0)
		return;
	bool more = path->len > 0 && memchr(path->ptr, '?', path->len) != NULL;
	guest_text_put(path, more ? "&" : "?");
	guest_text_add(path, query->ptr + 1, query->len - 1);
}

/* ---- the answer ---- */

void sudoiq_call_unreadable(
	freshet_sudoiq_call *call, const freshet_response *response, freshet_err err, size_t position)
{
	struct sudoiq_failure failure;
	sudoiq_failure_unreadable(&failure, &response->outcome, err, position);
	call->answer(call, response, &failure.error);
}

static void answered(struct guest_call *request, const freshet_response *response)
{
	freshet_sudoiq_call *call = guest_client(request, freshet_sudoiq_call, request);
	struct sudoiq_failure failure;
	bool good = response->outcome.err == FRESHET_OK && response->status >= 200 && response->status < 300;
	if (!good)
		sudoiq_failure_of_response(&failure, call->client, response);
	call->answer(call, response, good ? NULL : &failure.error);
	freshet_mem_free(call);
}

static freshet_err send_call(struct sudoiq_ask *ask, freshet_sudoiq_call *call)
{
	freshet_sudoiq *client = ask->client;
	struct guest_text path = {0};
	guest_route_path(&client->guest.routes, ask->route, ask->values, ask->value_count, &path);
	add_query(&path, &ask->query);
	struct guest_call_options options = {
		.route = ask->route,
		.path = &path,
		.writer = ask->writer,
		.again = ask->again,
		.backoff = client->settings.backoff,
		.attempt_ms = client->settings.timeout_ms,
		.max_answer = client->settings.max_answer,
		.done = answered,
	};
	ask->writer = NULL;
	return guest_call_send(&client->guest, &call->request, &options);
}

freshet_err sudoiq_ask_send(
	struct sudoiq_ask *ask, sudoiq_answer_fn *answer, sudoiq_any_fn *done, void *user, freshet_sudoiq_call **out)
{
	freshet_sudoiq_call *call = NULL;
	freshet_err err = ask->err;
	if (out != NULL)
		*out = NULL;
	if (err == FRESHET_OK && (call = freshet_mem_new(1, sizeof *call)) == NULL)
		err = FRESHET_ENOMEM;
	if (err == FRESHET_OK) {
		call->client = ask->client;
		call->answer = answer;
		call->done = done;
		call->user = user;
		err = send_call(ask, call);
	}
	freshet_json_writer_free(ask->writer);
	guest_text_clear(&ask->query);
	if (err != FRESHET_OK)
		freshet_mem_free(call);
	else if (out != NULL)
		*out = call;
	return err;
}

void freshet_sudoiq_call_cancel(freshet_sudoiq_call *call)
{
	if (call->cancel != NULL)
		call->cancel(call);
	else
		guest_call_cancel(&call->request);
}
