/*
 * The settings of the hosted half. They are made when they are first wanted, so that a client that only reports does not
 * have them, and stay from the first call on, since plans made of them are in use.
 */
#include "hosted.h"

#include "guest/names.h"

/* ---- what waits ---- */

void hosted_wait(freshet_agentos *client, struct hosted_waiting *waiting)
{
	guest_link_append(&client->hosted->waiting, &waiting->link);
}

/* ---- names ---- */

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The list that was given, or these. */
#define OR(given, ...) ((given) != NULL ? (given) : LIST(__VA_ARGS__))

static freshet_err make_fields(struct agentos_hosted *h, const freshet_agentos_hosted_names *n)
{
	const char *const *run_id = OR(n->run_id, "run_id", "runId", "id");
	const char *const *output = OR(n->output, "output");
	const char *const *tool = OR(n->tool, "tool");
	const char *const *input = OR(n->input, "input");
	const char *const *status = OR(n->status, "status");
	const char *const *result[RESULT_FIELDS] = {
		[RESULT_RUN_ID] = run_id,
		[RESULT_STATUS] = status,
		[RESULT_OUTPUT] = output,
		[RESULT_APPROVAL_ID] = OR(n->approval_id, "approval_id", "approvalId"),
		[RESULT_QUESTION_ID] = OR(n->question_id, "question.id", "question_id"),
		[RESULT_QUESTION_TEXT] = OR(n->question_text, "question.text", "question"),
		[RESULT_ERROR_MESSAGE] =
			OR(n->error_message, "error_message", "errorMessage", "error.message", "error"),
		[RESULT_INPUT_TOKENS] = OR(n->input_tokens, "usage.input_tokens", "usage.inputTokens"),
		[RESULT_OUTPUT_TOKENS] = OR(n->output_tokens, "usage.output_tokens", "usage.outputTokens"),
	};
	const char *const *event[EVENT_FIELDS] = {
		[EVENT_TYPE] = OR(n->type, "type"),
		[EVENT_TEXT] = OR(n->text, "text"),
		[EVENT_TOOL] = tool,
		[EVENT_INPUT] = input,
		[EVENT_OUTPUT] = output,
		[EVENT_TOOL_ERROR] = OR(n->tool_error, "error"),
		[EVENT_MESSAGE] = OR(n->message, "message", "error.message", "error"),
		[EVENT_CODE] = OR(n->code, "code", "error.code"),
	};
	const char *const *approval[APPROVAL_FIELDS] = {
		[APPROVAL_ID] = OR(n->approval, "id", "approval_id"),
		/* Not "id", which is the approval's. */
		[APPROVAL_RUN_ID] = OR(n->run_id, "run_id", "runId"),
		[APPROVAL_AGENT_ID] = OR(n->approval_agent_id, "agent_id", "agentId"),
		[APPROVAL_TOOL] = tool,
		[APPROVAL_INPUT] = input,
		[APPROVAL_STATUS] = status,
		[APPROVAL_EXPIRES] = OR(n->approval_expires, "expires_at", "expiresAt"),
	};
	const char *const *approvals[] = {OR(n->approvals, "approvals")};
	freshet_err err = guest_fields_new(result, RESULT_FIELDS, &h->result);
	if (err == FRESHET_OK)
		err = guest_fields_new(event, EVENT_FIELDS, &h->event);
	if (err == FRESHET_OK)
		err = guest_fields_new(approval, APPROVAL_FIELDS, &h->approval);
	return err == FRESHET_OK ? guest_fields_new(approvals, 1, &h->approvals) : err;
}

static void make_words(struct agentos_hosted *h, const freshet_agentos_hosted_names *n)
{
	const char *const *approval = OR(n->awaiting_approval, "awaiting_approval");
	const char *const *input = OR(n->awaiting_input, "awaiting_input");
	h->statuses[FRESHET_AGENTOS_STATUS_RUNNING] = guest_names_copy(OR(n->running, "running"));
	h->statuses[FRESHET_AGENTOS_STATUS_COMPLETED] = guest_names_copy(OR(n->completed, "completed"));
	h->statuses[FRESHET_AGENTOS_STATUS_FAILED] = guest_names_copy(OR(n->failed, "failed"));
	h->statuses[FRESHET_AGENTOS_STATUS_AWAITING_APPROVAL] = guest_names_copy(approval);
	h->statuses[FRESHET_AGENTOS_STATUS_AWAITING_INPUT] = guest_names_copy(input);
	h->statuses[FRESHET_AGENTOS_STATUS_CANCELED] = guest_names_copy(OR(n->canceled, "cancelled", "canceled"));
	h->types[FRESHET_AGENTOS_EVENT_START] = guest_names_copy(OR(n->start, "start"));
	h->types[FRESHET_AGENTOS_EVENT_CHUNK] = guest_names_copy(OR(n->chunk, "chunk"));
	h->types[FRESHET_AGENTOS_EVENT_TOOL_CALL] = guest_names_copy(OR(n->tool_call, "tool_call"));
	h->types[FRESHET_AGENTOS_EVENT_TOOL_RESULT] = guest_names_copy(OR(n->tool_result, "tool_result"));
	h->types[FRESHET_AGENTOS_EVENT_AWAITING_APPROVAL] = guest_names_copy(approval);
	h->types[FRESHET_AGENTOS_EVENT_AWAITING_INPUT] = guest_names_copy(input);
	h->types[FRESHET_AGENTOS_EVENT_DONE] = guest_names_copy(OR(n->done, "done"));
	h->types[FRESHET_AGENTOS_EVENT_ERROR] = guest_names_copy(OR(n->error, "error"));
	h->end_marks = guest_names_copy(OR(n->end_marks, "[DONE]"));
}

/* The first and the last of the statuses have no word; the first of the types neither. */
static bool words_are_whole(const struct agentos_hosted *h)
{
	bool whole = h->end_marks != NULL;
	for (size_t i = FRESHET_AGENTOS_STATUS_RUNNING; i < FRESHET_AGENTOS_STATUS_PAUSED; i++)
		whole = whole && h->statuses[i] != NULL;
	for (size_t i = FRESHET_AGENTOS_EVENT_START; i < TYPE_COUNT; i++)
		whole = whole && h->types[i] != NULL;
	return whole;
}

static void free_names(const char *const *names)
{
	freshet_mem_free((void *)(uintptr_t)names);
}

/* ---- settings ---- */

static char *copy_or(const char *given, const char *otherwise)
{
	return guest_copy(freshet_str_of(given != NULL ? given : otherwise));
}

static freshet_err make_requests(struct hosted_words *w, const freshet_agentos_hosted_options *o)
{
	w->prompt = copy_or(o->prompt_field, "prompt");
	w->answer = copy_or(o->answer_field, "answer");
	w->question = copy_or(o->question_field, "question_id");
	w->reason = copy_or(o->reason_field, "reason");
	w->approve = copy_or(o->approve, "approve");
	w->reject = copy_or(o->reject, "reject");
	bool whole = w->prompt != NULL && w->answer != NULL && w->question != NULL && w->reason != NULL &&
		     w->approve != NULL && w->reject != NULL;
	return whole ? FRESHET_OK : FRESHET_ENOMEM;
}

static void fill_in(freshet_agentos_hosted_options *o)
{
	o->max_resumes = guest_or_u32(o->max_resumes, 5);
	o->max_event = guest_or_size(o->max_event, (size_t)4 << 20);
	o->max_text = guest_or_size(o->max_text, (size_t)1 << 20);
	o->max_answer = guest_or_size(o->max_answer, (size_t)16 << 20);
	o->max_waiting = guest_or_u32(o->max_waiting, 64);
	o->max_messages = guest_or_u32(o->max_messages, 200);
	o->max_history = guest_or_size(o->max_history, (size_t)256 * 1024);
	o->names = NULL;
	o->prompt_field = o->answer_field = o->question_field = o->reason_field = o->approve = o->reject = NULL;
}

static void settings_free(struct agentos_hosted *h)
{
	struct hosted_words *w = &h->words;
	char *words[] = {w->prompt, w->answer, w->question, w->reason, w->approve, w->reject};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		freshet_mem_free(words[i]);
	for (size_t i = 0; i < STATUS_COUNT; i++)
		free_names(h->statuses[i]);
	for (size_t i = 0; i < TYPE_COUNT; i++)
		free_names(h->types[i]);
	free_names(h->end_marks);
	guest_fields_free(h->result);
	guest_fields_free(h->event);
	guest_fields_free(h->approval);
	guest_fields_free(h->approvals);
	freshet_mem_free(h);
}

static freshet_err settings_new(const freshet_agentos_hosted_options *o, struct agentos_hosted **out)
{
	freshet_agentos_hosted_names names;
	freshet_agentos_hosted_names_init(&names);
	if (o->names != NULL && !guest_options(&names, sizeof names, o->names))
		return FRESHET_EINVAL;
	struct agentos_hosted *h = freshet_mem_new(1, sizeof *h);
	if (h == NULL)
		return FRESHET_ENOMEM;
	h->options = *o;
	fill_in(&h->options);
	guest_ring_init(&h->waiting);
	guest_ring_init(&h->conversations);
	freshet_err err = make_requests(&h->words, o);
	if (err == FRESHET_OK)
		err = make_fields(h, &names);
	if (err == FRESHET_OK) {
		make_words(h, &names);
		err = words_are_whole(h) ? FRESHET_OK : FRESHET_ENOMEM;
	}
	if (err == FRESHET_OK)
		*out = h;
	else
		settings_free(h);
	return err;
}

freshet_err freshet_agentos_hosted_set(freshet_agentos *client, const freshet_agentos_hosted_options *options)
{
	freshet_agentos_hosted_options o;
	struct agentos_hosted *h;
	freshet_agentos_hosted_options_init(&o);
	if (client == NULL || !guest_options(&o, sizeof o, options) || o.recover > FRESHET_AGENTOS_RECOVER_OFF)
		return FRESHET_EINVAL;
	if (agentos_is_open(client) != FRESHET_OK || (client->hosted != NULL && client->hosted->used))
		return FRESHET_ESTATE;
	freshet_err err = settings_new(&o, &h);
	if (err != FRESHET_OK)
		return err;
	agentos_hosted_free(client);
	client->hosted = h;
	return FRESHET_OK;
}

freshet_err hosted_open(freshet_agentos *client, struct agentos_hosted **out)
{
	freshet_agentos_hosted_options o;
	if (client == NULL)
		return FRESHET_EINVAL;
	freshet_err err = agentos_is_open(client);
	freshet_agentos_hosted_options_init(&o);
	if (err == FRESHET_OK && client->hosted == NULL)
		err = settings_new(&o, &client->hosted);
	if (err != FRESHET_OK)
		return err;
	client->hosted->used = true;
	*out = client->hosted;
	return FRESHET_OK;
}

struct guest_backoff hosted_backoff(const freshet_agentos *client)
{
	return (struct guest_backoff){
		.max_retries = client->options.max_retries,
		.base_ms = client->options.retry_base_ms,
		.cap_ms = client->options.retry_cap_ms,
		.asked_ms = client->options.retry_asked_ms,
	};
}

unsigned hosted_again(const freshet_agentos *client, bool repeatable)
{
	return repeatable || client->hosted->options.retry_invoke ? GUEST_AGAIN_ANY : GUEST_AGAIN_ASKED;
}

void agentos_hosted_free(freshet_agentos *client)
{
	if (client->hosted != NULL)
		settings_free(client->hosted);
	client->hosted = NULL;
}

static void cancel_all(struct guest_link *head)
{
	while (!guest_ring_is_empty(head)) {
		struct hosted_waiting *waiting = guest_client(head->next, struct hosted_waiting, link);
		guest_link_remove(&waiting->link);
		waiting->canceled(waiting);
	}
}

void agentos_hosted_end(freshet_agentos *client)
{
	if (client->hosted == NULL)
		return;
	cancel_all(&client->hosted->waiting);
	cancel_all(&client->hosted->conversations);
}

const char *freshet_agentos_status_name(freshet_agentos_status status)
{
	static const char *const names[STATUS_COUNT] = {
		[FRESHET_AGENTOS_STATUS_UNKNOWN] = "unknown",
		[FRESHET_AGENTOS_STATUS_RUNNING] = "running",
		[FRESHET_AGENTOS_STATUS_COMPLETED] = "completed",
		[FRESHET_AGENTOS_STATUS_FAILED] = "failed",
		[FRESHET_AGENTOS_STATUS_AWAITING_APPROVAL] = "awaiting_approval",
		[FRESHET_AGENTOS_STATUS_AWAITING_INPUT] = "awaiting_input",
		[FRESHET_AGENTOS_STATUS_CANCELED] = "cancelled",
		[FRESHET_AGENTOS_STATUS_PAUSED] = "paused",
	};
	return (size_t)status < STATUS_COUNT ? names[status] : "unknown";
}
