#include "names.h"

struct name {
	const char *text;
	int value;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int value_of(freshet_str text, const struct name *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (freshet_str_is(text, names[i].text))
			return names[i].value;
	return 0;
}

freshet_aod_status status_of(freshet_str name)
{
	static const struct name names[] = {
		{"pending", FRESHET_AOD_STATUS_PENDING},
		{"running", FRESHET_AOD_STATUS_RUNNING},
		{"completed", FRESHET_AOD_STATUS_COMPLETED},
		{"failed", FRESHET_AOD_STATUS_FAILED},
		{"terminated", FRESHET_AOD_STATUS_TERMINATED},
		{"interrupted", FRESHET_AOD_STATUS_INTERRUPTED},
	};
	return (freshet_aod_status)value_of(name, names, COUNT(names));
}

freshet_aod_stage_state stage_state_of(freshet_str name)
{
	static const struct name names[] = {
		{"started", FRESHET_AOD_STAGE_STARTED},
		{"done", FRESHET_AOD_STAGE_DONE},
		{"completed", FRESHET_AOD_STAGE_DONE},
		{"failed", FRESHET_AOD_STAGE_FAILED},
	};
	return (freshet_aod_stage_state)value_of(name, names, COUNT(names));
}

freshet_aod_output_stream output_stream_of(freshet_str name)
{
	static const struct name names[] = {
		{"stdout", FRESHET_AOD_OUTPUT_STDOUT},
		{"stderr", FRESHET_AOD_OUTPUT_STDERR},
	};
	return (freshet_aod_output_stream)value_of(name, names, COUNT(names));
}

static bool holds(freshet_str text, const char *words)
{
	size_t len = strlen(words);
	for (size_t i = 0; i + len <= text.len; i++)
		if (memcmp(text.ptr + i, words, len) == 0)
			return true;
	return false;
}

freshet_aod_conflict conflict_of(freshet_str detail)
{
	static const struct name markers[] = {
		{"already running", FRESHET_AOD_CONFLICT_RUNNING},
		{"has been terminated", FRESHET_AOD_CONFLICT_TERMINATED},
		{"has failed", FRESHET_AOD_CONFLICT_FAILED},
		{"pending turn", FRESHET_AOD_CONFLICT_PENDING},
		{"no longer available", FRESHET_AOD_CONFLICT_SANDBOX_GONE},
		{"no active turn", FRESHET_AOD_CONFLICT_NO_ACTIVE_TURN},
		{"already terminated", FRESHET_AOD_CONFLICT_ALREADY_TERMINATED},
		{"active session", FRESHET_AOD_CONFLICT_ACTIVE_SESSION},
		{"running session", FRESHET_AOD_CONFLICT_ACTIVE_SESSION},
		{"already archived", FRESHET_AOD_CONFLICT_ALREADY_ARCHIVED},
		{"archived agent", FRESHET_AOD_CONFLICT_ARCHIVED_AGENT},
		{"archived environment", FRESHET_AOD_CONFLICT_ARCHIVED_ENVIRONMENT},
		{"Version mismatch", FRESHET_AOD_CONFLICT_VERSION},
		{"existing sessions", FRESHET_AOD_CONFLICT_HAS_SESSIONS},
		{"already exists", FRESHET_AOD_CONFLICT_NAME_TAKEN},
	};
	for (size_t i = 0; i < COUNT(markers); i++)
		if (holds(detail, markers[i].text))
			return (freshet_aod_conflict)markers[i].value;
	return FRESHET_AOD_CONFLICT_UNKNOWN;
}
