/*
 * The table of Agent on Demand, and its kinds of sessions.
 */
#include "demo/aod/aod.h"

#include "demo/audit.h"
#include "demo/emulator.h"

#include <stdlib.h>

static const struct part parts[] = {
	{.weight = 62,
		.script = "script:success rows=20..60 row_ms=200..1200",
		.end = COMPLETED,
		.has_exit_code = true},
	{.weight = 12,
		.script = "script:success rows=10..30 row_ms=200..1200",
		.second = "script:success rows=10..30 row_ms=200..1200",
		.end = COMPLETED,
		.has_exit_code = true},
	{.weight = 10,
		.script = "script:exit code=3 rows=10..40 row_ms=200..1200",
		.end = FAILED,
		.has_exit_code = true,
		.exit_code = 3},
	{.weight = 6, .script = "script:provision-failure", .end = FAILED},
	{.weight = 10,
		.script = "script:until-terminated rows=60 row_ms=200..1200",
		.terminate_after = 20,
		.end = TERMINATED},
};

static void close_site(struct site *site)
{
	struct aod_site *a = (struct aod_site *)site;
	search_free(a->search);
	free(a);
}

static freshet_err open_site(struct fleet *f, const struct access *access, struct site **out)
{
	struct aod_site *a = calloc(1, sizeof *a);
	freshet_aod_options o;
	freshet_err err = FRESHET_ENOMEM;
	*out = NULL;
	if (a == NULL || (a->search = search_new(a)) == NULL)
		goto fail;
	freshet_aod_options_init(&o);
	o.url = access->url;
	o.token = access->key;
	o.endpoint = access->endpoint;
	if ((err = freshet_aod_new(f->reactor, &o, &a->client)) != FRESHET_OK)
		goto fail;
	*out = &a->site;
	return FRESHET_OK;
fail:
	if (a != NULL)
		close_site(&a->site);
	return err;
}

static const char *end_in_ledger(const struct session *s)
{
	return state_names[s->state];
}

static void examine(struct audit *a, struct session *s)
{
	audit_rows(a, s, audit_compare_all);
}

const struct platform aod_platform = {
	.name = "aod",
	.title = "Agent on Demand",
	.key_variable = "AOD_API_TOKEN",
	.emulator_key = EMULATOR_TOKEN,
	.parts = parts,
	.open = open_site,
	.close = close_site,
	.prepare = aod_prepare,
	.create = aod_create,
	.end_in_ledger = end_in_ledger,
	.is_suspect = audit_rows_differ,
	.examine = examine,
};
