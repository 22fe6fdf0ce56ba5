/*
 * What an account of the Sudoiq service holds beside its runs: registered tools, stored tests, graders, validators of
 * output and feedback on runs. Included by sudoiq.h; the rules of callbacks are those told there.
 *
 * Of an object that the server sends, members that it left out, sent as null or sent as something else than told here are
 * empty: `raw` is its JSON text, with the members that this version does not know. What is sent may be written whole by the
 * caller, where a struct has a member `raw` or `schema`; and freshet_sudoiq_call_route reaches every endpoint with bodies
 * and answers as they are.
 */
#ifndef FRESHET_SUDOIQ_RESOURCE_H
#define FRESHET_SUDOIQ_RESOURCE_H

#include <freshet/sudoiq.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which part of a list is asked for. */
typedef struct freshet_sudoiq_page {
	uint32_t limit;     /* objects of one answer; 0: the server's own limit */
	freshet_str cursor; /* `next_cursor` of the answer before; empty: from the beginning */
} freshet_sudoiq_page;

/* ---- registered tools ---- */

/* One argument of a tool. */
typedef struct freshet_sudoiq_property {
	freshet_str name;        /* required, not empty */
	freshet_str type;        /* optional: "string", "integer", ... */
	freshet_str description; /* optional */
	freshet_str
		more;  /* optional: a JSON object whose members follow, none of them a second time: enum, items, ... */
	bool required; /* the tool is never called without it */
} freshet_sudoiq_property;

/* A tool as models are shown it. */
typedef struct freshet_sudoiq_definition {
	freshet_str name;        /* required: 1 to 64 of A-Z a-z 0-9 _ . - */
	freshet_str space;       /* required: the name space ("main"); together with the name it tells tools apart */
	freshet_str description; /* optional; what models decide by */
	const freshet_sudoiq_property *properties;
	size_t property_count;
	freshet_str schema; /* optional: the whole `schema_data`, a JSON object, instead of the properties */
} freshet_sudoiq_definition;

typedef struct freshet_sudoiq_register_options {
	size_t size;                            /* set by freshet_sudoiq_register_options_init */
	const freshet_sudoiq_definition *tools; /* required: at least one */
	size_t count;
	bool lenient; /* not looked at: names, name spaces, whether a tool comes twice, what a schema requires */
	bool omit_schema_type; /* `"type":"object"` is left out of the schemas that are written from properties */
	bool repeatable;       /* may be sent again though an earlier one may have arrived */
} freshet_sudoiq_register_options;

FRESHET_OPTIONS_INIT(freshet_sudoiq_register_options)

/* A tool as the server has it. */
typedef struct freshet_sudoiq_registered {
	freshet_str raw;
	freshet_str id; /* a number comes as its digits */
	freshet_str name;
	freshet_str space;
	freshet_str description;
	freshet_str schema; /* `schema_data`: JSON text */
	freshet_str created_at;
	freshet_str updated_at;
} freshet_sudoiq_registered;

/*
 * `error` is NULL on success. A server that does not send back what it has taken gives no objects. `next_cursor` is empty
 * where nothing follows; so too in the callbacks below.
 */
typedef void freshet_sudoiq_registered_fn(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_registered *tools, size_t count, freshet_str next_cursor, void *user);

/*
 * Registers tools, which stay until they are deleted; one of the same name and name space takes the place of the one
 * before. FRESHET_EINVAL: no tools, a name or a name space that cannot be, a tool that comes twice, a schema that is no
 * JSON object, or one whose `required` names what is not among its `properties`; FRESHET_EJSON_... for text that is no
 * JSON; FRESHET_ENOMEM, FRESHET_ESTATE; nothing is sent then.
 */
FRESHET_API freshet_err freshet_sudoiq_register_tools(freshet_sudoiq *client,
	const freshet_sudoiq_register_options *options, freshet_sudoiq_registered_fn *done, void *user,
	freshet_sudoiq_call **out);

/*
 * A page of the registered tools (`page` NULL: the first), of one name space unless `space` is empty. A limit above 200 is
 * FRESHET_EINVAL.
 */
FRESHET_API freshet_err freshet_sudoiq_get_tools(freshet_sudoiq *client, freshet_str space,
	const freshet_sudoiq_page *page, freshet_sudoiq_registered_fn *done, void *user, freshet_sudoiq_call **out);

/* `was_there` is false where the server had no such thing, which counts as success unless it was asked otherwise. */
typedef void freshet_sudoiq_deleted_fn(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, bool was_there, void *user);

/*
 * Deletes a tool. With `must_exist` it is FRESHET_ENOT_FOUND in the callback when the first request finds none; after a
 * request whose answer was lost nobody can tell.
 */
FRESHET_API freshet_err freshet_sudoiq_delete_tool(freshet_sudoiq *client, freshet_str space, freshet_str name,
	bool must_exist, freshet_sudoiq_deleted_fn *done, void *user, freshet_sudoiq_call **out);

/* ---- stored tests ---- */

/* The tiers of quality, for tests, graders and feedback. */
typedef enum freshet_sudoiq_quality {
	FRESHET_SUDOIQ_QUALITY_UNKNOWN,
	FRESHET_SUDOIQ_QUALITY_VERY_LOW,
	FRESHET_SUDOIQ_QUALITY_LOW,
	FRESHET_SUDOIQ_QUALITY_MEDIUM,
	FRESHET_SUDOIQ_QUALITY_HIGH,
	FRESHET_SUDOIQ_QUALITY_VERY_HIGH,
} freshet_sudoiq_quality;

/* "very-low", "low", "medium", "high", "very-high"; static, "unknown" for all else. */
FRESHET_API const char *freshet_sudoiq_quality_name(freshet_sudoiq_quality quality);
FRESHET_API freshet_sudoiq_quality freshet_sudoiq_quality_of(freshet_str name);

/* An example of what an agent is given and should answer. Members whose ptr is NULL are not sent. */
typedef struct freshet_sudoiq_example {
	freshet_str input_type; /* "text" */
	freshet_str input_content;
	freshet_str input_description;
	freshet_str output_type; /* "text" */
	freshet_str output_content;
	freshet_str output_description;
	freshet_str graded_quality; /* a name of freshet_sudoiq_quality */
	freshet_str quality_reason;
	freshet_str raw; /* optional: a JSON object that is sent instead of the members */
} freshet_sudoiq_example;

typedef struct freshet_sudoiq_test {
	freshet_str raw;
	freshet_str id;
	freshet_str input_type;
	freshet_str input_content;
	freshet_str input_description;
	freshet_str output_type;
	freshet_str output_content;
	freshet_str output_description;
	freshet_str graded_quality;
	freshet_sudoiq_quality quality; /* that, read */
	freshet_str quality_reason;
} freshet_sudoiq_test;

typedef void freshet_sudoiq_test_fn(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_test *tests, size_t count, freshet_str next_cursor, void *user);

/* Stores examples. It is not sent again once it may have arrived. */
FRESHET_API freshet_err freshet_sudoiq_create_tests(freshet_sudoiq *client, freshet_str agent_id,
	const freshet_sudoiq_example *examples, size_t count, freshet_sudoiq_test_fn *done, void *user,
	freshet_sudoiq_call **out);

/* `page` may be NULL. */
FRESHET_API freshet_err freshet_sudoiq_get_tests(freshet_sudoiq *client, freshet_str agent_id,
	const freshet_sudoiq_page *page, freshet_sudoiq_test_fn *done, void *user, freshet_sudoiq_call **out);

/* As freshet_sudoiq_delete_tool. */
FRESHET_API freshet_err freshet_sudoiq_delete_test(freshet_sudoiq *client, freshet_str agent_id, freshet_str test_id,
	bool must_exist, freshet_sudoiq_deleted_fn *done, void *user, freshet_sudoiq_call **out);

/* ---- graders ---- */

/* A grader is an agent that judges the output of another one. */
typedef struct freshet_sudoiq_grader {
	freshet_str raw;
	freshet_str grader_agent_id;
	freshet_str agent_id;
	freshet_str version; /* a number comes as its digits */
	freshet_str message;
} freshet_sudoiq_grader;

typedef void freshet_sudoiq_grader_fn(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_grader *grader, void *user);

/*
 * Makes a grader of an agent; a proposed one is a second one, which is not its primary. It is not sent again once it may
 * have arrived. `grader` is never NULL without an error.
 */
FRESHET_API freshet_err freshet_sudoiq_create_grader(freshet_sudoiq *client, freshet_str agent_id, freshet_str rubric,
	freshet_str rubric_name, bool proposed, freshet_sudoiq_grader_fn *done, void *user, freshet_sudoiq_call **out);

/* One reason of a grader. */
typedef struct freshet_sudoiq_attribute {
	freshet_sudoiq_quality quality;
	freshet_str reason;
} freshet_sudoiq_attribute;

/* What a grader says of an output. */
typedef struct freshet_sudoiq_grade {
	bool pass;
	freshet_sudoiq_quality quality; /* `quality_score`; never UNKNOWN */
	const freshet_sudoiq_attribute *attributes;
	size_t attribute_count;
} freshet_sudoiq_grade;

/*
 * Checks and reads the output of a grader: an object with `pass`, `quality_score` and `quality_attributes`, or a string
 * that holds the JSON text of one, as the result of a run may be. Pure: it needs no client. The grade is copied into one
 * block, for freshet_sudoiq_grade_free. FRESHET_EJSON_... for text that is no JSON, FRESHET_EJSON_MISSING and _TYPE where
 * it is not as told, FRESHET_EBAD_ANSWER for a tier that there is not, FRESHET_ENOMEM; `position` (may be NULL) is then the
 * byte of the object's text, and *out is NULL.
 */
FRESHET_API freshet_err freshet_sudoiq_grade_new(freshet_str json, freshet_sudoiq_grade **out, size_t *position);

/* NULL is fine. */
FRESHET_API void freshet_sudoiq_grade_free(freshet_sudoiq_grade *grade);

/* ---- validators of output ---- */

typedef struct freshet_sudoiq_schema {
	freshet_str name;        /* required */
	freshet_str json_schema; /* required: a JSON Schema, which is an object, true or false */
} freshet_sudoiq_schema;

typedef struct freshet_sudoiq_validator {
	freshet_str raw;
	freshet_str id; /* a number comes as its digits */
	freshet_str name;
	freshet_str json_schema; /* JSON text */
} freshet_sudoiq_validator;

typedef void freshet_sudoiq_validator_fn(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_validator *validators, size_t count, freshet_str next_cursor, void *user);

/* Makes validators, or changes those of the same names. */
FRESHET_API freshet_err freshet_sudoiq_upsert_validators(freshet_sudoiq *client, const freshet_sudoiq_schema *schemas,
	size_t count, freshet_sudoiq_validator_fn *done, void *user, freshet_sudoiq_call **out);

/* `page` may be NULL. */
FRESHET_API freshet_err freshet_sudoiq_list_validators(freshet_sudoiq *client, const freshet_sudoiq_page *page,
	freshet_sudoiq_validator_fn *done, void *user, freshet_sudoiq_call **out);

/* One. */
FRESHET_API freshet_err freshet_sudoiq_get_validator(freshet_sudoiq *client, freshet_str id,
	freshet_sudoiq_validator_fn *done, void *user, freshet_sudoiq_call **out);

/* ---- feedback ---- */

/* What somebody thinks of a run. */
typedef struct freshet_sudoiq_feedback_options {
	size_t size;         /* set by freshet_sudoiq_feedback_options_init */
	freshet_str quality; /* a name of freshet_sudoiq_quality; required unless `raw` is given */
	freshet_str reason;  /* optional */
	freshet_str source;  /* "human" or "automated"; default "human" */
	const freshet_str *tags;
	size_t tag_count;
	freshet_str raw; /* optional: a JSON object that is sent instead */
} freshet_sudoiq_feedback_options;

FRESHET_OPTIONS_INIT(freshet_sudoiq_feedback_options)

typedef struct freshet_sudoiq_feedback {
	freshet_str raw;
	freshet_str id;
	freshet_str quality_name;
	freshet_sudoiq_quality quality;
	freshet_str reason;
	freshet_str source;
	freshet_str tags; /* a JSON array */
	freshet_str created_at;
} freshet_sudoiq_feedback;

typedef void freshet_sudoiq_feedback_fn(freshet_sudoiq_call *call, const freshet_sudoiq_error *error,
	const freshet_sudoiq_feedback *feedback, size_t count, freshet_str next_cursor, void *user);

/* Records feedback on a run. It is not sent again once it may have arrived. */
FRESHET_API freshet_err freshet_sudoiq_send_feedback(freshet_sudoiq *client, freshet_str agent_id, int64_t task_id,
	const freshet_sudoiq_feedback_options *options, freshet_sudoiq_feedback_fn *done, void *user,
	freshet_sudoiq_call **out);

/* `page` may be NULL. */
FRESHET_API freshet_err freshet_sudoiq_list_feedback(freshet_sudoiq *client, freshet_str agent_id, int64_t task_id,
	const freshet_sudoiq_page *page, freshet_sudoiq_feedback_fn *done, void *user, freshet_sudoiq_call **out);

/* ---- any endpoint ---- */

typedef struct freshet_sudoiq_route_value {
	const char *name; /* of a placeholder that the table has for the endpoint; else of a parameter of the query */
	freshet_str value;
} freshet_sudoiq_route_value;

typedef struct freshet_sudoiq_route_options {
	size_t size;     /* set by freshet_sudoiq_route_options_init */
	const char *key; /* required: of the table in docs/services/sudoiq.md, "run_feedback" */
	const freshet_sudoiq_route_value *values;
	size_t value_count;
	freshet_str body; /* optional: JSON */
	bool repeatable;  /* may be sent again though an earlier one may have arrived; GET, PUT and DELETE always may */
} freshet_sudoiq_route_options;

FRESHET_OPTIONS_INIT(freshet_sudoiq_route_options)

/* `json` is the body of an answer of 2xx as it came; it may be empty, and need not be JSON. */
typedef void freshet_sudoiq_json_fn(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, int status, freshet_str json, void *user);

/* A request to an endpoint of the table with a body of the caller's. FRESHET_EINVAL for a key that there is not. */
FRESHET_API freshet_err freshet_sudoiq_call_route(freshet_sudoiq *client, const freshet_sudoiq_route_options *options,
	freshet_sudoiq_json_fn *done, void *user, freshet_sudoiq_call **out);

#ifdef __cplusplus
}
#endif

#endif
