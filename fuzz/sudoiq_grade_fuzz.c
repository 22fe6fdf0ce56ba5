/*
 * What a grader says, which is what a model wrote: any bytes are a grade or are refused with a place inside of them. A grade
 * that is accepted is the same one inside a JSON string, as the result of a run may bring it.
 */
#include <freshet/json.h>
#include <freshet/sudoiq_resource.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
	if (!truth)
		abort();
}

static bool is_tier(freshet_sudoiq_quality quality)
{
	return quality >= FRESHET_SUDOIQ_QUALITY_VERY_LOW && quality <= FRESHET_SUDOIQ_QUALITY_VERY_HIGH;
}

static void must_be_same(const freshet_sudoiq_grade *a, const freshet_sudoiq_grade *b)
{
	must(a->pass == b->pass && a->quality == b->quality && a->attribute_count == b->attribute_count);
	must(is_tier(a->quality));
	for (size_t i = 0; i < a->attribute_count; i++) {
		must(is_tier(a->attributes[i].quality));
		must(a->attributes[i].quality == b->attributes[i].quality);
		must(freshet_str_equal(a->attributes[i].reason, b->attributes[i].reason));
	}
}

static void read_inside_a_string(freshet_str text, const freshet_sudoiq_grade *grade)
{
	freshet_json_writer *writer;
	freshet_sudoiq_grade *again;
	freshet_str quoted;
	must(freshet_json_writer_new(NULL, &writer) == FRESHET_OK);
	freshet_json_write_string(writer, text);
	must(freshet_json_writer_text(writer, &quoted) == FRESHET_OK);
	must(freshet_sudoiq_grade_new(quoted, &again, NULL) == FRESHET_OK);
	must_be_same(grade, again);
	freshet_sudoiq_grade_free(again);
	freshet_json_writer_free(writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	freshet_str text = {(const char *)data, size};
	freshet_json_value value;
	freshet_sudoiq_grade *grade;
	size_t position = 0;
	freshet_err err = freshet_sudoiq_grade_new(text, &grade, &position);
	must((err == FRESHET_OK) == (grade != NULL));
	must(position <= size);
	if (grade != NULL && freshet_json_read(text, &value, NULL) == FRESHET_OK && value.type == FRESHET_JSON_OBJECT)
		read_inside_a_string(text, grade);
	freshet_sudoiq_grade_free(grade);
	return 0;
}
