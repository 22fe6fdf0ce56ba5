/*
 * Happy path: the status and the words of the body decide the code and the reason. Four shapes of bodies are known; all
 * are objects, the words are in `message` or else in `error`. A body that is not JSON (a proxy's) leaves status, content
 * type and its beginning.
 */
#include "failure.h"

FRESHET_JSON_PLAN(body_plan, "error", "message", "code");

/* ---- reasons ---- */

/* What the server's words mean, with the status that they come with. The first row that fits counts. */
static const struct {
	int status;
	const char *words; /* NULL: any */
	freshet_ash_reason reason;
} reasons[] = {
	{400, "Session is paused", FRESHET_ASH_REASON_SESSION_PAUSED},
	{400, "Session is stopped", FRESHET_ASH_REASON_SESSION_STOPPED},
	{400, "Session is ended", FRESHET_ASH_REASON_SESSION_ENDED},
	{400, "Session is error", FRESHET_ASH_REASON_SESSION_FAILED},
	{400, "Session is starting", FRESHET_ASH_REASON_SESSION_STARTING},
	{400, "Session is ", FRESHET_ASH_REASON_SESSION_STATE},
	{400, "session with status \"ended\"", FRESHET_ASH_REASON_SESSION_ENDED},
	{400, "session with status", FRESHET_ASH_REASON_SESSION_STATE},
	{400, "item with status", FRESHET_ASH_REASON_ITEM_STATE},
	{400, "inaccessible credential", FRESHET_ASH_REASON_CREDENTIAL},
	{400, "must contain CLAUDE.md", FRESHET_ASH_REASON_AGENT_DIRECTORY},
	{401, "Missing Authorization", FRESHET_ASH_REASON_KEY_MISSING},
	{401, "Invalid Authorization", FRESHET_ASH_REASON_KEY_FORMAT},
	{401, "Invalid API key", FRESHET_ASH_REASON_KEY_UNKNOWN},
	{404, "Route ", FRESHET_ASH_REASON_NO_ROUTE},
	{404, "No workspace", FRESHET_ASH_REASON_NO_WORKSPACE},
	{410, NULL, FRESHET_ASH_REASON_SESSION_ENDED},
	{413, NULL, FRESHET_ASH_REASON_BODY_TOO_LARGE},
	{415, NULL, FRESHET_ASH_REASON_MEDIA_TYPE},
	{422, NULL, FRESHET_ASH_REASON_AGENT_GONE},
	{500, "Sandbox not found", FRESHET_ASH_REASON_SANDBOX_GONE},
	{500, "Runner not available", FRESHET_ASH_REASON_RUNNER_GONE},
	{503, NULL, FRESHET_ASH_REASON_NO_CAPACITY},
};

static bool holds(freshet_str text, const char *words)
{
	size_t len = strlen(words);
	for (size_t i = 0; i + len <= text.len; i++)
		if (memcmp(text.ptr + i, words, len) == 0)
			return true;
	return false;
}

static freshet_ash_reason reason_of(int status, freshet_str message)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (status == reasons[i].status && (reasons[i].words == NULL || holds(message, reasons[i].words)))
			return reasons[i].reason;
	return FRESHET_ASH_REASON_UNKNOWN;
}

static bool is_state(freshet_ash_reason reason)
{
	return (reason >= FRESHET_ASH_REASON_SESSION_STARTING && reason <= FRESHET_ASH_REASON_ITEM_STATE) ||
	       reason == FRESHET_ASH_REASON_AGENT_GONE;
}

static freshet_err err_of(int status, freshet_ash_reason reason)
{
	if (status == 410 || status == 422 || (status == 400 && is_state(reason)))
		return FRESHET_ECONFLICT;
	return guest_err_of_status(status);
}

/* ---- text ---- */

static void describe(struct ash_failure *failure)
{
	const freshet_ash_error *error = &failure->error;
	int status = error->outcome.http_status;
	if (error->message.len > 0)
		failure->error.outcome.text = guest_line(
			failure->text, "HTTP %d: %.*s", status, guest_shown(error->message), error->message.ptr);
	else
		failure->error.outcome.text =
			guest_line(failure->text, "HTTP %d: %s", status, freshet_err_text(error->outcome.err));
}

/* ---- the body ---- */

/* The words: `message` says more than `error` where both are. An empty one says nothing. */
static void read_words(struct ash_failure *failure, const freshet_json_value *v, const struct guest_secrets *secrets,
	freshet_json_scratch *scratch)
{
	freshet_ash_error *error = &failure->error;
	freshet_json_string(&v[1], scratch, &error->message);
	if (error->message.len == 0)
		freshet_json_string(&v[0], scratch, &error->message);
	freshet_json_string(&v[2], scratch, &error->code);
	/* A server that refuses the key may quote it. */
	error->message = guest_cover(secrets, error->message, scratch, failure->hidden, sizeof failure->hidden);
	if (guest_secrets_in(secrets, error->code))
		error->code = (freshet_str){NULL, 0};
}

void ash_failure_init(struct ash_failure *failure, const freshet_outcome *outcome, freshet_str body, freshet_str key,
	freshet_json_scratch *scratch)
{
	const struct guest_secrets secrets = {&key, 1, NULL};
	freshet_json_value v[3] = {0};
	memset(failure, 0, sizeof *failure);
	freshet_ash_error *error = &failure->error;
	error->outcome = *outcome;
	error->outcome.body = guest_page(body);
	/* One of which the page shows the beginning counts as well. */
	if (guest_secrets_in(&secrets, body))
		error->outcome.body = (freshet_str){NULL, 0};
	if (outcome->err != FRESHET_OK && outcome->err != FRESHET_EHTTP_STATUS)
		return;
	if (freshet_json_pick(&body_plan, body, v, NULL) == FRESHET_OK)
		read_words(failure, v, &secrets, scratch);
	error->reason = reason_of(outcome->http_status, error->message);
	error->outcome.err = err_of(outcome->http_status, error->reason);
	describe(failure);
}

void ash_failure_unreadable(
	struct ash_failure *failure, const freshet_outcome *outcome, freshet_err err, size_t position)
{
	memset(failure, 0, sizeof *failure);
	failure->error.outcome = *outcome;
	failure->error.outcome.err = err;
	failure->error.outcome.position = position;
	failure->error.outcome.body = (freshet_str){NULL, 0};
	failure->error.outcome.text =
		guest_line(failure->text, "byte %zu of the answer: %s", position, freshet_err_text(err));
}
