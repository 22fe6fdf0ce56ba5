/*
 * Answers in Ash's shapes (contract 3). The framework's own errors keep their detail only on routes whose schema does
 * not know the status.
 */
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define MESSAGE_MAX 512

static const char *phrase_of(int status)
{
	switch (status) {
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 404: return "Not Found";
	case 413: return "Payload Too Large";
	case 415: return "Unsupported Media Type";
	case 429: return "Too Many Requests";
	default: return "Internal Server Error";
	}
}

/* Puts a field behind those that are there. */
static void add_field(struct answer *head, const char *name, const char *value)
{
	size_t i = 0;
	while (i < ANSWER_FIELDS_MAX && head->fields[i].name != NULL)
		i++;
	if (i < ANSWER_FIELDS_MAX)
		head->fields[i] = (struct header){name, value};
}

void ash_answer_bytes(struct ash_call *call, struct answer head, freshet_str bytes)
{
	add_field(&head, "vary", "Origin");
	add_field(&head, "access-control-allow-credentials", "true");
	static const char *const limits[] = {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"};
	for (size_t i = 0; i < 3 && call->limit[i][0] != '\0'; i++)
		add_field(&head, limits[i], call->limit[i]);
	if (head.status == 429)
		add_field(&head, "retry-after", call->limit[2]);
	exchange_answer(call->exchange, &head, bytes);
}

char *ash_json_text(const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	return text != NULL ? text : must_copy("null");
}

void ash_answer(struct ash_call *call, int status, json_t *body)
{
	const struct answer head = {.status = status, .content_type = "application/json; charset=utf-8"};
	char *text = ash_json_text(body);
	ash_answer_bytes(call, head, freshet_str_of(text));
	free(text);
	json_decref(body);
}

void ash_answer_member(struct ash_call *call, int status, const char *name, json_t *value)
{
	ash_answer(call, status, json_pack("{s:o}", name, value));
}

void ash_answer_nothing(struct ash_call *call)
{
	const struct answer head = {.status = 204};
	ash_answer_bytes(call, head, (freshet_str){NULL, 0});
}

/* JSON takes no text that was cut inside a character, or that came from a path as no UTF-8 at all. */
static void make_utf8(char *text)
{
	if (utf8_valid((const uint8_t *)text, strlen(text)))
		return;
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x80)
			*text = '?';
	}
}

void ash_fail(struct ash_call *call, int status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char text[MESSAGE_MAX];
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	make_utf8(text);
	ash_answer(call, status, json_pack("{s:s, s:i}", "error", text, "statusCode", status));
}

void ash_refuse(struct ash_call *call, int status, const char *code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char text[MESSAGE_MAX];
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	make_utf8(text);
	if (call->route != NULL && ash_route_declares(call->route, status)) {
		ash_fail(call, status, "%s", phrase_of(status));
		return;
	}
	json_t *body = json_pack("{s:i}", "statusCode", status);
	if (code != NULL)
		json_object_set_new(body, "code", json_string(code));
	json_object_set_new(body, "error", json_string(phrase_of(status)));
	json_object_set_new(body, "message", json_string(text));
	ash_answer(call, status, body);
}

json_t *ash_time(uint64_t wall_us)
{
	if (wall_us == 0)
		return json_null();
	time_t seconds = (time_t)(wall_us / US_PER_S);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	char date[32];
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	return json_sprintf("%s.%03uZ", date, (unsigned)(wall_us / US_PER_MS % 1000));
}

json_t *ash_uuid(struct uuid id)
{
	char text[UUID_TEXT + 1];
	uuid_write(id, text);
	return json_string(text);
}

bool uuid_is_zero(struct uuid id)
{
	return id.high == 0 && id.low == 0;
}

uint64_t ash_wall_us(const struct ash *a)
{
	return clock_wall_us(&a->mockd->clock);
}
