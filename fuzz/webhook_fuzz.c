/*
 * What anybody may post to a webhook. The first byte chooses the platform and the spelling of signatures, the second says how
 * many of the following bytes are the signature's header; the rest is the body.
 *
 * Properties: nothing gets through with a signature that was guessed; what is refused changes nothing that is remembered;
 * what gets through unsigned has only spans that can be read to their end, and is a duplicate when it comes again.
 */
#include <freshet/webhook.h>

#include "webhook/receiver.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool promise)
{
	if (!promise)
		abort();
}

/* Reads every byte, so that a sanitizer sees a span that reaches too far. */
static void touch(freshet_str span)
{
	volatile unsigned char sum = 0;
	for (size_t i = 0; i < span.len; i++)
		sum = (unsigned char)(sum + (unsigned char)span.ptr[i]);
}

static int64_t stand_still(void *user)
{
	(void)user;
	return 1795334400000;
}

static freshet_webhook *receiver(uint8_t choice, bool with_secret)
{
	static const freshet_str secret = {"\x8f\x13 nobody guesses this", 23};
	freshet_webhook_options o;
	freshet_webhook *w;
	freshet_webhook_options_init(&o);
	o.platform = (choice & 1) != 0 ? FRESHET_WEBHOOK_AGENTOS : FRESHET_WEBHOOK_SUDOIQ;
	o.encoding = (choice & 2) != 0 ? FRESHET_WEBHOOK_BASE64 : FRESHET_WEBHOOK_HEX;
	o.prefix = (choice & 4) != 0 ? FRESHET_WEBHOOK_PREFIX_OPTIONAL : FRESHET_WEBHOOK_PREFIX_REQUIRED;
	o.signed_text = FRESHET_WEBHOOK_SIGNED_BODY;
	o.signature_header = "signature";
	o.delivery_header = "";
	o.any_content_type = true;
	o.now = stand_still;
	o.secrets = &secret;
	o.secret_count = with_secret ? 1 : 0;
	if (freshet_webhook_new(&o, &w) != FRESHET_OK)
		abort();
	return w;
}

static bool untouched(const freshet_webhook *w)
{
	return w->seen.count == 0 && w->runs.count == 0;
}

static void guess(uint8_t choice, const freshet_webhook_request *q)
{
	freshet_webhook_delivery d;
	freshet_webhook *w = receiver(choice, true);
	freshet_webhook_receive(w, q, &d);
	hold(d.outcome == FRESHET_WEBHOOK_REFUSED && d.answer.status == 401);
	hold(d.sudoiq == NULL && d.agentos == NULL && d.ticket == 0 && untouched(w));
	freshet_webhook_free(w);
}

static void touch_status(const freshet_sudoiq_status *s)
{
	const freshet_str spans[] = {s->raw, s->agent_id, s->status, s->result, s->result_text, s->error, s->error_code,
		s->error_message, s->environment, s->usage, s->created_at, s->updated_at};
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
		touch(spans[i]);
	hold(s->status.len > 0);
	for (size_t i = 0; i < s->tool_call_count; i++) {
		touch(s->tool_calls[i].args);
		hold(s->tool_calls[i].call_id.len > 0 && s->tool_calls[i].name.len > 0);
	}
}

static void touch_envelope(const freshet_webhook_agentos *e)
{
	const freshet_str spans[] = {e->raw, e->event, e->timestamp, e->workspace_id, e->agent_id, e->data, e->run_id};
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
		touch(spans[i]);
	hold(e->event.len > 0);
	if (e->type == FRESHET_WEBHOOK_AGENTOS_RUN_COMPLETED)
		touch(e->run_completed.output);
	if (e->type == FRESHET_WEBHOOK_AGENTOS_APPROVAL_REQUESTED)
		hold(e->approval_requested.approval_id.len > 0);
}

static void believe(uint8_t choice, const freshet_webhook_request *q)
{
	freshet_webhook_delivery d;
	freshet_webhook *w = receiver(choice, false);
	freshet_webhook_receive(w, q, &d);
	if (d.outcome == FRESHET_WEBHOOK_NEW) {
		hold((d.sudoiq != NULL) != (d.agentos != NULL));
		if (d.sudoiq != NULL)
			touch_status(d.sudoiq);
		else
			touch_envelope(d.agentos);
		hold(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_TAKEN, NULL) == FRESHET_OK);
		freshet_webhook_receive(w, q, &d);
		hold(d.outcome == FRESHET_WEBHOOK_DUPLICATE);
	} else {
		hold(d.outcome == FRESHET_WEBHOOK_REFUSED && d.answer.status == 400);
		hold(d.err != FRESHET_OK && d.position <= q->body.len && untouched(w));
	}
	freshet_webhook_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || data[1] > size - 2)
		return 0;
	const char *rest = (const char *)data + 2;
	const freshet_header header = {.name = freshet_str_of("Signature"), .value = {rest, data[1]}};
	const freshet_webhook_request q = {.method = freshet_str_of("POST"),
		.headers = &header,
		.header_count = 1,
		.body = {rest + data[1], size - 2 - data[1]}};
	guess(data[0], &q);
	believe(data[0], &q);
	return 0;
}
