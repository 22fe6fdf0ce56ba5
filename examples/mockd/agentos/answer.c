/*
 * Answers in the envelope of AgentOS: {"data": ..., "error": ...}, one of them null.
 */
#include "mockd/agentos/agentos.h"

#include "mockd/server.h"

#include "base/utf8.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define MESSAGE_MAX 512

char *aos_json_text(const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	return text != NULL ? text : must_copy("null");
}

json_t *aos_json(const char *text)
{
	json_t *json = text != NULL ? json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
	return json != NULL ? json : json_null();
}

void aos_answer_text(struct exchange *x, int status, const char *text)
{
	const struct answer head = {.status = status, .content_type = "application/json"};
	exchange_answer(x, &head, freshet_str_of(text));
}

char *aos_envelope(json_t *data)
{
	json_t *body = json_pack("{s:o, s:n}", "data", data, "error");
	char *text = aos_json_text(body);
	json_decref(body);
	return text;
}

void aos_answer(struct aos_call *call, int status, json_t *data)
{
	char *text = aos_envelope(data);
	aos_repeat_keep(call, status, text);
	aos_answer_text(call->exchange, status, text);
	free(text);
}

/* JSON takes no text that was cut inside a character, or that came as no UTF-8 at all. */
static void make_utf8(char *text)
{
	if (utf8_valid((const uint8_t *)text, strlen(text)))
		return;
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x80)
			*text = '?';
	}
}

void aos_refuse(struct aos_call *call, int status, const char *code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char text[MESSAGE_MAX];
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	make_utf8(text);
	call->aos->totals.refused++;
	json_t *body = json_pack("{s:n, s:{s:s, s:s}}", "data", "error", "code", code, "message", text);
	char *whole = aos_json_text(body);
	aos_answer_text(call->exchange, status, whole);
	free(whole);
	json_decref(body);
}

json_t *aos_time(uint64_t wall_us)
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

json_t *aos_uuid(struct uuid id)
{
	char text[UUID_TEXT + 1];
	uuid_write(id, text);
	return json_string(text);
}

bool aos_read_uuid(freshet_str text, struct uuid *id)
{
	char lower[UUID_TEXT];
	if (text.len != UUID_TEXT)
		return false;
	for (size_t i = 0; i < UUID_TEXT; i++)
		lower[i] = (char)tolower((unsigned char)text.ptr[i]);
	return uuid_read((freshet_str){lower, UUID_TEXT}, id);
}

bool aos_is_zero(struct uuid id)
{
	return id.high == 0 && id.low == 0;
}

static const char *skip_digits(const char *text, size_t count)
{
	for (size_t i = 0; text != NULL && i < count; i++) {
		if (!isdigit((unsigned char)*text++))
			return NULL;
	}
	return text;
}

/* As a pattern has it, in which '0' stands for a digit; NULL when it is not. */
static const char *skip_pattern(const char *text, const char *pattern)
{
	for (; text != NULL && *pattern != '\0'; pattern++) {
		if (*pattern == '0')
			text = skip_digits(text, 1);
		else
			text = *text == *pattern ? text + 1 : NULL;
	}
	return text;
}

bool aos_is_time(freshet_str span)
{
	char copy[40] = "";
	if (span.len >= sizeof copy)
		return false;
	memcpy(copy, span.ptr, span.len);
	const char *text = skip_pattern(copy, "0000-00-00T00:00:00");
	if (text != NULL && *text == '.') {
		size_t digits = strspn(text + 1, "0123456789");
		text = digits > 0 ? text + 1 + digits : NULL;
	}
	if (text == NULL || strcmp(text, "Z") == 0)
		return text != NULL;
	if (*text == '+' || *text == '-')
		text = skip_pattern(text + 1, "00:00");
	else
		text = NULL;
	return text != NULL && *text == '\0';
}

uint64_t aos_wall_us(const struct aos *a)
{
	return clock_wall_us(&a->mockd->clock);
}
