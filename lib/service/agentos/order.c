#include "order.h"

/* ---- the body ---- */

static freshet_err put_input(
	freshet_json_writer *writer, const struct agentos_hosted *h, const freshet_agentos_invoke_options *o)
{
	freshet_json_value input;
	freshet_json_write_key(writer, "input");
	if (o->text.ptr != NULL || o->input.len == 0) {
		freshet_json_write_object(writer);
		if (o->text.ptr != NULL)
			guest_write(writer, h->words.prompt, o->text);
		freshet_json_write_end(writer);
		return o->text.ptr != NULL && o->input.len > 0 ? FRESHET_EINVAL : FRESHET_OK;
	}
	freshet_err err = freshet_json_read(o->input, &input, NULL);
	if (err == FRESHET_OK && input.type != FRESHET_JSON_OBJECT && !h->options.allow_any_input)
		err = FRESHET_EINVAL;
	if (err == FRESHET_OK)
		freshet_json_write_raw(writer, input.raw);
	return err;
}

static freshet_err put_variables(freshet_json_writer *writer, const freshet_agentos_invoke_options *o)
{
	if (o->variable_count == 0)
		return FRESHET_OK;
	if (o->variables == NULL)
		return FRESHET_EINVAL;
	freshet_json_write_key(writer, "prompt_variables");
	freshet_json_write_object(writer);
	for (size_t i = 0; i < o->variable_count; i++) {
		if (o->variables[i].name.len == 0)
			return FRESHET_EINVAL;
		freshet_json_write_key_str(writer, o->variables[i].name);
		freshet_json_write_string(writer, o->variables[i].value);
	}
	freshet_json_write_end(writer);
	return FRESHET_OK;
}

static freshet_err put_history(freshet_json_writer *writer, const freshet_agentos_invoke_options *o)
{
	if (o->history_count == 0)
		return FRESHET_OK;
	if (o->history == NULL)
		return FRESHET_EINVAL;
	freshet_json_write_key(writer, "history");
	freshet_json_write_array(writer);
	for (size_t i = 0; i < o->history_count; i++) {
		freshet_json_write_object(writer);
		guest_write(writer, "role", freshet_str_of(o->history[i].assistant ? "assistant" : "user"));
		guest_write(writer, "content", o->history[i].content);
		freshet_json_write_end(writer);
	}
	freshet_json_write_end(writer);
	return FRESHET_OK;
}

static void put_stream(freshet_json_writer *writer, bool stream)
{
	if (!stream)
		return;
	freshet_json_write_key(writer, "stream");
	freshet_json_write_bool(writer, true);
}

static freshet_err put_invoke(freshet_json_writer *writer, const struct agentos_hosted *h,
	const freshet_agentos_invoke_options *o, bool stream)
{
	bool both = o->session_id.len > 0 && o->history_count > 0;
	char parent[GUEST_UUID_SIZE];
	if ((both && !h->options.allow_session_and_history) ||
		(o->parent_run_id.len > 0 && !guest_uuid_read(o->parent_run_id, parent)))
		return FRESHET_EINVAL;
	freshet_json_write_object(writer);
	freshet_err err = put_input(writer, h, o);
	if (err == FRESHET_OK)
		err = put_variables(writer, o);
	guest_write_filled(writer, "session_id", o->session_id);
	if (err == FRESHET_OK)
		err = put_history(writer, o);
	put_stream(writer, stream);
	if (o->parent_run_id.len > 0)
		guest_write(writer, "parent_run_id", freshet_str_of(parent));
	freshet_json_write_end(writer);
	return err;
}

/* ---- orders ---- */

/* A server may quote what it refuses: what must not be shown is kept as long as an answer may come. */
static freshet_err keep_secrets(const freshet_agentos_invoke_options *o, struct guest_secrets *secrets)
{
	freshet_err err = guest_secrets_room(secrets, o->variable_count);
	for (size_t i = 0; i < o->variable_count && err == FRESHET_OK; i++)
		err = guest_secrets_keep(secrets, o->variables[i].value);
	return err;
}

void order_clear(struct order *order)
{
	guest_secrets_forget(&order->secrets);
	freshet_json_writer_free(order->writer);
	guest_text_clear(&order->path);
	order->writer = NULL;
}

static freshet_err begin(const freshet_agentos *client, size_t route, const char *name, freshet_str value,
	uint64_t timeout_ms, struct order *order)
{
	const struct guest_value values[] = {{name, value}};
	memset(order, 0, sizeof *order);
	order->route = route;
	order->timeout_ms = timeout_ms;
	guest_route_path(&client->guest.routes, route, values, name != NULL ? 1 : 0, &order->path);
	return order->path.err;
}

/* What is written is whole, or everything goes back. */
static freshet_err finish(struct order *order, freshet_err err)
{
	freshet_str text;
	if (err == FRESHET_OK && order->writer != NULL)
		err = freshet_json_writer_text(order->writer, &text);
	if (err != FRESHET_OK)
		order_clear(order);
	return err;
}

static uint64_t or_timeout(uint64_t given, uint64_t otherwise)
{
	return given != 0 ? given : otherwise;
}

freshet_err order_invoke(
	const freshet_agentos *client, const freshet_agentos_invoke_options *options, bool stream, struct order *order)
{
	freshet_agentos_invoke_options o;
	freshet_agentos_invoke_options_init(&o);
	if (options != NULL && !guest_options(&o, sizeof o, options))
		return FRESHET_EINVAL;
	const char *agent = o.agent_id != NULL ? o.agent_id : client->agent_id;
	uint64_t timeout_ms = or_timeout(o.timeout_ms, client->options.invoke_timeout_ms);
	/* A disabled client need not know of an agent. */
	if (client->options.disabled && *agent == '\0')
		agent = "none";
	freshet_err err = begin(client, ROUTE_invoke, "agent_id", freshet_str_of(agent), timeout_ms, order);
	order->key = o.key;
	order->deadline_ms = o.deadline_ms;
	if (err == FRESHET_OK)
		err = guest_writer(0, &order->writer);
	if (err == FRESHET_OK)
		err = put_invoke(order->writer, client->hosted, &o, stream);
	if (err == FRESHET_OK)
		err = keep_secrets(&o, &order->secrets);
	return finish(order, err);
}

freshet_err order_reply(
	const freshet_agentos *client, const freshet_agentos_reply_options *options, bool stream, struct order *order)
{
	freshet_agentos_reply_options o;
	const struct hosted_words *words = &client->hosted->words;
	freshet_agentos_reply_options_init(&o);
	if (!guest_options(&o, sizeof o, options) || o.answer.ptr == NULL)
		return FRESHET_EINVAL;
	uint64_t timeout_ms = or_timeout(o.timeout_ms, client->options.invoke_timeout_ms);
	freshet_err err = begin(client, ROUTE_run_reply, "run_id", o.run_id, timeout_ms, order);
	order->key = o.key;
	order->deadline_ms = o.deadline_ms;
	if (err == FRESHET_OK)
		err = guest_writer(0, &order->writer);
	if (err != FRESHET_OK)
		return finish(order, err);
	freshet_json_write_object(order->writer);
	guest_write(order->writer, words->answer, o.answer);
	if (words->question[0] != '\0')
		guest_write_filled(order->writer, words->question, o.question_id);
	put_stream(order->writer, stream);
	freshet_json_write_end(order->writer);
	return finish(order, FRESHET_OK);
}

freshet_err order_run(const freshet_agentos *client, size_t route, freshet_str run_id, struct order *order)
{
	return finish(order, begin(client, route, "run_id", run_id, client->options.timeout_ms, order));
}

freshet_err order_approvals(const freshet_agentos *client, struct order *order)
{
	freshet_err err =
		begin(client, ROUTE_approvals_list, NULL, (freshet_str){NULL, 0}, client->options.timeout_ms, order);
	return finish(order, err);
}

freshet_err order_decide(
	const freshet_agentos *client, freshet_str approval_id, bool approve, freshet_str reason, struct order *order)
{
	const struct hosted_words *words = &client->hosted->words;
	freshet_err err =
		begin(client, ROUTE_approvals_decide, "approval_id", approval_id, client->options.timeout_ms, order);
	if (err == FRESHET_OK)
		err = guest_writer(0, &order->writer);
	if (err != FRESHET_OK)
		return finish(order, err);
	freshet_json_write_object(order->writer);
	guest_write(order->writer, "decision", freshet_str_of(approve ? words->approve : words->reject));
	guest_write_filled(order->writer, words->reason, reason);
	freshet_json_write_end(order->writer);
	return finish(order, FRESHET_OK);
}
