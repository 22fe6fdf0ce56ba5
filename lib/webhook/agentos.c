/*
 * Happy path: the envelope is picked at once with the members of `data` that any event has; the event's name says which of
 * them count.
 *
 * Failures: a member of another type is an error only where this event has it, so that an event which nobody knows yet may
 * use the same name for something else. The members that a published event is about must be there.
 */
#include "agentos.h"

#include "guest/fields.h"

enum {
	EVENT,
	TIMESTAMP,
	WORKSPACE_ID,
	AGENT_ID,
	DATA,
	RUN_ID,
	TRIGGER_TYPE,
	STARTED_AT,
	COMPLETED_AT,
	FAILED_AT,
	DURATION_MS,
	OUTPUT,
	ERROR_MESSAGE,
	APPROVAL_ID,
	TOOL,
	INPUT,
	EXPIRES_AT,
	MEMBERS
};

FRESHET_JSON_PLAN(members, "event", "timestamp", "workspace_id", "agent_id", "data", "data.run_id", "data.trigger_type",
	"data.started_at", "data.completed_at", "data.failed_at", "data.duration_ms", "data.output",
	"data.error_message", "data.approval_id", "data.tool", "data.input", "data.expires_at");

/* The members of one text. The first error sticks. */
struct reading {
	freshet_json_value values[MEMBERS];
	freshet_str body;
	freshet_json_scratch *scratch;
	freshet_err err;
	size_t position;
};

static void fail(struct reading *r, int member, freshet_err err)
{
	if (r->err != FRESHET_OK)
		return;
	r->err = err;
	if (r->values[member].raw.len > 0)
		r->position = (size_t)(r->values[member].raw.ptr - r->body.ptr);
}

/* A string; empty when it is missing or null. */
static freshet_str text(struct reading *r, int member)
{
	freshet_str found = {NULL, 0};
	freshet_err err = guest_take_str(&r->values[member], r->scratch, &found);
	if (err != FRESHET_OK)
		fail(r, member, err);
	return found;
}

/* A name or an id: without it the event means nothing, and no control character belongs there. */
static freshet_str name(struct reading *r, int member)
{
	freshet_str found = text(r, member);
	if (found.len == 0)
		fail(r, member, FRESHET_EJSON_MISSING);
	return found;
}

static freshet_str raw(struct reading *r, int member)
{
	return guest_absent(&r->values[member]) ? (freshet_str){NULL, 0} : r->values[member].raw;
}

static bool number(struct reading *r, int member, double *out)
{
	if (guest_absent(&r->values[member]))
		return false;
	freshet_err err = freshet_json_double(&r->values[member], out);
	if (err != FRESHET_OK)
		fail(r, member, err);
	return err == FRESHET_OK;
}

static freshet_webhook_agentos_type type_of(freshet_str event)
{
	static const struct {
		const char *name;
		freshet_webhook_agentos_type type;
	} types[] = {
		{"run.started", FRESHET_WEBHOOK_AGENTOS_RUN_STARTED},
		{"run.completed", FRESHET_WEBHOOK_AGENTOS_RUN_COMPLETED},
		{"run.failed", FRESHET_WEBHOOK_AGENTOS_RUN_FAILED},
		{"approval.requested", FRESHET_WEBHOOK_AGENTOS_APPROVAL_REQUESTED},
		{"alert.triggered", FRESHET_WEBHOOK_AGENTOS_ALERT_TRIGGERED},
	};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (freshet_str_is(event, types[i].name))
			return types[i].type;
	return FRESHET_WEBHOOK_AGENTOS_UNKNOWN;
}

static void read_completed(struct reading *r, freshet_webhook_agentos *out)
{
	out->run_id = name(r, RUN_ID);
	out->run_completed.trigger_type = text(r, TRIGGER_TYPE);
	out->run_completed.started_at = text(r, STARTED_AT);
	out->run_completed.completed_at = text(r, COMPLETED_AT);
	out->run_completed.has_duration_ms = number(r, DURATION_MS, &out->run_completed.duration_ms);
	out->run_completed.output = raw(r, OUTPUT);
}

static void read_failed(struct reading *r, freshet_webhook_agentos *out)
{
	out->run_id = name(r, RUN_ID);
	out->run_failed.error_message = text(r, ERROR_MESSAGE);
	out->run_failed.started_at = text(r, STARTED_AT);
	out->run_failed.failed_at = text(r, FAILED_AT);
}

static void read_approval(struct reading *r, freshet_webhook_agentos *out)
{
	out->run_id = name(r, RUN_ID);
	out->approval_requested.approval_id = name(r, APPROVAL_ID);
	out->approval_requested.tool = text(r, TOOL);
	out->approval_requested.input = raw(r, INPUT);
	out->approval_requested.expires_at = text(r, EXPIRES_AT);
}

static void read_data(struct reading *r, freshet_webhook_agentos *out)
{
	switch (out->type) {
	case FRESHET_WEBHOOK_AGENTOS_RUN_STARTED:
		out->run_id = text(r, RUN_ID);
		out->run_started.trigger_type = text(r, TRIGGER_TYPE);
		out->run_started.started_at = text(r, STARTED_AT);
		break;
	case FRESHET_WEBHOOK_AGENTOS_RUN_COMPLETED: read_completed(r, out); break;
	case FRESHET_WEBHOOK_AGENTOS_RUN_FAILED: read_failed(r, out); break;
	case FRESHET_WEBHOOK_AGENTOS_APPROVAL_REQUESTED: read_approval(r, out); break;
	case FRESHET_WEBHOOK_AGENTOS_ALERT_TRIGGERED:
	case FRESHET_WEBHOOK_AGENTOS_UNKNOWN:
		if (r->values[RUN_ID].type == FRESHET_JSON_STRING)
			out->run_id = text(r, RUN_ID);
		break;
	}
}

freshet_err agentos_read(
	freshet_str body, freshet_json_scratch *scratch, freshet_webhook_agentos *out, size_t *position)
{
	struct reading r = {.body = body, .scratch = scratch};
	memset(out, 0, sizeof *out);
	*position = 0;
	freshet_err err = freshet_json_pick(&members, body, r.values, position);
	if (err != FRESHET_OK)
		return err;
	out->raw = body;
	out->event = name(&r, EVENT);
	out->type = type_of(out->event);
	out->timestamp = text(&r, TIMESTAMP);
	out->workspace_id = text(&r, WORKSPACE_ID);
	out->agent_id = text(&r, AGENT_ID);
	out->data = raw(&r, DATA);
	if (!guest_absent(&r.values[DATA]) && r.values[DATA].type != FRESHET_JSON_OBJECT)
		fail(&r, DATA, FRESHET_EJSON_TYPE);
	read_data(&r, out);
	*position = r.position;
	return r.err;
}
