/*
 * Versions and evaluations of the agents of the Ash service. Included by ash.h; the rules of objects, calls and callbacks
 * are those told there.
 */
#ifndef FRESHET_ASH_EVAL_H
#define FRESHET_ASH_EVAL_H

#include <freshet/ash.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- objects ---- */

typedef struct freshet_ash_version {
	freshet_str raw;
	freshet_str id;
	freshet_str agent_name;
	int64_t number;
	freshet_str name;
	bool is_active;
	freshet_str system_prompt;
	freshet_str release_notes;
	const freshet_str *knowledge_files;
	size_t knowledge_file_count;
	freshet_str created_by;
	freshet_str tenant_id;
	freshet_str created_at;
	freshet_str updated_at;
} freshet_ash_version;

typedef struct freshet_ash_eval_case {
	freshet_str raw;
	freshet_str id;
	freshet_str agent_name;
	freshet_str question;
	const freshet_str *expected_topics;
	size_t expected_topic_count;
	const freshet_str *expected_not_topics;
	size_t expected_not_topic_count;
	freshet_str reference_answer;
	freshet_str category;
	const freshet_str *tags;
	size_t tag_count;
	freshet_str chat_history; /* a JSON array of {role, content} */
	bool is_active;
	freshet_str tenant_id;
	freshet_str created_at;
	freshet_str updated_at;
} freshet_ash_eval_case;

typedef struct freshet_ash_eval_run {
	freshet_str raw;
	freshet_str id;
	freshet_str agent_name;
	int64_t version_number; /* 0: none */
	freshet_str status;     /* "pending", "running", "completed", "failed" */
	int64_t total_cases;
	int64_t completed_cases;
	freshet_ash_number topic_score; /* averages of the summary, not given before there is one */
	freshet_ash_number safety_score;
	freshet_ash_number llm_judge_score;
	freshet_ash_number latency_ms;
	freshet_ash_number pass_rate;
	freshet_str tenant_id;
	freshet_str created_at;
	freshet_str started_at;
	freshet_str completed_at;
} freshet_ash_eval_run;

typedef struct freshet_ash_eval_result {
	freshet_str raw; /* empty: there is no such result */
	freshet_str id;
	freshet_str run_id;
	freshet_str case_id;
	freshet_str status; /* "pending", "running", "completed", "error" */
	freshet_str agent_response;
	freshet_ash_number topic_score;
	freshet_ash_number safety_score;
	freshet_ash_number llm_judge_score;
	freshet_ash_number latency_ms;
	freshet_ash_number human_score;
	freshet_str human_notes;
	freshet_str error;
	freshet_str tenant_id;
	freshet_str created_at;
	freshet_str completed_at;
} freshet_ash_eval_result;

typedef struct freshet_ash_eval_pair {
	freshet_str raw;
	freshet_str case_id;
	freshet_str question;
	freshet_ash_eval_result a;
	freshet_ash_eval_result b;
} freshet_ash_eval_pair;

typedef struct freshet_ash_eval_comparison {
	freshet_str raw;
	freshet_ash_eval_run run_a;
	freshet_ash_eval_run run_b;
	const freshet_ash_eval_pair *results;
	size_t result_count;
} freshet_ash_eval_comparison;

/* ---- calls ---- */

typedef void freshet_ash_version_fn(freshet_ash_call *call, const freshet_ash_error *error,
	const freshet_ash_version *objects, size_t count, void *user);
typedef void freshet_ash_eval_case_fn(freshet_ash_call *call, const freshet_ash_error *error,
	const freshet_ash_eval_case *objects, size_t count, void *user);
typedef void freshet_ash_eval_run_fn(freshet_ash_call *call, const freshet_ash_error *error,
	const freshet_ash_eval_run *objects, size_t count, void *user);
typedef void freshet_ash_eval_result_fn(freshet_ash_call *call, const freshet_ash_error *error,
	const freshet_ash_eval_result *objects, size_t count, void *user);
typedef void freshet_ash_eval_comparison_fn(
	freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_eval_comparison *object, void *user);

/* Versions of an agent. `version` in the calls below is a number or a UUID, as text. */
typedef struct freshet_ash_version_options {
	size_t size; /* set by freshet_ash_version_options_init */
	freshet_str name;
	freshet_str system_prompt;
	freshet_str release_notes;
	const freshet_str *knowledge_files;
	size_t knowledge_file_count;
	freshet_str clone_from; /* a number or a UUID; of create only */
} freshet_ash_version_options;

FRESHET_OPTIONS_INIT(freshet_ash_version_options)

/* A new version; a list of all; one; and what of it may be changed. */
FRESHET_API freshet_err freshet_ash_version_create(freshet_ash *client, freshet_str agent,
	const freshet_ash_version_options *options, freshet_ash_version_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_version_list(
	freshet_ash *client, freshet_str agent, freshet_ash_version_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_version_get(freshet_ash *client, freshet_str agent, freshet_str version,
	freshet_ash_version_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_version_update(freshet_ash *client, freshet_str agent, freshet_str version,
	const freshet_ash_version_options *options, freshet_ash_version_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_version_delete(freshet_ash *client, freshet_str agent, freshet_str version,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out);

/* `count` is the number of the version that is active now. */
FRESHET_API freshet_err freshet_ash_version_activate(freshet_ash *client, freshet_str agent, freshet_str version,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out);

/* Evaluations of an agent. */
typedef struct freshet_ash_eval_case_options {
	size_t size;          /* set by freshet_ash_eval_case_options_init */
	freshet_str question; /* required by create and import */
	const freshet_str *expected_topics;
	size_t expected_topic_count;
	const freshet_str *expected_not_topics;
	size_t expected_not_topic_count;
	freshet_str reference_answer;
	freshet_str category;
	const freshet_str *tags;
	size_t tag_count;
	freshet_str chat_history; /* a JSON array of {role, content} */
	bool has_is_active;
	bool is_active; /* with has_is_active */
} freshet_ash_eval_case_options;

FRESHET_OPTIONS_INIT(freshet_ash_eval_case_options)

/* A new question. */
FRESHET_API freshet_err freshet_ash_eval_case_create(freshet_ash *client, freshet_str agent,
	const freshet_ash_eval_case_options *options, freshet_ash_eval_case_fn *done, void *user,
	freshet_ash_call **out);

/* Oldest first. `category` is optional; `is_active` is looked at when it is not NULL. */
FRESHET_API freshet_err freshet_ash_eval_case_list(freshet_ash *client, freshet_str agent, freshet_str category,
	const bool *is_active, freshet_ash_eval_case_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_eval_case_get(freshet_ash *client, freshet_str agent, freshet_str id,
	freshet_ash_eval_case_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_eval_case_update(freshet_ash *client, freshet_str agent, freshet_str id,
	const freshet_ash_eval_case_options *options, freshet_ash_eval_case_fn *done, void *user,
	freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_eval_case_delete(freshet_ash *client, freshet_str agent, freshet_str id,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out);

/* `cases` is a JSON array, as export gives it; `count` tells how many were imported. */
FRESHET_API freshet_err freshet_ash_eval_case_import(freshet_ash *client, freshet_str agent, freshet_str cases,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out);

/* A JSON array. */
FRESHET_API freshet_err freshet_ash_eval_case_export(
	freshet_ash *client, freshet_str agent, freshet_ash_json_fn *done, void *user, freshet_ash_call **out);

typedef struct freshet_ash_eval_run_options {
	size_t size;             /* set by freshet_ash_eval_run_options_init */
	uint32_t version_number; /* optional, as all */
	const freshet_str *categories;
	size_t category_count;
	const freshet_str *tags;
	size_t tag_count;
} freshet_ash_eval_run_options;

FRESHET_OPTIONS_INIT(freshet_ash_eval_run_options)

/* Starts a run; `options` may be NULL. */
FRESHET_API freshet_err freshet_ash_eval_run_create(freshet_ash *client, freshet_str agent,
	const freshet_ash_eval_run_options *options, freshet_ash_eval_run_fn *done, void *user, freshet_ash_call **out);

/* All runs; one; what came of each question of one; and two of them side by side. */
FRESHET_API freshet_err freshet_ash_eval_run_list(
	freshet_ash *client, freshet_str agent, freshet_ash_eval_run_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_eval_run_get(freshet_ash *client, freshet_str agent, freshet_str id,
	freshet_ash_eval_run_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_eval_run_results(freshet_ash *client, freshet_str agent, freshet_str id,
	freshet_ash_eval_result_fn *done, void *user, freshet_ash_call **out);
FRESHET_API freshet_err freshet_ash_eval_run_compare(freshet_ash *client, freshet_str agent, freshet_str run_a,
	freshet_str run_b, freshet_ash_eval_comparison_fn *done, void *user, freshet_ash_call **out);

/* A person's judgement, 1 to 5, or notes, or both. */
typedef struct freshet_ash_score_options {
	size_t size;           /* set by freshet_ash_score_options_init */
	freshet_str result_id; /* optional: a UUID; of a run: only this result; not of freshet_ash_eval_result_score */
	freshet_ash_number human_score;
	freshet_str human_notes;
} freshet_ash_score_options;

FRESHET_OPTIONS_INIT(freshet_ash_score_options)

/* `count` tells how many results of the run were scored. */
FRESHET_API freshet_err freshet_ash_eval_run_score(freshet_ash *client, freshet_str agent, freshet_str id,
	const freshet_ash_score_options *options, freshet_ash_done_fn *done, void *user, freshet_ash_call **out);

/* One result. */
FRESHET_API freshet_err freshet_ash_eval_result_score(freshet_ash *client, freshet_str agent, freshet_str id,
	const freshet_ash_score_options *options, freshet_ash_eval_result_fn *done, void *user, freshet_ash_call **out);

#ifdef __cplusplus
}
#endif

#endif
