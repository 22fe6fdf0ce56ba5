/*
 * Happy path: the status decides the code, the body's `detail` gives the words, the fields or the quota. A body that is
 * not JSON (a proxy's, or the server's for unknown routes) leaves status, content type and its beginning.
 *
 * The `input` of a refused field, which may echo prompts and secrets, is never read, and a body in which it could stand
 * is never shown. Neither is the token, should the server quote it.
 */
#include "failure.h"

#include "names.h"
#include "reading.h"

FRESHET_JSON_PLAN(body_plan, "detail", "limit", "active");
FRESHET_JSON_PLAN(issue_plan, "type", "loc", "msg");

/* The server refuses content with 422; what other services mean by these it does not say. */
static freshet_err err_of_status(int status)
{
	bool other = status == 400 || status == 413 || status == 415;
	return other ? FRESHET_EHTTP_STATUS : guest_err_of_status(status);
}

/* ---- the fields that were refused ---- */

/* Writes ["resources",0,"url"] as resources[0].url, at most two bytes for each of the JSON text, and returns its end. */
static char *write_loc(char *at, const freshet_json_value *loc, freshet_json_scratch *scratch)
{
	freshet_json_each each;
	freshet_json_value step;
	const char *begin = at;
	freshet_json_each_begin(&each, loc);
	while (freshet_json_each_next(&each, NULL, &step)) {
		freshet_str name = step.raw;
		bool plain = step.type == FRESHET_JSON_STRING;
		if (plain && freshet_json_string(&step, scratch, &name) != FRESHET_OK)
			continue;
		if (plain && at != begin)
			*at++ = '.';
		if (!plain)
			*at++ = '[';
		memcpy(at, name.ptr, name.len);
		at += name.len;
		if (!plain)
			*at++ = ']';
	}
	return at;
}

static char *read_issue(
	freshet_aod_issue *issue, const freshet_json_value *entry, char *at, freshet_json_scratch *scratch)
{
	freshet_json_value v[3] = {0};
	freshet_json_pick(&issue_plan, entry->raw, v, NULL);
	freshet_json_string(&v[0], scratch, &issue->type);
	freshet_json_string(&v[2], scratch, &issue->msg);
	char *end = write_loc(at, &v[1], scratch);
	issue->loc = (freshet_str){at, (size_t)(end - at)};
	return end;
}

/* One block holds the entries and, behind them, their rendered places. Without memory there are none. */
static void read_issues(struct failure *failure, const freshet_json_value *detail, freshet_json_scratch *scratch)
{
	freshet_json_each each;
	freshet_json_value entry;
	size_t count = count_elements(detail);
	if (count > detail->raw.len || detail->raw.len > SIZE_MAX / 2 / sizeof(freshet_aod_issue))
		return;
	failure->memory = freshet_mem_new(1, count * sizeof(freshet_aod_issue) + 2 * detail->raw.len);
	if (failure->memory == NULL)
		return;
	freshet_aod_issue *issues = failure->memory;
	char *at = (char *)(issues + count);
	size_t n = 0;
	freshet_json_each_begin(&each, detail);
	while (n < count && freshet_json_each_next(&each, NULL, &entry))
		at = read_issue(&issues[n++], &entry, at, scratch);
	failure->error.issues = issues;
	failure->error.issue_count = n;
}

/* ---- the body ---- */

static void read_body(struct failure *failure, freshet_str body, freshet_json_scratch *scratch)
{
	freshet_json_value v[3];
	freshet_aod_error *error = &failure->error;
	if (freshet_json_pick(&body_plan, body, v, NULL) != FRESHET_OK)
		return;
	if (v[0].type == FRESHET_JSON_ARRAY)
		read_issues(failure, &v[0], scratch);
	freshet_json_string(&v[0], scratch, &error->detail);
	error->has_limit = freshet_json_int64(&v[1], &error->limit) == FRESHET_OK;
	error->has_active = freshet_json_int64(&v[2], &error->active) == FRESHET_OK;
}

static void describe(struct failure *failure)
{
	const freshet_aod_error *error = &failure->error;
	int status = error->outcome.http_status;
	if (error->detail.len > 0)
		failure->error.outcome.text = guest_line(
			failure->text, "HTTP %d: %.*s", status, guest_shown(error->detail), error->detail.ptr);
	else if (error->issue_count > 0)
		failure->error.outcome.text =
			guest_line(failure->text, "HTTP %d: %.*s: %.*s", status, guest_shown(error->issues[0].loc),
				error->issues[0].loc.ptr, guest_shown(error->issues[0].msg), error->issues[0].msg.ptr);
	else
		failure->error.outcome.text =
			guest_line(failure->text, "HTTP %d: %s", status, freshet_err_text(error->outcome.err));
}

/* The version that the text of a conflict tells first, after "expected" or without it. 0: none. */
static int64_t version_in(freshet_str detail)
{
	size_t at = 0;
	int64_t version = 0;
	while (at < detail.len && (detail.ptr[at] < '0' || detail.ptr[at] > '9'))
		at++;
	for (; at < detail.len && detail.ptr[at] >= '0' && detail.ptr[at] <= '9'; at++) {
		int digit = detail.ptr[at] - '0';
		if (version > (INT64_MAX - digit) / 10)
			return 0;
		version = version * 10 + digit;
	}
	return version;
}

static void read_conflict(freshet_aod_error *error)
{
	error->conflict = conflict_of(error->detail);
	if (error->conflict == FRESHET_AOD_CONFLICT_VERSION)
		error->version = version_in(error->detail);
}

static void hide(const struct guest_secrets *secrets, freshet_str *text)
{
	if (guest_secrets_in(secrets, *text))
		*text = (freshet_str){NULL, 0};
}

/* A server that refuses the token may quote it. */
static void hide_token(struct failure *failure, freshet_str token, freshet_json_scratch *scratch)
{
	const struct guest_secrets secrets = {&token, 1, NULL};
	freshet_aod_issue *issues = failure->memory;
	freshet_str *detail = &failure->error.detail;
	*detail = guest_cover(&secrets, *detail, scratch, failure->hidden, sizeof failure->hidden);
	for (size_t i = 0; i < failure->error.issue_count; i++) {
		hide(&secrets, &issues[i].type);
		hide(&secrets, &issues[i].loc);
		hide(&secrets, &issues[i].msg);
	}
}

/* One of which the page shows the beginning counts as well. */
static freshet_str page_of(freshet_str body, freshet_str token)
{
	const struct guest_secrets secrets = {&token, 1, NULL};
	hide(&secrets, &body);
	return guest_page(body);
}

void failure_init(struct failure *failure, const freshet_outcome *outcome, freshet_str body, freshet_str token,
	freshet_json_scratch *scratch)
{
	memset(failure, 0, sizeof *failure);
	failure->error.outcome = *outcome;
	failure->error.outcome.body = page_of(body, token);
	if (outcome->err != FRESHET_OK && outcome->err != FRESHET_EHTTP_STATUS)
		return;
	failure->error.outcome.err = err_of_status(outcome->http_status);
	read_body(failure, body, scratch);
	if (failure->error.outcome.err == FRESHET_ECONFLICT)
		read_conflict(&failure->error);
	hide_token(failure, token, scratch);
	describe(failure);
}

void failure_set(struct failure *failure, freshet_err err)
{
	failure->error.outcome.err = err;
	describe(failure);
}

void failure_unreadable(struct failure *failure, const freshet_outcome *outcome, freshet_err err, size_t position)
{
	memset(failure, 0, sizeof *failure);
	failure->error.outcome = *outcome;
	failure->error.outcome.err = err;
	failure->error.outcome.position = position;
	failure->error.outcome.body = (freshet_str){NULL, 0};
	failure->error.outcome.text =
		guest_line(failure->text, "byte %zu of the answer: %s", position, freshet_err_text(err));
}

void failure_bad_event(
	struct failure *failure, const freshet_outcome *outcome, freshet_err err, size_t position, uint64_t row)
{
	failure_unreadable(failure, outcome, err, position);
	if (row != 0)
		failure->error.outcome.text = guest_line(failure->text, "byte %zu of the event with id %llu: %s",
			position, (unsigned long long)row, freshet_err_text(err));
	else
		failure->error.outcome.text = guest_line(
			failure->text, "byte %zu of an event without id: %s", position, freshet_err_text(err));
}

void failure_clear(struct failure *failure)
{
	freshet_mem_free(failure->memory);
	failure->memory = NULL;
}
