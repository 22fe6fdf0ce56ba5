/*
 * A body as a typed object.
 *
 * Happy path: the whole text is checked once, with the limit of its depth, then the objects that will be read are looked
 * through for members that are named twice, then the platform's reader reads them.
 *
 * Failures: each leaves a cause and, where a reader found it, the byte. Nothing else changes.
 */
#include "agentos.h"
#include "members.h"
#include "receiver.h"
#include "spelling.h"

void receiver_refuse(freshet_webhook_delivery *d, freshet_webhook_cause cause)
{
	d->outcome = FRESHET_WEBHOOK_REFUSED;
	d->cause = cause;
}

void receiver_fail(freshet_webhook_delivery *d, freshet_err err)
{
	d->outcome = FRESHET_WEBHOOK_FAILED;
	d->err = err;
}

void receiver_begin(freshet_webhook *w, freshet_webhook_delivery *d)
{
	memset(d, 0, sizeof *d);
	freshet_sudoiq_status_free(w->status);
	w->status = NULL;
}

/* What a reader said. True when the body can be used. */
static bool judge(freshet_webhook_delivery *d, freshet_err err, freshet_webhook_cause cause)
{
	if (err == FRESHET_OK)
		return true;
	if (err == FRESHET_ENOMEM)
		receiver_fail(d, err);
	else
		receiver_refuse(d, cause);
	d->err = err;
	return false;
}

static bool read_whole(freshet_webhook *w, freshet_webhook_delivery *d, freshet_json_value *body)
{
	freshet_err err = freshet_json_pick(w->whole, d->body, body, &d->position);
	if (!judge(d, err, FRESHET_WEBHOOK_CAUSE_JSON))
		return false;
	if (body->type != FRESHET_JSON_OBJECT)
		return judge(d, FRESHET_EJSON_TYPE, FRESHET_WEBHOOK_CAUSE_CONTENT);
	err = members_check(body, w->o.max_members, &w->scratch.json);
	return judge(d, err, FRESHET_WEBHOOK_CAUSE_MEMBERS);
}

/* Ids and names of a call. */
static freshet_err check_call(freshet_webhook *w, const freshet_sudoiq_tool_call *call)
{
	freshet_json_value object;
	freshet_err err = freshet_json_read(call->raw, &object, NULL);
	return err == FRESHET_OK ? members_check(&object, w->o.max_members, &w->scratch.json) : err;
}

static bool check_status(freshet_webhook *w, freshet_webhook_delivery *d, const freshet_sudoiq_status *s)
{
	bool plain = members_plain(s->agent_id) && members_plain(s->status) && s->status.len > 0;
	for (size_t i = 0; i < s->tool_call_count; i++) {
		const freshet_sudoiq_tool_call *call = &s->tool_calls[i];
		if (!judge(d, check_call(w, call), FRESHET_WEBHOOK_CAUSE_MEMBERS))
			return false;
		plain = plain && members_plain(call->call_id) && members_plain(call->name) &&
			members_plain(call->space);
	}
	return judge(d, plain ? FRESHET_OK : FRESHET_EJSON_STRING, FRESHET_WEBHOOK_CAUSE_CONTENT);
}

static void read_sudoiq(freshet_webhook *w, freshet_webhook_delivery *d)
{
	freshet_err err = freshet_sudoiq_status_new(d->body, spelling_names(w->spelling), &w->status, &d->position);
	if (judge(d, err, FRESHET_WEBHOOK_CAUSE_CONTENT) && check_status(w, d, w->status))
		d->sudoiq = w->status;
}

static bool check_envelope(freshet_webhook *w, freshet_webhook_delivery *d, const freshet_webhook_agentos *e)
{
	freshet_json_value data = {.type = FRESHET_JSON_MISSING};
	bool plain = members_plain(e->event) && members_plain(e->timestamp) && members_plain(e->workspace_id) &&
		     members_plain(e->agent_id) && members_plain(e->run_id);
	if (e->type == FRESHET_WEBHOOK_AGENTOS_APPROVAL_REQUESTED)
		plain = plain && members_plain(e->approval_requested.approval_id);
	freshet_err err = e->data.len > 0 ? freshet_json_read(e->data, &data, NULL) : FRESHET_OK;
	if (err == FRESHET_OK)
		err = members_check(&data, w->o.max_members, &w->scratch.json);
	return judge(d, err, FRESHET_WEBHOOK_CAUSE_MEMBERS) &&
	       judge(d, plain ? FRESHET_OK : FRESHET_EJSON_STRING, FRESHET_WEBHOOK_CAUSE_CONTENT);
}

static void read_agentos(freshet_webhook *w, freshet_webhook_delivery *d)
{
	freshet_err err = agentos_read(d->body, &w->scratch.json, &w->envelope, &d->position);
	if (judge(d, err, FRESHET_WEBHOOK_CAUSE_CONTENT) && check_envelope(w, d, &w->envelope))
		d->agentos = &w->envelope;
}

void receiver_read(freshet_webhook *w, freshet_webhook_delivery *d)
{
	freshet_json_value body;
	guest_scratch_begin(&w->scratch, d->body.len);
	if (!read_whole(w, d, &body))
		return;
	if (w->o.platform == FRESHET_WEBHOOK_SUDOIQ)
		read_sudoiq(w, d);
	else
		read_agentos(w, d);
}

void freshet_webhook_parse(freshet_webhook *w, freshet_str body, freshet_webhook_delivery *d)
{
	receiver_begin(w, d);
	d->body = body;
	if (body.len > w->o.max_body)
		receiver_refuse(d, FRESHET_WEBHOOK_CAUSE_SIZE);
	else
		receiver_read(w, d);
	d->answer = receiver_answer(d);
}
