/*
 * What an AgentOS server says: the data of an event, an answer, a list of approvals, or the body of an error. The first byte
 * chooses which; for an event also whether the SSE event has a name.
 *
 * Properties: an event is never lost, and one whose data cannot be read says why and where; every span can be read to its end;
 * what ends a stream is read the same when it is read once more; a result from an event is the one from the same data; no
 * control character and no key reaches the line for people.
 */
#include "service/agentos/failure.h"
#include "service/agentos/result.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEY "aos_agent_secret"

static freshet_agentos *client;

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

/* One for all inputs; its reactor is never run. */
static void make_client(void)
{
	freshet_reactor *reactor;
	freshet_agentos_options o;
	freshet_agentos_hosted_options h;
	freshet_agentos_options_init(&o);
	o.api_key = KEY;
	o.agent_id = "agent";
	hold(freshet_reactor_new(NULL, &reactor) == FRESHET_OK);
	hold(freshet_agentos_new(reactor, &o, &client) == FRESHET_OK);
	freshet_agentos_hosted_options_init(&h);
	hold(freshet_agentos_hosted_set(client, &h) == FRESHET_OK);
}

static void touch_result(const freshet_agentos_result *r)
{
	const freshet_str spans[] = {r->raw, r->run_id, r->status_name, r->output, r->output_text, r->approval_id,
		r->question_id, r->question, r->error_message};
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
		touch(spans[i]);
	hold(freshet_agentos_status_name(r->status) != NULL);
}

static void hold_same(const freshet_agentos_result *a, const freshet_agentos_result *b)
{
	hold(freshet_str_equal(a->run_id, b->run_id) && freshet_str_equal(a->output, b->output));
	hold(freshet_str_equal(a->question, b->question) && freshet_str_equal(a->approval_id, b->approval_id));
	hold(a->has_usage == b->has_usage && a->input_tokens == b->input_tokens);
}

static void run_event(freshet_str text, freshet_str name, freshet_json_scratch *scratch)
{
	freshet_agentos_event event, again;
	freshet_agentos_result result;
	freshet_json_value value;
	freshet_err err = freshet_json_read(text, &value, NULL);
	hold(hosted_event_read(client->hosted, scratch, text, name, &event) == FRESHET_OK);
	hold(event.raw.ptr == text.ptr && event.raw.len == text.len && event.position <= text.len);
	hold(event.err == FRESHET_OK || event.type == FRESHET_AGENTOS_EVENT_UNKNOWN);
	hold(err == FRESHET_OK || event.err == err);
	const freshet_str spans[] = {
		event.type_name, event.text, event.tool, event.input, event.output, event.code, event.message};
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
		touch(spans[i]);
	touch_result(&event.result);
	hold(hosted_event_read(client->hosted, scratch, text, name, &again) == FRESHET_OK);
	hold(again.type == event.type && again.result.status == event.result.status);
	hold_same(&again.result, &event.result);
	if (!hosted_event_is_last(&event))
		return;
	hold(hosted_result_read(client->hosted, scratch, &value, 200, &result) == FRESHET_OK);
	hold_same(&result, &event.result);
}

static void run_answer(int status, freshet_str text)
{
	freshet_response response = {.status = status, .body = text};
	struct agentos_answer answer;
	freshet_agentos_result result;
	freshet_agentos_approval *approvals;
	size_t count;
	response.outcome = (freshet_outcome){.http_status = status, .body = text, .text = freshet_str_of("?")};
	agentos_answer_read(client, ROUTE_invoke, NULL, &response, &answer);
	const freshet_agentos_error *error = &answer.failure.error;
	if (!answer.good) {
		hold(error->outcome.err != FRESHET_OK && error->outcome.text.len > 0);
		for (size_t i = 0; i < error->outcome.text.len; i++)
			hold((unsigned char)error->outcome.text.ptr[i] >= ' ' && error->outcome.text.ptr[i] != 0x7f);
		hold(memmem(error->outcome.text.ptr, error->outcome.text.len, KEY, strlen(KEY)) == NULL);
		touch(error->message);
		touch(error->code);
		touch(error->details);
		return;
	}
	freshet_json_scratch *scratch = &client->scratch.json;
	if (answer.data.type == FRESHET_JSON_MISSING)
		return;
	if (hosted_result_read(client->hosted, scratch, &answer.data, status, &result) == FRESHET_OK)
		touch_result(&result);
	if (hosted_approvals_read(client->hosted, scratch, &answer.data, &approvals, &count) == FRESHET_OK)
		for (size_t i = 0; i < count; i++) {
			hold(approvals[i].id.len > 0 && approvals[i].raw.ptr[0] == '{');
			touch(approvals[i].input);
			touch(approvals[i].expires_at);
		}
	else
		hold(approvals == NULL && count == 0);
	freshet_mem_free(approvals);
	touch(hosted_decision_read(client->hosted, scratch, &answer.data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"message", "chunk", "done", "error", "awaiting_input"};
	static const int statuses[] = {200, 202, 400, 401, 500};
	freshet_json_scratch scratch = {0};
	if (client == NULL)
		make_client();
	if (size == 0)
		return 0;
	freshet_str text = {(const char *)data + 1, size - 1};
	size_t item = data[0] % 5;
	if (data[0] / 5 % 2 == 0)
		run_event(text, freshet_str_of(names[item]), &scratch);
	else
		run_answer(statuses[item], text);
	freshet_json_scratch_clear(&scratch);
	return 0;
}
