/*
 * The table of Ash, and its kinds of sessions.
 */
#include "demo/ash/ash.h"

#include "demo/audit.h"
#include "demo/emulator.h"

#include <stdlib.h>

/*
 * A turn that is cut begins anew, as a short one, so that the last sessions end although every cut strikes them. With
 * in_flight the server stores some of what nobody heard.
 */
static const struct part parts[] = {
	{.weight = 50,
		.script = "script:success messages=2..5 thinking=1 bytes=60..400 row_ms=200..1200 in_flight=3",
		.again = "script:success bytes=60..400 row_ms=20..80",
		.end = COMPLETED},
	{.weight = 20,
		.script = "script:success messages=2..4 bytes=60..400 row_ms=200..1200 unknown=1",
		.again = "script:success bytes=60..400 row_ms=20..80",
		.second = "script:tools bytes=60..400 row_ms=200..1200 in_flight=20",
		.end = COMPLETED},
	{.weight = 10,
		.script = "script:failed messages=2..4 bytes=60..400 row_ms=200..1200",
		.again = "script:failed bytes=60..400 row_ms=20..80",
		.end = FAILED},
	{.weight = 10,
		.script = "script:error messages=2..4 bytes=60..400 row_ms=200..1200 in_flight=2",
		.again = "script:error bytes=60..400 row_ms=20..80",
		.end = FAILED},
	{.weight = 10,
		.script = "script:hang messages=8 tools=4 bytes=60..400 row_ms=200..1200 in_flight=4",
		.again = "script:hang messages=8 tools=4 bytes=60..400 row_ms=20..80",
		.terminate_after = 6,
		.end = TERMINATED},
};

static void close_site(struct site *site)
{
	struct ash_site *a = (struct ash_site *)site;
	roll_free(a->roll);
	record_clear(&a->store);
	free(a);
}

static freshet_err open_site(struct fleet *f, const struct access *access, struct site **out)
{
	struct ash_site *a = calloc(1, sizeof *a);
	freshet_ash_options o;
	freshet_err err = FRESHET_ENOMEM;
	*out = NULL;
	if (a == NULL || (a->roll = roll_new(&a->site)) == NULL)
		goto fail;
	freshet_ash_options_init(&o);
	o.url = access->url;
	o.api_key = access->key;
	o.endpoint = access->endpoint;
	if ((err = freshet_ash_new(f->reactor, &o, &a->client)) != FRESHET_OK)
		goto fail;
	*out = &a->site;
	return FRESHET_OK;
fail:
	if (a != NULL)
		close_site(&a->site);
	return err;
}

static bool session_new(struct session *s)
{
	s->own = calloc(1, sizeof(struct talk));
	return s->own != NULL;
}

static void session_free(struct session *s)
{
	struct talk *t = s->own;
	record_clear(&t->shown);
	record_clear(&t->recovered);
	free(t);
}

static bool is_busy(const struct site *site)
{
	return roll_is_called(((const struct ash_site *)site)->roll);
}

/* Sessions end when they are told to, however their turns went. */
static const char *end_in_ledger(const struct session *s)
{
	(void)s;
	return "ended";
}

static bool is_suspect(const struct session *s, const struct entry *entry)
{
	return talk_of(s)->broken || audit_rows_differ(s, entry);
}

const struct platform ash_platform = {
	.name = "ash",
	.title = "Ash",
	.key_variable = "ASH_API_KEY",
	.emulator_key = EMULATOR_TOKEN,
	.parts = parts,
	.open = open_site,
	.close = close_site,
	.prepare = ash_prepare,
	.session_new = session_new,
	.session_free = session_free,
	.create = talk_create,
	.is_busy = is_busy,
	.end_in_ledger = end_in_ledger,
	.is_suspect = is_suspect,
	.examine = ash_examine,
};
