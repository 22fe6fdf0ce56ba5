#include "names.h"

#include "guest/options.h"

static const char *const data_names[] = {"data", NULL};
static const char *const error_names[] = {"error", NULL};
static const char *const message_names[] = {"error.message", "error", "message", "detail", NULL};
static const char *const code_names[] = {"error.code", "code", NULL};
static const char *const details_names[] = {"error.details", NULL};
static const char *const run_id_names[] = {"run_id", "runId", "id", NULL};
static const char *const task_id_names[] = {"task_id", "id", NULL};
static const char *const retry_codes[] = {"rate_limited", "unavailable", NULL};
static const char *const triggers[] = {"manual", "scheduled", "webhook", "sdk", NULL};

static const char *const *or_default(const char *const *given, const char *const *names)
{
	return given != NULL ? given : names;
}

static freshet_err pick_one(const char *const *given, const char *const *names, struct guest_fields **out)
{
	const char *const *lists[] = {or_default(given, names)};
	return guest_fields_new(lists, 1, out);
}

static freshet_err pick_words(struct agentos_names *names, const freshet_agentos_names *g)
{
	const char *const *words[] = {
		or_default(g->error_code, code_names),
		or_default(g->error_message, message_names),
	};
	const char *const *envelope[ENVELOPE_FIELDS] = {
		[ENVELOPE_DATA] = or_default(g->data, data_names),
		[ENVELOPE_ERROR] = or_default(g->error, error_names),
		[ENVELOPE_DETAILS] = or_default(g->error_details, details_names),
	};
	freshet_err err = guest_fields_new(words, 2, &names->words);
	if (err == FRESHET_OK)
		err = guest_fields_new(envelope, ENVELOPE_FIELDS, &names->envelope);
	return err;
}

freshet_err agentos_names_init(struct agentos_names *names, const freshet_agentos_names *given)
{
	freshet_agentos_names g;
	freshet_agentos_names_init(&g);
	memset(names, 0, sizeof *names);
	if (given != NULL && !guest_options(&g, sizeof g, given))
		return FRESHET_EINVAL;
	const char *field = g.task_error_field != NULL ? g.task_error_field : "error_message";
	freshet_err err = pick_words(names, &g);
	if (err == FRESHET_OK)
		err = pick_one(g.run_id, run_id_names, &names->run_id);
	if (err == FRESHET_OK)
		err = pick_one(g.task_id, task_id_names, &names->task_id);
	if (err != FRESHET_OK)
		return err;
	names->retry_codes = guest_names_copy(or_default(g.retry_codes, retry_codes));
	names->triggers = guest_names_copy(or_default(g.triggers, triggers));
	names->task_error_field = guest_copy(freshet_str_of(field));
	bool whole = names->retry_codes != NULL && names->triggers != NULL && names->task_error_field != NULL;
	return whole ? FRESHET_OK : FRESHET_ENOMEM;
}

void agentos_names_clear(struct agentos_names *names)
{
	guest_fields_free(names->words);
	guest_fields_free(names->envelope);
	guest_fields_free(names->run_id);
	guest_fields_free(names->task_id);
	freshet_mem_free((void *)(uintptr_t)names->retry_codes);
	freshet_mem_free((void *)(uintptr_t)names->triggers);
	freshet_mem_free(names->task_error_field);
	memset(names, 0, sizeof *names);
}
