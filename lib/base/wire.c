#include "base/wire.h"

#include "base/mem.h"

/* Fixed cost counted for each field, as SETTINGS_MAX_HEADER_LIST_SIZE does (RFC 9113, section 6.5.2). */
#define FIELD_OVERHEAD 32

/*
 * What is read of an exchange for an event, and the least line of a cache. To fetch what is not there does no harm, to reckon
 * with a pointer there does: the addresses are numbers.
 */
#define NEAR_BYTES 256
#define CACHE_LINE 64

static void fetch(const void *exchange)
{
	for (size_t i = 0; i < NEAR_BYTES; i += CACHE_LINE)
		__builtin_prefetch((const void *)((uintptr_t)exchange + i));
}

bool wire_push(struct wire_queue *queue, const struct wire_event *event)
{
	if (queue->count == queue->capacity) {
		void *events = queue->events;
		if (!mem_grow(&events, &queue->capacity, queue->count + 1, sizeof *queue->events))
			return false;
		queue->events = events;
	}
	fetch(event->exchange);
	queue->events[queue->count++] = *event;
	return true;
}

void wire_queue_clear(struct wire_queue *queue)
{
	for (size_t i = 0; i < queue->count; i++)
		if (queue->events[i].kind == WIRE_ANSWER)
			wire_answer_free(queue->events[i].as.answer);
	mem_free(queue->events);
	*queue = (struct wire_queue){0};
}

freshet_err wire_answer_add(struct wire_answer *answer, freshet_str name, freshet_str value, size_t max_bytes)
{
	size_t cost = name.len + value.len + FIELD_OVERHEAD;
	if (cost > max_bytes || answer->bytes > max_bytes - cost)
		return FRESHET_EHTTP_HEADERS;
	void *fields = answer->fields;
	bool grown = mem_grow(&fields, &answer->capacity, answer->count + 1, sizeof *answer->fields);
	answer->fields = fields;
	char *text = grown ? mem_alloc(name.len + value.len + 1) : NULL;
	if (text == NULL)
		return FRESHET_ENOMEM;
	memcpy(text, name.ptr, name.len);
	if (value.len > 0)
		memcpy(text + name.len, value.ptr, value.len);
	answer->fields[answer->count++] = (freshet_header){{text, name.len}, {text + name.len, value.len}, false};
	answer->bytes += cost;
	return FRESHET_OK;
}

void wire_answer_free(struct wire_answer *answer)
{
	if (answer == NULL)
		return;
	for (size_t i = 0; i < answer->count; i++) {
		union {
			const char *constant;
			char *text;
		} block = {answer->fields[i].name.ptr};
		mem_free(block.text);
	}
	mem_free(answer->fields);
	mem_free(answer);
}
