/*
 * Answers, with names as the table has them. Errors come in one of the shapes that clients must be able to read.
 */
#include "mockd/sudoiq/sudoiq.h"

#include "mockd/server.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define MESSAGE_MAX 512

/* Shapes of an error; the setting sudoiq_error_shape chooses. */
enum error_shape {
	SHAPE_TABLE,  /* the members of the table */
	SHAPE_CODE,   /* {"code", "message"} */
	SHAPE_NESTED, /* {"error": {"code", "message"}} */
	SHAPE_DETAIL, /* {"detail": TEXT} */
	SHAPE_LIST,   /* {"detail": [{"msg": TEXT}]} */
	SHAPES,
};

uint64_t siq_now_us(const struct siq *s)
{
	return clock_now_us(&s->mockd->clock);
}

uint64_t siq_wall_us(const struct siq *s)
{
	return clock_wall_us(&s->mockd->clock);
}

const char *siq_name(const struct siq *s, enum siq_name name)
{
	return s->table->names[name];
}

char *siq_text(const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	return text != NULL ? text : must_copy("null");
}

json_t *siq_time(uint64_t wall_us)
{
	time_t seconds = (time_t)(wall_us / US_PER_S);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	char date[32];
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	return json_sprintf("%s.%06uZ", date, (unsigned)(wall_us % US_PER_S));
}

json_t *siq_id(const struct siq *s, int64_t id)
{
	return s->table->text_ids ? json_sprintf("%" PRId64, id) : json_integer(id);
}

void siq_set(const struct siq *s, json_t *object, enum siq_name name, json_t *value)
{
	const char *member = siq_name(s, name);
	const char *dot = strchr(member, '.');
	if (dot == NULL) {
		json_object_set_new(object, member, value);
		return;
	}
	char *outer = must_copy_span((freshet_str){member, (size_t)(dot - member)});
	json_t *inner = json_object_get(object, outer);
	if (inner == NULL) {
		inner = json_object();
		json_object_set_new(object, outer, inner);
	}
	json_object_set_new(inner, dot + 1, value);
	free(outer);
}

void siq_answer(struct siq_request *q, int status, json_t *body)
{
	struct answer head = {.status = status};
	if (body == NULL) {
		exchange_answer(q->exchange, &head, (freshet_str){NULL, 0});
		return;
	}
	head.content_type = "application/json";
	char *text = siq_text(body);
	exchange_answer(q->exchange, &head, freshet_str_of(text));
	free(text);
	json_decref(body);
}

static json_t *error_body(const struct siq *s, const char *code, const char *message)
{
	json_t *body = json_object();
	switch ((enum error_shape)s->error_shape) {
	case SHAPE_CODE: json_object_set_new(body, "code", json_string(code)); break;
	case SHAPE_NESTED:
		json_object_set_new(body, "error", json_pack("{s:s, s:s}", "code", code, "message", message));
		return body;
	case SHAPE_DETAIL: json_object_set_new(body, "detail", json_string(message)); return body;
	case SHAPE_LIST: json_object_set_new(body, "detail", json_pack("[{s:s}]", "msg", message)); return body;
	case SHAPE_TABLE:
	case SHAPES:
		siq_set(s, body, SIQ_FIELD_FAILURE_CODE, json_string(code));
		siq_set(s, body, SIQ_FIELD_FAILURE_MESSAGE, json_string(message));
		return body;
	}
	json_object_set_new(body, "message", json_string(message));
	return body;
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

void siq_fail(struct siq_request *q, int status, const char *code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char text[MESSAGE_MAX];
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	make_utf8(text);
	json_t *body = error_body(q->siq, code, text);
	struct answer head = {.status = status, .content_type = "application/json"};
	if (status == 429)
		head.fields[0] = (struct header){"retry-after", "1"};
	char *json = siq_text(body);
	exchange_answer(q->exchange, &head, freshet_str_of(json));
	free(json);
	json_decref(body);
}

void siq_fail_calls(struct siq_request *q, json_t *call_ids)
{
	struct siq *s = q->siq;
	json_t *body = error_body(s, siq_name(s, SIQ_CODE_ALREADY), "these calls were answered before");
	if (s->conflict_ids != 0)
		siq_set(s, body, SIQ_FIELD_FAILURE_CALL_IDS, json_incref(call_ids));
	json_decref(call_ids);
	siq_answer(q, 409, body);
}
