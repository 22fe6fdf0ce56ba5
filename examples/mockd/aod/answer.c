/*
 * Answers in AoD's shapes, and request bodies.
 */
#include "mockd/aod/aod.h"

#include "mockd/alloc.h"
#include "mockd/json_text.h"
#include "mockd/server.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

void aod_answer(struct aod_call *call, int status, json_t *body)
{
	struct answer head = {.status = status, .content_type = "application/json"};
	if (status == 405)
		head.fields[0] = (struct header){"allow", call->allow};
	char *text = json_text(body);
	exchange_answer(call->exchange, &head, freshet_str_of(text));
	free(text);
	json_decref(body);
}

void aod_detail(struct aod_call *call, int status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char text[512];
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	aod_answer(call, status, json_pack("{s:s}", "detail", text));
}

void aod_html(struct aod_call *call, int status, const char *title)
{
	const struct answer head = {.status = status, .content_type = "text/html; charset=utf-8"};
	struct buffer page = {.bytes = NULL};
	buffer_format(&page,
		"\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>%s</title>\n</head>\n<body>\n  "
		"<h1>%s</h1><p></p>\n"
		"</body>\n</html>\n",
		title, title);
	exchange_answer(call->exchange, &head, buffer_span(&page));
	buffer_clear(&page);
}

json_t *aod_body(struct aod_call *call)
{
	const struct request *r = call->request;
	if (r->body_too_large) {
		aod_html(call, 413, "Request Entity Too Large");
		return NULL;
	}
	json_t *body =
		json_loadb(r->body.ptr != NULL ? r->body.ptr : "", r->body.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (!json_is_object(body)) {
		json_decref(body);
		aod_detail(call, 400, "Request body must be a JSON object");
		return NULL;
	}
	return body;
}

json_t *aod_time(uint64_t wall_us)
{
	if (wall_us == 0)
		return json_null();
	time_t seconds = (time_t)(wall_us / US_PER_S);
	unsigned fraction = (unsigned)(wall_us % US_PER_S);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	char date[32];
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	return fraction > 0 ? json_sprintf("%s.%06u+00:00", date, fraction) : json_sprintf("%s+00:00", date);
}

json_t *aod_uuid(struct uuid id)
{
	char text[UUID_TEXT + 1];
	uuid_write(id, text);
	return json_string(text);
}

json_t *aod_code_json(struct aod_code code)
{
	return code.known ? json_integer(code.value) : json_null();
}

uint64_t aod_wall_us(const struct aod *a)
{
	return clock_wall_us(&a->mockd->clock);
}

const char *aod_provider_key(const struct aod *a)
{
	return a->mockd->options.dialect == MOCKD_DIALECT_R ? "runtime" : "provider";
}
