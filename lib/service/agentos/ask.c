/*
 * Happy path: an order is sent, its answer is 2xx without an error, the kind of the call reads it and calls back, the call
 * is gone. Everything else is a typed error.
 *
 * With a disabled client nothing is sent: a timer brings the callback, as if the answer had come at once. Closing: what is
 * sent ends with the endpoint; what waits for its timer is told by the hosted half.
 */
#include "ask.h"

#include "result.h"

#include <stdio.h>

static void free_call(freshet_agentos_call *call)
{
	freshet_timer_free(call->timer);
	guest_secrets_forget(&call->secrets);
	freshet_mem_free(call);
}

/* ---- answers ---- */

/* It is about to tell. */
static void end(freshet_agentos_call *call, bool good)
{
	freshet_agentos_stats *stats = &call->client->report.stats;
	stats->calls_open--;
	stats->calls_failed += !good;
}

static void refuse(freshet_agentos_call *call, const freshet_agentos_error *error)
{
	end(call, false);
	call->tell(call, error, NULL, 0);
	free_call(call);
}

void ask_told(freshet_agentos *client, size_t route, const struct guest_secrets *secrets,
	const freshet_agentos_event *event, struct agentos_failure *failure)
{
	static const size_t scheme = sizeof "Bearer " - 1;
	const struct agentos_key *key = agentos_key_of(client, route);
	const freshet_str own = freshet_str_of(key->field != NULL ? key->field + scheme : NULL);
	const struct guest_secrets all = {&own, 1, secrets};
	freshet_agentos_error *e = &failure->error;
	agentos_failure_plain(failure, FRESHET_ESERVER, guest_route_key(&client->guest.routes, route), "");
	e->message = guest_cover(
		&all, event->message, &client->scratch.json, failure->base.hidden, sizeof failure->base.hidden);
	if (!guest_secrets_in(&all, event->code))
		e->code = event->code;
	freshet_str words = e->message.len > 0 ? e->message : e->code;
	if (words.len == 0)
		words = freshet_str_of(freshet_err_text(FRESHET_ESERVER));
	e->outcome.text = guest_line(failure->base.text, "%.*s", guest_shown(words), words.ptr);
}

freshet_err ask_read_result(
	const freshet_agentos *client, const struct agentos_answer *answer, int status, freshet_agentos_result *result)
{
	memset(result, 0, sizeof *result);
	/* A pause need not say more than that. */
	result->status = FRESHET_AGENTOS_STATUS_PAUSED;
	if (answer->data.type == FRESHET_JSON_MISSING)
		return status == 202 ? FRESHET_OK : FRESHET_EJSON_MISSING;
	freshet_json_scratch *scratch = (freshet_json_scratch *)(uintptr_t)&client->scratch.json;
	return hosted_result_read(client->hosted, scratch, &answer->data, status, result);
}

/* A good answer whose data cannot be read. */
static void spoil(freshet_agentos_call *call, freshet_err err)
{
	struct agentos_failure failure;
	agentos_failure_plain(
		&failure, err, guest_route_key(&call->client->guest.routes, call->route), freshet_err_text(err));
	failure.error.protocol = err != FRESHET_ENOMEM;
	call->client->report.stats.calls_failed++;
	call->tell(call, &failure.error, NULL, 0);
}

static void call_done(struct guest_call *sent, const freshet_response *response)
{
	freshet_agentos_call *call = guest_client(sent, freshet_agentos_call, call);
	struct agentos_answer answer;
	agentos_answer_read(call->client, call->route, &call->secrets, response, &answer);
	end(call, answer.good);
	if (answer.good)
		call->tell(call, NULL, &answer, response->status);
	else
		call->tell(call, &answer.failure.error, NULL, 0);
	free_call(call);
}

/* A 2xx with an error inside whose code says so is as good as a 503 with the same. */
static int judge(struct guest_call *sent, const freshet_response *response)
{
	freshet_agentos_call *call = guest_client(sent, freshet_agentos_call, call);
	struct agentos_answer answer;
	if (response->status < 200 || response->status >= 300)
		return response->status;
	agentos_answer_read(call->client, call->route, &call->secrets, response, &answer);
	return answer.again ? 503 : response->status;
}

void ask_tell_result(
	freshet_agentos_call *call, const freshet_agentos_error *error, const struct agentos_answer *answer, int status)
{
	freshet_agentos_result result;
	if (error != NULL) {
		call->done.result(call, error, NULL, call->user);
		return;
	}
	freshet_err err = ask_read_result(call->client, answer, status, &result);
	if (err == FRESHET_OK)
		call->done.result(call, NULL, &result, call->user);
	else
		spoil(call, err);
}

static void tell_approvals(
	freshet_agentos_call *call, const freshet_agentos_error *error, const struct agentos_answer *answer, int status)
{
	freshet_agentos_approval *approvals = NULL;
	size_t count = 0;
	(void)status;
	if (error != NULL) {
		call->done.approvals(call, error, NULL, 0, call->user);
		return;
	}
	freshet_err err = hosted_approvals_read(
		call->client->hosted, &call->client->scratch.json, &answer->data, &approvals, &count);
	if (err == FRESHET_OK)
		call->done.approvals(call, NULL, approvals, count, call->user);
	else
		spoil(call, err);
	freshet_mem_free(approvals);
}

static void tell_decision(
	freshet_agentos_call *call, const freshet_agentos_error *error, const struct agentos_answer *answer, int status)
{
	freshet_str word = {NULL, 0};
	(void)status;
	if (error == NULL)
		word = hosted_decision_read(call->client->hosted, &call->client->scratch.json, &answer->data);
	call->done.decision(call, error, word, call->user);
}

/* ---- a disabled client ---- */

static void local_canceled(struct hosted_waiting *waiting)
{
	freshet_agentos_call *call = guest_client(waiting, freshet_agentos_call, waiting);
	struct agentos_failure failure;
	agentos_failure_plain(&failure, FRESHET_ECANCELED, NULL, freshet_err_text(FRESHET_ECANCELED));
	refuse(call, &failure.error);
}

freshet_err ask_local_answer(size_t route, char text[ASK_LOCAL_SIZE], freshet_json_value *data)
{
	char id[GUEST_UUID_SIZE] = "";
	freshet_err err = guest_uuid(id);
	if (err != FRESHET_OK)
		return err;
	if (route == ROUTE_approvals_list || route == ROUTE_approvals_decide)
		strcpy(text, route == ROUTE_approvals_list ? "[]" : "{}");
	else
		snprintf(text, ASK_LOCAL_SIZE, "{\"run_id\":\"%s\",\"status\":\"completed\",\"output\":null}", id);
	return freshet_json_read(freshet_str_of(text), data, NULL);
}

static void local_due(freshet_timer *timer, void *user)
{
	freshet_agentos_call *call = user;
	struct agentos_answer answer = {.good = true, .has_data = true};
	char text[ASK_LOCAL_SIZE];
	(void)timer;
	guest_link_remove(&call->waiting.link);
	if (call->canceled) {
		local_canceled(&call->waiting);
		return;
	}
	guest_scratch_begin(&call->client->scratch, sizeof text);
	end(call, true);
	freshet_err err = ask_local_answer(call->route, text, &answer.data);
	if (err == FRESHET_OK)
		call->tell(call, NULL, &answer, 200);
	else
		spoil(call, err);
	free_call(call);
}

static freshet_err begin_local(freshet_agentos_call *call)
{
	freshet_agentos *client = call->client;
	freshet_err err = freshet_timer_new(freshet_endpoint_reactor(client->endpoint), local_due, call, &call->timer);
	if (err != FRESHET_OK)
		return err;
	call->waiting.canceled = local_canceled;
	hosted_wait(client, &call->waiting);
	freshet_timer_set(call->timer, 0);
	return FRESHET_OK;
}

/* ---- sending ---- */

static freshet_err begin_call(freshet_agentos_call *call, struct order *order, bool repeatable)
{
	struct guest_call_options o = {
		.route = order->route,
		.path = &order->path,
		.writer = order->writer,
		.keyed = order->writer != NULL,
		.key = order->key,
		.again = hosted_again(call->client, repeatable),
		.backoff = hosted_backoff(call->client),
		.attempt_ms = order->timeout_ms,
		.deadline_ms = order->deadline_ms,
		.max_answer = call->client->hosted->options.max_answer,
		.judge = judge,
		.done = call_done,
	};
	order->writer = NULL;
	return guest_call_send(&call->client->guest, &call->call, &o);
}

freshet_err ask_send(freshet_agentos *client, struct order *order, bool repeatable, ask_tell_fn *tell,
	union ask_done done, void *user, freshet_agentos_call **out)
{
	freshet_agentos_call *call = freshet_mem_new(1, sizeof *call);
	freshet_err err = FRESHET_ENOMEM;
	if (out != NULL)
		*out = NULL;
	if (call != NULL) {
		call->client = client;
		call->route = order->route;
		call->tell = tell;
		call->done = done;
		call->user = user;
		call->secrets = order->secrets;
		order->secrets = (struct guest_secrets){NULL, 0, NULL};
		err = client->options.disabled ? begin_local(call) : begin_call(call, order, repeatable);
	}
	order_clear(order);
	if (err != FRESHET_OK) {
		if (call != NULL)
			free_call(call);
		return err;
	}
	client->report.stats.calls++;
	client->report.stats.calls_open++;
	if (out != NULL)
		*out = call;
	return FRESHET_OK;
}

void freshet_agentos_call_cancel(freshet_agentos_call *call)
{
	if (call->timer != NULL)
		call->canceled = true;
	else
		guest_call_cancel(&call->call);
}

/* ---- the calls ---- */

/* The settings, when there is somebody to call back. */
static freshet_err open_for(freshet_agentos *client, bool has_callback, freshet_agentos_call **out)
{
	struct agentos_hosted *hosted;
	if (out != NULL)
		*out = NULL;
	return has_callback ? hosted_open(client, &hosted) : FRESHET_EINVAL;
}

freshet_err freshet_agentos_invoke(freshet_agentos *client, const freshet_agentos_invoke_options *options,
	freshet_agentos_result_fn *done, void *user, freshet_agentos_call **out)
{
	struct order order;
	freshet_err err = open_for(client, done != NULL, out);
	if (err == FRESHET_OK)
		err = order_invoke(client, options, false, &order);
	if (err == FRESHET_OK)
		err = ask_send(client, &order, false, ask_tell_result, (union ask_done){.result = done}, user, out);
	return err;
}

freshet_err freshet_agentos_reply(freshet_agentos *client, const freshet_agentos_reply_options *options,
	freshet_agentos_result_fn *done, void *user, freshet_agentos_call **out)
{
	struct order order;
	freshet_err err = open_for(client, done != NULL, out);
	if (err == FRESHET_OK)
		err = order_reply(client, options, false, &order);
	if (err == FRESHET_OK)
		err = ask_send(client, &order, false, ask_tell_result, (union ask_done){.result = done}, user, out);
	return err;
}

freshet_err freshet_agentos_run_read(freshet_agentos *client, freshet_str run_id, freshet_agentos_result_fn *done,
	void *user, freshet_agentos_call **out)
{
	struct order order;
	freshet_err err = open_for(client, done != NULL, out);
	if (err == FRESHET_OK)
		err = order_run(client, ROUTE_run_get, run_id, &order);
	if (err == FRESHET_OK)
		err = ask_send(client, &order, true, ask_tell_result, (union ask_done){.result = done}, user, out);
	return err;
}

freshet_err freshet_agentos_approvals(
	freshet_agentos *client, freshet_agentos_approvals_fn *done, void *user, freshet_agentos_call **out)
{
	struct order order;
	freshet_err err = open_for(client, done != NULL, out);
	if (err == FRESHET_OK)
		err = order_approvals(client, &order);
	if (err == FRESHET_OK)
		err = ask_send(client, &order, true, tell_approvals, (union ask_done){.approvals = done}, user, out);
	return err;
}

freshet_err freshet_agentos_decide(freshet_agentos *client, freshet_str approval_id, bool approve, freshet_str reason,
	freshet_agentos_decision_fn *done, void *user, freshet_agentos_call **out)
{
	struct order order;
	freshet_err err = open_for(client, done != NULL, out);
	if (err == FRESHET_OK)
		err = order_decide(client, approval_id, approve, reason, &order);
	if (err == FRESHET_OK)
		err = ask_send(client, &order, true, tell_decision, (union ask_done){.decision = done}, user, out);
	return err;
}
