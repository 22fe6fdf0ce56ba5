/*
 * The table of AgentOS, and its kinds of sessions.
 */
#include "demo/agentos/agentos.h"

#include "demo/audit.h"

#include "mockd/mockd_agentos.h"

#include <stdlib.h>

/* A request is repeated until the platform has it: cuts are what the demo is about. */
#define RETRIES      100000
#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 2000

/* Of one that comes too late to be wanted: the emulator's slowest runs take less. */
#define INVOKE_TIMEOUT_MS 600000

static const struct part parts[] = {
	{.weight = 30, .events = 120, .end = COMPLETED},
	{.weight = 12, .events = 180, .end = COMPLETED},
	{.weight = 8, .events = 90, .end = FAILED},
	{.weight = 14, .script = "script:tools chunks=20..40 row_ms=200..1200 unknown=1", .end = COMPLETED},
	{.weight = 10, .script = "script:input chunks=16..30 row_ms=200..1200", .end = COMPLETED},
	{.weight = 6, .script = "script:pauses chunks=16..30 row_ms=200..1200", .end = COMPLETED},
	{.weight = 5, .script = "script:failed chunks=10..30 row_ms=200..1200", .end = FAILED},
	{.weight = 3, .script = "script:error chunks=10..30 row_ms=200..1200", .end = FAILED},
	{.weight = 8, .script = "script:success chunks=20..40 row_ms=200..1200", .poll = true, .end = COMPLETED},
	{.weight = 4, .script = "script:input chunks=16..30 row_ms=200..1200", .poll = true, .end = COMPLETED},
};

/* Both clients go with the reactor. */
static void close_site(struct site *site)
{
	free(site);
}

static freshet_err open_client(
	struct fleet *f, const struct access *access, freshet_agentos_recover recover, freshet_agentos **out)
{
	freshet_agentos_options o;
	freshet_agentos_hosted_options h;
	freshet_agentos_options_init(&o);
	o.base_url = access->url;
	o.api_key = access->key;
	o.agent_id = access->agent;
	o.workspace_key = f->real ? NULL : MOCKD_AGENTOS_WORKSPACE_KEY;
	o.endpoint = access->endpoint;
	o.invoke_timeout_ms = INVOKE_TIMEOUT_MS;
	o.overflow = FRESHET_AGENTOS_REFUSE;
	o.max_retries = RETRIES;
	o.retry_base_ms = RETRY_MIN_MS;
	o.retry_cap_ms = RETRY_MAX_MS;
	/* Spans beside the events: then the events are just those that the sessions emit. */
	o.span_mode = f->real ? FRESHET_AGENTOS_SPANS_EVENTS : FRESHET_AGENTOS_SPANS_ENDPOINT;
	freshet_err err = freshet_agentos_new_from_env(f->reactor, &o, out);
	if (err != FRESHET_OK)
		return err;
	freshet_agentos_hosted_options_init(&h);
	h.recover = recover;
	h.retry_invoke = true;
	h.max_resumes = UINT32_MAX;
	return freshet_agentos_hosted_set(*out, &h);
}

static freshet_err open_site(struct fleet *f, const struct access *access, struct site **out)
{
	struct agentos_site *a = calloc(1, sizeof *a);
	freshet_err err = a != NULL ? FRESHET_OK : FRESHET_ENOMEM;
	*out = NULL;
	if (err == FRESHET_OK)
		err = open_client(f, access, FRESHET_AGENTOS_RECOVER_RESUME, &a->client);
	if (err == FRESHET_OK)
		err = open_client(f, access, FRESHET_AGENTOS_RECOVER_POLL, &a->polling);
	if (err == FRESHET_OK)
		*out = &a->site;
	else
		free(a);
	return err;
}

/* The clients have the agent already. */
static void prepare(struct site *site, site_ready_fn *then)
{
	then(site, NULL);
}

static bool session_new(struct session *s)
{
	s->own = calloc(1, sizeof(struct aos_run));
	return s->own != NULL;
}

static void session_free(struct session *s)
{
	free(s->own);
}

static void create(struct session *s)
{
	if (s->part->script != NULL)
		hosted_create(s);
	else
		report_create(s);
}

static const char *end_in_ledger(const struct session *s)
{
	return state_names[s->state];
}

/* The entry tells nothing of tasks, spans, decisions and answers. */
static bool is_suspect(const struct session *s, const struct entry *entry)
{
	(void)s;
	(void)entry;
	return true;
}

const struct platform agentos_platform = {
	.name = "agentos",
	.title = "AgentOS",
	.key_variable = "AGENTOS_API_KEY, with AGENTOS_AGENT_ID or --agent",
	.emulator_key = MOCKD_AGENTOS_AGENT_KEY,
	.emulator_agent = MOCKD_AGENTOS_AGENT,
	.parts = parts,
	.open = open_site,
	.close = close_site,
	.prepare = prepare,
	.session_new = session_new,
	.session_free = session_free,
	.create = create,
	.end_in_ledger = end_in_ledger,
	.is_suspect = is_suspect,
	.examine = agentos_examine,
};
