/*
 * Tiers of quality, and what graders say.
 *
 * Happy path: the object (opened, where it came inside a string) has its three members; the reasons are counted with the
 * bytes that they take, and all of it is packed into one block.
 */
#include <freshet/json.h>
#include <freshet/sudoiq_resource.h>

static const char *const quality_names[] = {
	[FRESHET_SUDOIQ_QUALITY_UNKNOWN] = "unknown",
	[FRESHET_SUDOIQ_QUALITY_VERY_LOW] = "very-low",
	[FRESHET_SUDOIQ_QUALITY_LOW] = "low",
	[FRESHET_SUDOIQ_QUALITY_MEDIUM] = "medium",
	[FRESHET_SUDOIQ_QUALITY_HIGH] = "high",
	[FRESHET_SUDOIQ_QUALITY_VERY_HIGH] = "very-high",
};

#define QUALITIES (sizeof quality_names / sizeof quality_names[0])

const char *freshet_sudoiq_quality_name(freshet_sudoiq_quality quality)
{
	return quality_names[(size_t)quality < QUALITIES ? quality : FRESHET_SUDOIQ_QUALITY_UNKNOWN];
}

freshet_sudoiq_quality freshet_sudoiq_quality_of(freshet_str name)
{
	for (size_t i = 1; i < QUALITIES; i++)
		if (freshet_str_is(name, quality_names[i]))
			return (freshet_sudoiq_quality)i;
	return FRESHET_SUDOIQ_QUALITY_UNKNOWN;
}

/* The text at hand; the first error sticks. */
struct source {
	freshet_json_scratch scratch;
	freshet_str text; /* of the object, or the string around it */
	freshet_err err;
	size_t position;
};

static void refuse(struct source *s, const freshet_json_value *at, freshet_err err)
{
	if (err == FRESHET_OK || s->err != FRESHET_OK)
		return;
	s->err = err;
	s->position = at->raw.ptr != NULL ? (size_t)(at->raw.ptr - s->text.ptr) : s->text.len;
}

static freshet_sudoiq_quality take_quality(struct source *s, const freshet_json_value *value)
{
	freshet_str name = {NULL, 0};
	refuse(s, value, freshet_json_string(value, &s->scratch, &name));
	freshet_sudoiq_quality quality = freshet_sudoiq_quality_of(name);
	refuse(s, value, quality != FRESHET_SUDOIQ_QUALITY_UNKNOWN ? FRESHET_OK : FRESHET_EBAD_ANSWER);
	return quality;
}

/* An object of one member: the tier, and the reason. */
static void take_attribute(struct source *s, const freshet_json_value *element, freshet_sudoiq_attribute *out)
{
	freshet_json_each each;
	freshet_json_value key, value, second;
	refuse(s, element, element->type == FRESHET_JSON_OBJECT ? FRESHET_OK : FRESHET_EJSON_TYPE);
	if (s->err != FRESHET_OK)
		return;
	freshet_json_each_begin(&each, element);
	if (!freshet_json_each_next(&each, &key, &value)) {
		refuse(s, element, FRESHET_EJSON_MISSING);
		return;
	}
	out->quality = take_quality(s, &key);
	refuse(s, &value, freshet_json_string(&value, &s->scratch, &out->reason));
	if (freshet_json_each_next(&each, NULL, &second))
		refuse(s, &second, FRESHET_EBAD_ANSWER);
}

/* Room for the grade, its attributes and whatever their strings may take, which is less than their JSON text. */
static freshet_sudoiq_grade *new_grade(const freshet_json_value *attributes, size_t *count)
{
	freshet_json_each each;
	freshet_json_value element;
	*count = 0;
	freshet_json_each_begin(&each, attributes);
	while (freshet_json_each_next(&each, NULL, &element))
		++*count;
	/* Each attribute is at least two bytes of that text. */
	return freshet_mem_new(
		1, sizeof(freshet_sudoiq_grade) + *count * sizeof(freshet_sudoiq_attribute) + attributes->raw.len);
}

static void take_attributes(struct source *s, const freshet_json_value *list, freshet_sudoiq_grade **out)
{
	freshet_json_each each;
	freshet_json_value element;
	size_t count;
	refuse(s, list, list->type == FRESHET_JSON_ARRAY ? FRESHET_OK : FRESHET_EJSON_TYPE);
	freshet_sudoiq_grade *grade = s->err == FRESHET_OK ? new_grade(list, &count) : NULL;
	refuse(s, list, grade != NULL ? FRESHET_OK : FRESHET_ENOMEM);
	*out = grade;
	if (grade == NULL)
		return;
	freshet_sudoiq_attribute *attributes = (freshet_sudoiq_attribute *)(grade + 1);
	char *at = (char *)(attributes + count);
	freshet_json_each_begin(&each, list);
	for (size_t i = 0; i < count && freshet_json_each_next(&each, NULL, &element) && s->err == FRESHET_OK; i++) {
		take_attribute(s, &element, &attributes[i]);
		if (s->err != FRESHET_OK || attributes[i].reason.len == 0)
			continue;
		memcpy(at, attributes[i].reason.ptr, attributes[i].reason.len);
		attributes[i].reason.ptr = at;
		at += attributes[i].reason.len;
	}
	grade->attributes = attributes;
	grade->attribute_count = count;
}

static void read_grade(struct source *s, freshet_sudoiq_grade **out)
{
	FRESHET_JSON_PLAN(plan, "pass", "quality_score", "quality_attributes");
	freshet_json_value values[3];
	bool pass = false;
	s->err = freshet_json_pick(&plan, s->text, values, &s->position);
	for (size_t i = 0; i < 3; i++)
		refuse(s, &values[i], values[i].type != FRESHET_JSON_MISSING ? FRESHET_OK : FRESHET_EJSON_MISSING);
	if (s->err != FRESHET_OK)
		return;
	refuse(s, &values[0], freshet_json_bool(&values[0], &pass));
	freshet_sudoiq_quality quality = take_quality(s, &values[1]);
	take_attributes(s, &values[2], out);
	if (s->err != FRESHET_OK)
		return;
	(*out)->pass = pass;
	(*out)->quality = quality;
}

/* The result of a run may be a string that holds the JSON text: it is opened, once. */
static void open_string(struct source *s, freshet_json_scratch *scratch)
{
	freshet_json_value value;
	freshet_str inside;
	s->err = freshet_json_read(s->text, &value, &s->position);
	if (s->err != FRESHET_OK)
		return;
	if (value.type == FRESHET_JSON_STRING) {
		refuse(s, &value, freshet_json_string(&value, scratch, &inside));
		if (s->err == FRESHET_OK)
			s->text = inside;
	} else {
		s->text = value.raw;
		refuse(s, &value, value.type == FRESHET_JSON_OBJECT ? FRESHET_OK : FRESHET_EJSON_TYPE);
	}
}

freshet_err freshet_sudoiq_grade_new(freshet_str json, freshet_sudoiq_grade **out, size_t *position)
{
	freshet_json_scratch around;
	struct source s = {.text = json};
	if (out == NULL)
		return FRESHET_EINVAL;
	*out = NULL;
	freshet_json_scratch_init(&around, NULL, 0);
	freshet_json_scratch_init(&s.scratch, NULL, 0);
	open_string(&s, &around);
	if (s.err == FRESHET_OK)
		read_grade(&s, out);
	if (s.err != FRESHET_OK) {
		freshet_mem_free(*out);
		*out = NULL;
		if (position != NULL)
			*position = s.position;
	}
	freshet_json_scratch_clear(&s.scratch);
	freshet_json_scratch_clear(&around);
	return s.err;
}

void freshet_sudoiq_grade_free(freshet_sudoiq_grade *grade)
{
	freshet_mem_free(grade);
}
