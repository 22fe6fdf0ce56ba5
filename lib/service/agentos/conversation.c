/*
 * Conversations: a line of messages, of which the first is under way. Its end, whatever it is, lets the next one go.
 *
 * Closing: freeing the handle cancels the message that is under way; its last callback ends the rest of the line and then
 * the memory. A client that goes ends its messages first and then forgets the conversation, which keeps what it remembers.
 */
#include "hosted.h"

#include "failure.h"

#include "guest/random.h"

/* A message in line. */
struct turn {
	struct guest_link link;
	freshet_agentos_conversation *conversation;
	freshet_str text; /* with memory of its own */
	bool streamed;
	freshet_agentos_result_fn *done;
	freshet_agentos_stream_callbacks callbacks;
	void *user;
};

struct freshet_agentos_conversation {
	struct hosted_waiting known; /* to the client, while there is one */
	freshet_agentos *client;     /* NULL: gone */
	char *agent_id;
	char *session_id; /* "" when it is local */
	freshet_agentos_variable *variables;
	size_t variable_count;
	uint64_t timeout_ms;
	freshet_agentos_message *history; /* room for max_messages and two more */
	size_t history_count;
	size_t history_bytes;
	struct guest_link line;
	uint32_t waiting;
	struct turn *current;
	freshet_agentos_call *call;     /* of the current one */
	freshet_agentos_stream *stream; /* or this */
	bool local;
	bool telling; /* a callback of its user's is running */
	bool freed;   /* by its user */
};

/* ---- memory ---- */

static void free_str(freshet_str text)
{
	char *memory = (char *)(uintptr_t)text.ptr;
	guest_wipe(memory, text.len);
	freshet_mem_free(memory);
}

static bool copy_str(freshet_str *to, freshet_str from)
{
	freshet_str given = from.ptr != NULL ? from : freshet_str_of("");
	*to = (freshet_str){guest_copy(given), given.len};
	return to->ptr != NULL;
}

static void free_turn(struct turn *turn)
{
	free_str(turn->text);
	freshet_mem_free(turn);
}

static void free_conversation(freshet_agentos_conversation *c)
{
	guest_link_remove(&c->known.link);
	for (size_t i = 0; i < c->variable_count; i++) {
		free_str(c->variables[i].name);
		free_str(c->variables[i].value);
	}
	for (size_t i = 0; i < c->history_count; i++)
		free_str(c->history[i].content);
	freshet_mem_free(c->variables);
	freshet_mem_free(c->history);
	freshet_mem_free(c->agent_id);
	freshet_mem_free(c->session_id);
	freshet_mem_free(c);
}

/* ---- what is remembered ---- */

static void forget_oldest(freshet_agentos_conversation *c)
{
	for (size_t i = 0; i < 2; i++) {
		c->history_bytes -= c->history[i].content.len;
		free_str(c->history[i].content);
	}
	c->history_count -= 2;
	memmove(c->history, c->history + 2, c->history_count * sizeof *c->history);
}

/* Without memory the two are not remembered, as if they had been the oldest. */
static void remember(freshet_agentos_conversation *c, freshet_str question, freshet_str answer)
{
	const freshet_agentos_hosted_options *o = &c->client->hosted->options;
	freshet_agentos_message *messages = c->history + c->history_count;
	bool whole = copy_str(&messages[0].content, question);
	whole = copy_str(&messages[1].content, answer) && whole;
	if (!whole) {
		free_str(messages[0].content);
		free_str(messages[1].content);
		return;
	}
	messages[0].assistant = false;
	messages[1].assistant = true;
	c->history_count += 2;
	c->history_bytes += question.len + answer.len;
	while (c->history_count > 0 && (c->history_count > o->max_messages || c->history_bytes > o->max_history))
		forget_oldest(c);
}

/* The output's characters; without any those of the stream; else its JSON. */
static void remember_result(struct turn *turn, const freshet_agentos_result *result, freshet_str streamed)
{
	freshet_agentos_conversation *c = turn->conversation;
	if (!c->local || result == NULL || result->status != FRESHET_AGENTOS_STATUS_COMPLETED)
		return;
	freshet_str answer = result->output_text.ptr != NULL ? result->output_text : streamed;
	remember(c, turn->text, answer.len > 0 ? answer : result->output);
}

/* ---- the line ---- */

static freshet_err begin(struct turn *turn);

/* Tells a turn that was never sent; it is gone then. */
static void refuse(struct turn *turn, freshet_err err)
{
	struct agentos_failure failure;
	freshet_agentos_conversation *c = turn->conversation;
	agentos_failure_plain(&failure, err, NULL, freshet_err_text(err));
	const freshet_agentos_stream_end end = {.error = &failure.error};
	c->telling = true;
	if (turn->streamed)
		turn->callbacks.on_done(NULL, &end, turn->user);
	else
		turn->done(NULL, &failure.error, NULL, turn->user);
	c->telling = false;
	free_turn(turn);
}

static struct turn *take_first(freshet_agentos_conversation *c)
{
	struct turn *turn = guest_client(c->line.next, struct turn, link);
	guest_link_remove(&turn->link);
	c->waiting--;
	return turn;
}

/* Lets the next one go, or ends what has no one to go to. */
static void go_on(freshet_agentos_conversation *c)
{
	while (c->current == NULL && c->line.next != &c->line) {
		struct turn *turn = take_first(c);
		bool dead = c->freed || c->client == NULL;
		freshet_err err = dead ? FRESHET_ECANCELED : begin(turn);
		if (err != FRESHET_OK)
			/* A client that closes cancels what is in line. */
			refuse(turn, err == FRESHET_ESTATE ? FRESHET_ECANCELED : err);
	}
	if (c->freed && c->current == NULL)
		free_conversation(c);
}

/* The current turn has been told its end. */
static void end_current(freshet_agentos_conversation *c)
{
	struct turn *turn = c->current;
	c->telling = false;
	c->current = NULL;
	c->call = NULL;
	c->stream = NULL;
	free_turn(turn);
	go_on(c);
}

static void call_done(freshet_agentos_call *call, const freshet_agentos_error *error,
	const freshet_agentos_result *result, void *user)
{
	struct turn *turn = user;
	freshet_agentos_conversation *c = turn->conversation;
	remember_result(turn, result, (freshet_str){NULL, 0});
	c->telling = true;
	turn->done(call, error, result, turn->user);
	end_current(c);
}

static void stream_event(freshet_agentos_stream *stream, const freshet_agentos_event *event, void *user)
{
	struct turn *turn = user;
	if (turn->callbacks.on_event != NULL)
		turn->callbacks.on_event(stream, event, turn->user);
}

static void stream_done(freshet_agentos_stream *stream, const freshet_agentos_stream_end *end, void *user)
{
	struct turn *turn = user;
	freshet_agentos_conversation *c = turn->conversation;
	remember_result(turn, end->error == NULL ? end->result : NULL, end->text);
	c->telling = true;
	turn->callbacks.on_done(stream, end, turn->user);
	end_current(c);
}

static freshet_err begin(struct turn *turn)
{
	static const freshet_agentos_stream_callbacks callbacks = {stream_event, stream_done};
	freshet_agentos_conversation *c = turn->conversation;
	freshet_agentos_invoke_options o;
	freshet_agentos_invoke_options_init(&o);
	o.agent_id = c->agent_id;
	o.text = turn->text;
	o.variables = c->variables;
	o.variable_count = c->variable_count;
	o.session_id = freshet_str_of(c->session_id);
	o.history = c->history;
	o.history_count = c->history_count;
	o.timeout_ms = c->timeout_ms;
	freshet_err err = turn->streamed ? freshet_agentos_invoke_stream(c->client, &o, &callbacks, turn, &c->stream)
					 : freshet_agentos_invoke(c->client, &o, call_done, turn, &c->call);
	if (err == FRESHET_OK)
		c->current = turn;
	return err;
}

static freshet_err enter(freshet_agentos_conversation *c, struct turn *turn)
{
	if (c->current == NULL && !c->telling)
		return begin(turn);
	/* While the end of one is told nobody is sent: the first in line is about to be. */
	if (c->waiting >= (uint64_t)c->client->hosted->options.max_waiting + (c->telling ? 1 : 0))
		return FRESHET_EQUEUE_FULL;
	guest_link_append(&c->line, &turn->link);
	c->waiting++;
	return FRESHET_OK;
}

static freshet_err send_turn(freshet_agentos_conversation *c, freshet_str text, const struct turn *given)
{
	struct agentos_hosted *hosted;
	if (c->client == NULL || c->freed)
		return FRESHET_ESTATE;
	freshet_err err = hosted_open(c->client, &hosted);
	if (err != FRESHET_OK)
		return err;
	struct turn *turn = freshet_mem_new(1, sizeof *turn);
	if (turn == NULL)
		return FRESHET_ENOMEM;
	*turn = *given;
	turn->conversation = c;
	err = copy_str(&turn->text, text) ? enter(c, turn) : FRESHET_ENOMEM;
	if (err != FRESHET_OK)
		free_turn(turn);
	return err;
}

freshet_err freshet_agentos_conversation_send(
	freshet_agentos_conversation *conversation, freshet_str text, freshet_agentos_result_fn *done, void *user)
{
	const struct turn turn = {.done = done, .user = user};
	if (conversation == NULL || done == NULL || text.ptr == NULL)
		return FRESHET_EINVAL;
	return send_turn(conversation, text, &turn);
}

freshet_err freshet_agentos_conversation_send_stream(freshet_agentos_conversation *conversation, freshet_str text,
	const freshet_agentos_stream_callbacks *callbacks, void *user)
{
	if (conversation == NULL || callbacks == NULL || callbacks->on_done == NULL || text.ptr == NULL)
		return FRESHET_EINVAL;
	const struct turn turn = {.streamed = true, .callbacks = *callbacks, .user = user};
	return send_turn(conversation, text, &turn);
}

/* ---- new and free ---- */

/* The client has gone: what it sent has ended, what is in line ends now. */
static void client_gone(struct hosted_waiting *known)
{
	freshet_agentos_conversation *c = guest_client(known, freshet_agentos_conversation, known);
	c->client = NULL;
	go_on(c);
}

static freshet_err copy_variables(
	freshet_agentos_conversation *c, const freshet_agentos_variable *variables, size_t count)
{
	if (count == 0)
		return FRESHET_OK;
	if (variables == NULL)
		return FRESHET_EINVAL;
	c->variables = freshet_mem_new(count, sizeof *c->variables);
	if (c->variables == NULL)
		return FRESHET_ENOMEM;
	c->variable_count = count;
	for (size_t i = 0; i < count; i++)
		if (!copy_str(&c->variables[i].name, variables[i].name) ||
			!copy_str(&c->variables[i].value, variables[i].value))
			return FRESHET_ENOMEM;
	return FRESHET_OK;
}

static freshet_err set_session(freshet_agentos_conversation *c, const freshet_agentos_conversation_options *o)
{
	char id[GUEST_UUID_SIZE] = "";
	freshet_err err = FRESHET_OK;
	if (o->session_id.len > 0 && (o->local || !guest_is_id(o->session_id)))
		return FRESHET_EINVAL;
	if (!o->local && o->session_id.len == 0)
		err = guest_uuid(id);
	c->session_id = guest_copy(o->session_id.len > 0 ? o->session_id : freshet_str_of(id));
	return err == FRESHET_OK && c->session_id == NULL ? FRESHET_ENOMEM : err;
}

static freshet_err fill(freshet_agentos_conversation *c, const freshet_agentos_conversation_options *o)
{
	const freshet_agentos_hosted_options *hosted = &c->client->hosted->options;
	const char *agent = o->agent_id != NULL ? o->agent_id : c->client->agent_id;
	c->local = o->local;
	c->timeout_ms = o->timeout_ms;
	c->agent_id = guest_copy(freshet_str_of(agent));
	if (o->local)
		c->history = freshet_mem_new((size_t)hosted->max_messages + 2, sizeof *c->history);
	if (c->agent_id == NULL || (o->local && c->history == NULL))
		return FRESHET_ENOMEM;
	freshet_err err = set_session(c, o);
	return err == FRESHET_OK ? copy_variables(c, o->variables, o->variable_count) : err;
}

freshet_err freshet_agentos_conversation_new(freshet_agentos *client,
	const freshet_agentos_conversation_options *options, freshet_agentos_conversation **out)
{
	freshet_agentos_conversation_options o;
	struct agentos_hosted *hosted;
	freshet_agentos_conversation_options_init(&o);
	*out = NULL;
	if (options != NULL && !guest_options(&o, sizeof o, options))
		return FRESHET_EINVAL;
	freshet_err err = hosted_open(client, &hosted);
	if (err != FRESHET_OK)
		return err;
	freshet_agentos_conversation *c = freshet_mem_new(1, sizeof *c);
	if (c == NULL)
		return FRESHET_ENOMEM;
	c->client = client;
	guest_ring_init(&c->line);
	err = fill(c, &o);
	if (err != FRESHET_OK) {
		free_conversation(c);
		return err;
	}
	c->known.canceled = client_gone;
	guest_link_append(&hosted->conversations, &c->known.link);
	*out = c;
	return FRESHET_OK;
}

void freshet_agentos_conversation_free(freshet_agentos_conversation *conversation)
{
	freshet_agentos_conversation *c = conversation;
	if (c == NULL || c->freed)
		return;
	c->freed = true;
	if (c->call != NULL)
		freshet_agentos_call_cancel(c->call);
	if (c->stream != NULL)
		freshet_agentos_stream_close(c->stream);
	if (c->current == NULL && !c->telling)
		free_conversation(c);
}

freshet_str freshet_agentos_conversation_session_id(const freshet_agentos_conversation *conversation)
{
	return freshet_str_of(conversation->session_id);
}

size_t freshet_agentos_conversation_message_count(const freshet_agentos_conversation *conversation)
{
	return conversation->history_count;
}
