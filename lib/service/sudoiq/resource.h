/*
 * What the calls for an account's tools, tests, graders, validators and feedback have in common: objects of one kind are
 * found in an answer, in whatever form it comes, and read by a table of members. Those that the service has published have
 * their names in the tables, the others theirs from the client's names.
 */
#ifndef SUDOIQ_RESOURCE_H
#define SUDOIQ_RESOURCE_H

#include "call.h"

#include <freshet/sudoiq_resource.h>

/* ---- kinds of objects ---- */

enum sudoiq_take {
	SUDOIQ_TAKE_STR, /* a string */
	SUDOIQ_TAKE_ID,  /* a string or a number */
	SUDOIQ_TAKE_RAW, /* JSON text */
};

/* Where a member goes: a freshet_str of the struct. */
struct sudoiq_member {
	enum sudoiq_take take;
	size_t offset;
	size_t slot; /* of union sudoiq_resource_values; a published one has the place that it has in the plan */
};

/* The struct begins with `freshet_str raw`. */
struct sudoiq_kind {
	size_t size;                           /* of the struct */
	freshet_json_plan *plan;               /* paths of the published members; NULL: there are none */
	const struct sudoiq_member *published; /* in the order of the plan */
	const struct sudoiq_member *named;     /* by the client's names */
	size_t named_count;
	void (*finish)(void *object); /* optional: what follows from the members */
};

#define SUDOIQ_PUBLISHED_MAX 12

/*
 * A kind from a table, which is a macro of two: P takes published members, N those that the client's names spell. T is the
 * struct. The three differ in which of the two there are.
 */
#define SUDOIQ_NO_MEMBER(...)
#define SUDOIQ_PATH(take, path, place)      path,
#define SUDOIQ_PUBLISHED(take, path, place) {SUDOIQ_TAKE_##take, offsetof(T, place), 0},
#define SUDOIQ_NAMED(take, names, place)                                                                               \
	{SUDOIQ_TAKE_##take, offsetof(T, place),                                                                       \
		offsetof(struct sudoiq_resource_members, names) / sizeof(freshet_json_value)},

#define SUDOIQ_PUBLISHED_MEMBERS(name, TABLE)                                                                          \
	static const char *const name##_paths[] = {TABLE(SUDOIQ_PATH, SUDOIQ_NO_MEMBER)};                              \
	static freshet_json_node name##_nodes[FRESHET_JSON_PLAN_NODES(TABLE(SUDOIQ_PATH, SUDOIQ_NO_MEMBER))];          \
	static freshet_json_plan name##_plan = {.paths = name##_paths,                                                 \
		.count = sizeof name##_paths / sizeof name##_paths[0],                                                 \
		.nodes = name##_nodes,                                                                                 \
		.node_count = sizeof name##_nodes / sizeof name##_nodes[0]};                                           \
	static const struct sudoiq_member name##_published[] = {TABLE(SUDOIQ_PUBLISHED, SUDOIQ_NO_MEMBER)};            \
	_Static_assert(sizeof name##_paths / sizeof name##_paths[0] <= SUDOIQ_PUBLISHED_MAX, "room for them")
#define SUDOIQ_NAMED_MEMBERS(name, TABLE)                                                                              \
	static const struct sudoiq_member name##_named[] = {TABLE(SUDOIQ_NO_MEMBER, SUDOIQ_NAMED)}

#define SUDOIQ_KIND(name, TABLE, finish)                                                                               \
	SUDOIQ_PUBLISHED_MEMBERS(name, TABLE);                                                                         \
	SUDOIQ_NAMED_MEMBERS(name, TABLE);                                                                             \
	static const struct sudoiq_kind name##_kind = {sizeof(T), &name##_plan, name##_published, name##_named,        \
		sizeof name##_named / sizeof name##_named[0], finish}
#define SUDOIQ_PUBLISHED_KIND(name, TABLE)                                                                             \
	SUDOIQ_PUBLISHED_MEMBERS(name, TABLE);                                                                         \
	static const struct sudoiq_kind name##_kind = {sizeof(T), &name##_plan, name##_published, NULL, 0, NULL}
#define SUDOIQ_NAMED_KIND(name, TABLE, finish)                                                                         \
	SUDOIQ_NAMED_MEMBERS(name, TABLE);                                                                             \
	static const struct sudoiq_kind name##_kind = {                                                                \
		sizeof(T), NULL, NULL, name##_named, sizeof name##_named / sizeof name##_named[0], finish}

/* ---- answers ---- */

/* What was found in an answer; nothing with an error. */
struct sudoiq_found {
	const void *objects; /* NULL: none */
	size_t count;
	freshet_str next_cursor;
};

/* Gives the callback what was found, or the error. */
typedef void sudoiq_deliver_fn(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const struct sudoiq_found *found);

/* What an answer of 2xx must hold. */
enum sudoiq_form {
	SUDOIQ_FORM_LIST,  /* an array, bare or as a member */
	SUDOIQ_FORM_TAKEN, /* the same, but the server need not say what it has taken */
	SUDOIQ_FORM_ONE,   /* one object */
	SUDOIQ_FORM_NOTED, /* the same, but the server need not say anything */
};

struct sudoiq_answer {
	enum sudoiq_form form;
	const struct sudoiq_kind *kind;
	sudoiq_deliver_fn *deliver;
};

void sudoiq_resource_answer(const struct sudoiq_answer *answer, freshet_sudoiq_call *call,
	const freshet_response *response, const freshet_sudoiq_error *error);

/* Defines a sudoiq_answer_fn. */
#define SUDOIQ_ANSWER(name, form, kind, deliver)                                                                       \
	static void name(                                                                                              \
		freshet_sudoiq_call *call, const freshet_response *response, const freshet_sudoiq_error *error)        \
	{                                                                                                              \
		static const struct sudoiq_answer answer = {form, kind, deliver};                                      \
		sudoiq_resource_answer(&answer, call, response, error);                                                \
	}

/* ---- requests ---- */

/* Sends it; without a callback it is given up with FRESHET_EINVAL. */
freshet_err sudoiq_resource_send(
	struct sudoiq_ask *ask, sudoiq_answer_fn *answer, sudoiq_any_fn *done, void *user, freshet_sudoiq_call **out);

/* Sends a deletion, for a callback of freshet_sudoiq_deleted_fn. */
freshet_err sudoiq_resource_delete(struct sudoiq_ask *ask, bool must_exist, freshet_sudoiq_deleted_fn *done, void *user,
	freshet_sudoiq_call **out);

/* `limit` and `cursor` of the query; `page` may be NULL. */
void sudoiq_resource_page(struct sudoiq_ask *ask, const freshet_sudoiq_page *page);

/* FRESHET_EINVAL for an empty one. */
void sudoiq_resource_need(struct sudoiq_ask *ask, freshet_str value);

/* A value for a placeholder that is needed even where the path does without it. */
void sudoiq_resource_value(struct sudoiq_ask *ask, const char *name, freshet_str value);

/* A member of the object at hand, unless its ptr is NULL. */
void sudoiq_resource_str(struct sudoiq_ask *ask, const char *name, freshet_str value);

/* A JSON object of the caller's as the next value; FRESHET_EINVAL for any other JSON. */
void sudoiq_resource_object(struct sudoiq_ask *ask, freshet_str object);

#endif
