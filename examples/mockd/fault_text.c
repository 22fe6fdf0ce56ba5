/*
 * Faults written as text: "moment=event at=3 action=cut times=0". The control API gives the same names as query
 * parameters.
 */
#include "mockd/fault_text.h"

#include "mockd/alloc.h"
#include "mockd/script.h"

#include <errno.h>

static const char *const moments[] = {
	[MOCKD_AT_REQUEST] = "request",
	[MOCKD_AT_ANSWER] = "answer",
	[MOCKD_AT_BYTE] = "byte",
	[MOCKD_AT_EVENT] = "event",
	[MOCKD_AT_ROW] = "row",
	[MOCKD_AT_ID] = "id",
	[MOCKD_AT_TURN] = "turn",
	[MOCKD_AT_LAST] = "last",
	[MOCKD_AT_END] = "end",
	[MOCKD_NOW] = "now",
	NULL,
};

static const char *const actions[] = {
	[MOCKD_DO_CLOSE] = "close",
	[MOCKD_DO_CUT] = "cut",
	[MOCKD_DO_ABORT] = "abort",
	[MOCKD_DO_FREEZE] = "freeze",
	[MOCKD_DO_GOAWAY] = "goaway",
	[MOCKD_DO_GARBAGE] = "garbage",
	[MOCKD_DO_REFUSE] = "refuse",
	[MOCKD_DO_RESET] = "reset",
	[MOCKD_DO_END] = "end",
	[MOCKD_DO_STALL] = "stall",
	[MOCKD_DO_DELAY] = "delay",
	[MOCKD_DO_STATUS] = "status",
	[MOCKD_DO_TYPE] = "type",
	[MOCKD_DO_FLOOD] = "flood",
	[MOCKD_DO_UNTIL_CLOSE] = "until-close",
	[MOCKD_DO_DELETE] = "delete",
	[MOCKD_DO_INSERT] = "insert",
	[MOCKD_DO_ENDLESS] = "endless",
	[MOCKD_DO_SPLIT] = "split",
	[MOCKD_DO_MERGE] = "merge",
	[MOCKD_DO_MUTE] = "mute",
	NULL,
};

static const char *const samples[] = {
	[MOCKD_SAMPLE_NONE] = "none",
	[MOCKD_SAMPLE_INVALID_UTF8] = "invalid-utf8",
	[MOCKD_SAMPLE_INVALID_JSON] = "invalid-json",
	[MOCKD_SAMPLE_NUL] = "nul",
	[MOCKD_SAMPLE_UNKNOWN] = "unknown",
	[MOCKD_SAMPLE_LONG_DATA] = "long-data",
	[MOCKD_SAMPLE_CODE_NULL] = "code-null",
	NULL,
};

enum member_kind { MEMBER_TEXT, MEMBER_BOOL, MEMBER_U32, MEMBER_U64, MEMBER_INT, MEMBER_NAME };

static const struct member {
	const char *name;
	enum member_kind kind;
	size_t offset;
	const char *const *names; /* MEMBER_NAME: of an enum's values */
} members[] = {
#define MEMBER(kind, member, names)                                                                                    \
	{                                                                                                              \
#member, kind, offsetof(struct mockd_fault, member), names                                             \
	}
	MEMBER(MEMBER_NAME, moment, moments),
	MEMBER(MEMBER_NAME, action, actions),
	MEMBER(MEMBER_NAME, sample, samples),
	MEMBER(MEMBER_TEXT, session, NULL),
	MEMBER(MEMBER_TEXT, path, NULL),
	MEMBER(MEMBER_TEXT, method, NULL),
	MEMBER(MEMBER_TEXT, content_type, NULL),
	MEMBER(MEMBER_TEXT, field, NULL),
	MEMBER(MEMBER_U64, connection, NULL),
	MEMBER(MEMBER_U64, at, NULL),
	MEMBER(MEMBER_U64, ms, NULL),
	MEMBER(MEMBER_U64, size, NULL),
	MEMBER(MEMBER_U32, skip, NULL),
	MEMBER(MEMBER_U32, times, NULL),
	MEMBER(MEMBER_U32, code, NULL),
	MEMBER(MEMBER_INT, status, NULL),
	MEMBER(MEMBER_BOOL, mid_frame, NULL),
	MEMBER(MEMBER_BOOL, refuse, NULL),
#undef MEMBER
};

#define MEMBER_COUNT (sizeof members / sizeof members[0])

static bool read_number(const char *text, uint64_t most, uint64_t *number)
{
	char *end;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && *number <= most;
}

static bool read_name(const char *text, const char *const *names, int *value)
{
	for (int i = 0; names[i] != NULL; i++) {
		if (strcmp(text, names[i]) == 0) {
			*value = i;
			return true;
		}
	}
	return false;
}

/* Puts the text into its member; `text` stays where it is until the fault was added. */
static bool set_member(struct mockd_fault *fault, const struct member *member, const char *text)
{
	void *place = (char *)fault + member->offset;
	uint64_t number;
	switch (member->kind) {
	case MEMBER_TEXT: *(const char **)place = text; return true;
	case MEMBER_U64: return read_number(text, UINT64_MAX, place);
	case MEMBER_NAME: return read_name(text, member->names, place);
	case MEMBER_BOOL:
		if (!read_number(text, 1, &number))
			return false;
		*(bool *)place = number == 1;
		return true;
	case MEMBER_U32:
		if (!read_number(text, UINT32_MAX, &number))
			return false;
		*(uint32_t *)place = (uint32_t)number;
		return true;
	case MEMBER_INT:
		if (!read_number(text, INT32_MAX, &number))
			return false;
		*(int *)place = (int)number;
		return true;
	}
	return false;
}

uint64_t fault_add_named(struct mockd *m, fault_get_fn *get, const void *source, freshet_str body)
{
	char *texts[MEMBER_COUNT];
	struct mockd_fault fault;
	mockd_fault_init(&fault, MOCKD_AT_REQUEST, MOCKD_DO_STATUS);
	fault.body = body.ptr;
	fault.body_len = body.len;
	bool good = true;
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		texts[i] = get(source, members[i].name);
		if (texts[i] != NULL && !set_member(&fault, &members[i], texts[i]))
			good = false;
	}
	uint64_t number = good ? mockd_fault_add(m, &fault) : 0;
	for (size_t i = 0; i < MEMBER_COUNT; i++)
		free(texts[i]);
	return number;
}

const char *fault_moment_name(enum mockd_moment moment)
{
	return moments[moment];
}

const char *fault_action_name(enum mockd_action action)
{
	return actions[action];
}

static char *word_of_text(const void *source, const char *name)
{
	freshet_str value;
	return script_word(source, name, &value) ? must_copy_span(value) : NULL;
}

uint64_t mockd_fault_add_text(struct mockd *m, const char *text, const char *body, size_t body_len)
{
	const struct script words = {.arguments = freshet_str_of(text)};
	return fault_add_named(m, word_of_text, &words, (freshet_str){body, body_len});
}
