/*
 * What a claude agent writes, through the event model: the first byte chooses the length of lines.
 *
 * Properties: one feed equals many feeds; every span of an event can be read to its end; the events of an output end with
 * DONE, once; what is RAW and says that it is JSON is.
 */
#include <freshet/agent.h>
#include <freshet/json.h>

#include <stdlib.h>

#define HOLD(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

/* FNV-1a over the events. */
struct verdict {
	uint64_t hash;
	size_t events;
	size_t ends;
};

static void mix(struct verdict *v, uint64_t number)
{
	v->hash = (v->hash ^ number) * UINT64_C(1099511628211);
}

static void mix_text(struct verdict *v, freshet_str text)
{
	for (size_t i = 0; i < text.len; i++)
		mix(v, (unsigned char)text.ptr[i]);
	mix(v, 0x100);
}

static void mix_raw(struct verdict *v, const freshet_agent_event *e)
{
	freshet_json_value value;
	HOLD(!e->line.json || freshet_json_read(e->raw, &value, NULL) == FRESHET_OK);
	mix(v, (uint64_t)e->line.part << 2 | (uint64_t)e->line.continued << 1 | e->line.json);
}

static void mix_members(struct verdict *v, const freshet_agent_event *e)
{
	switch (e->kind) {
	case FRESHET_AGENT_RAW: mix_raw(v, e); break;
	case FRESHET_AGENT_STATUS:
		mix_text(v, e->status.name);
		mix_text(v, e->status.text);
		break;
	case FRESHET_AGENT_TEXT:
	case FRESHET_AGENT_THINKING:
		mix_text(v, e->text.text);
		mix(v, (uint64_t)e->text.delta << 1 | e->text.repeated);
		break;
	case FRESHET_AGENT_TOOL_CALL:
		mix_text(v, e->tool.id);
		mix_text(v, e->tool.name);
		mix_text(v, e->tool.input);
		break;
	case FRESHET_AGENT_TOOL_RESULT:
		mix_text(v, e->tool_result.id);
		mix_text(v, e->tool_result.text);
		mix_text(v, e->tool_result.content);
		mix(v, e->tool_result.is_error);
		break;
	case FRESHET_AGENT_USAGE: mix(v, (uint64_t)e->usage.input_tokens ^ (uint64_t)e->usage.output_tokens); break;
	case FRESHET_AGENT_ERROR:
		mix_text(v, e->error.code);
		mix_text(v, e->error.text);
		break;
	case FRESHET_AGENT_DONE:
		mix_text(v, e->done.output);
		v->ends++;
		break;
	case FRESHET_AGENT_STARTED:
	case FRESHET_AGENT_OUTPUT:
	case FRESHET_AGENT_TOOL_REQUEST:
	case FRESHET_AGENT_AWAITING_INPUT:
	case FRESHET_AGENT_AWAITING_APPROVAL: abort();
	}
}

static void take(freshet_agent_reader *reader, struct verdict *v)
{
	freshet_agent_event event;
	freshet_agent_step step;
	while ((step = freshet_agent_reader_next(reader, &event)) == FRESHET_AGENT_EVENT) {
		HOLD(v->ends == 0);
		v->events++;
		mix(v, event.kind);
		mix_text(v, event.raw);
		mix_text(v, event.message);
		mix_text(v, event.parent);
		mix_members(v, &event);
	}
	HOLD(step == FRESHET_AGENT_MORE);
}

static void feed(freshet_agent_reader *reader, struct verdict *v, freshet_str text)
{
	freshet_aod_event event = {.type = FRESHET_AOD_EVENT_OUTPUT};
	event.output.stream = FRESHET_AOD_OUTPUT_STDOUT;
	event.output.data = text;
	HOLD(freshet_agent_reader_aod(reader, &event) == FRESHET_OK);
	take(reader, v);
}

/* `step` 0 feeds all at once, else pieces of up to so many bytes. */
static struct verdict run(unsigned choice, const char *bytes, size_t size, size_t step)
{
	freshet_agent_reader_options o;
	freshet_agent_reader *reader;
	freshet_aod_event end = {.type = FRESHET_AOD_EVENT_EXIT};
	struct verdict v = {UINT64_C(14695981039346656037), 0, 0};
	freshet_agent_reader_options_init(&o);
	o.form = FRESHET_AGENT_FORM_CLAUDE;
	o.max_line = (choice & 1) != 0 ? 64 : 0;
	HOLD(freshet_agent_reader_new(&o, &reader) == FRESHET_OK);
	for (size_t at = 0, len; at < size; at += len) {
		len = step == 0 ? size : 1 + ((unsigned char)bytes[at] + at) % step;
		if (len > size - at)
			len = size - at;
		feed(reader, &v, (freshet_str){bytes + at, len});
	}
	HOLD(freshet_agent_reader_aod(reader, &end) == FRESHET_OK);
	take(reader, &v);
	HOLD(v.ends == 1);
	freshet_agent_reader_free(reader);
	return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t steps[] = {1, 7, 100};
	if (size == 0)
		return 0;
	const char *bytes = (const char *)data + 1;
	struct verdict whole = run(data[0], bytes, size - 1, 0);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct verdict cut = run(data[0], bytes, size - 1, steps[i]);
		HOLD(cut.hash == whole.hash && cut.events == whole.events);
	}
	return 0;
}
