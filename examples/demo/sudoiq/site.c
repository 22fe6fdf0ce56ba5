/*
 * The table of Sudoiq, and its kinds of sessions.
 */
#include "demo/sudoiq/sudoiq.h"

#include "demo/audit.h"

#include "mockd/mockd_sudoiq.h"

#include <freshet/request.h>

#include <stdlib.h>

/* Real time. A request is repeated until the service has it: cuts are what the demo is about. */
#define STREAM_RETRY_MS "300"
#define RETRIES         100000
#define RETRY_MIN_MS    100
#define RETRY_MAX_MS    2000

/* Runs of the kind that hangs wait, with their tools answered, until they are called off. */
static const struct part parts[] = {
	{.weight = 45, .script = "script:tools rounds=4..10 calls=1..4 row_ms=200..1200 result=echo", .end = COMPLETED},
	{.weight = 20, .script = "script:tools rounds=14 calls=1 row_ms=100..800 result=echo", .end = COMPLETED},
	{.weight = 10, .script = "script:plain deltas=40 row_ms=200..1200", .end = COMPLETED},
	{.weight = 10, .script = "script:failed rounds=2 calls=1..3 row_ms=200..1000", .end = FAILED},
	{.weight = 5, .script = "script:timed-out rounds=1 calls=2 row_ms=200..1000", .end = FAILED},
	{.weight = 10,
		.script = "script:hang rounds=4 calls=2..3 row_ms=200..1000",
		.terminate_after = 7,
		.end = TERMINATED},
};

static void close_site(struct site *site)
{
	struct sudoiq_site *q = (struct sudoiq_site *)site;
	tools_clear(q);
	free(q);
}

static freshet_err open_site(struct fleet *f, const struct access *access, struct site **out)
{
	struct sudoiq_site *q = calloc(1, sizeof *q);
	freshet_sudoiq_options o;
	freshet_err err = q != NULL ? FRESHET_OK : FRESHET_ENOMEM;
	*out = NULL;
	freshet_sudoiq_options_init(&o);
	o.url = access->url;
	o.api_key = access->key;
	o.endpoint = access->endpoint;
	freshet_sudoiq_options_from_env(&o);
	if (o.default_environment == NULL)
		o.default_environment = "playground";
	o.response_timeout_ms = UINT64_MAX;
	o.max_stream_retries = UINT32_MAX;
	o.retry_start = true;
	o.max_retries = RETRIES;
	o.retry_min_ms = RETRY_MIN_MS;
	o.retry_max_ms = RETRY_MAX_MS;
	if (err == FRESHET_OK)
		err = freshet_sudoiq_new(f->reactor, &o, &q->client);
	if (err == FRESHET_OK)
		err = tools_set(q);
	if (err == FRESHET_OK)
		*out = &q->site;
	else
		free(q);
	return err;
}

static void pause_was_set(freshet_request *request, const freshet_response *response, void *user)
{
	(void)request;
	(void)response;
	tools_register(user);
}

/* The pause before a stream comes again, which its server tells, is not of the emulated clock: without this it is long. */
static void set_pause(struct sudoiq_site *site)
{
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.method = "POST";
	o.path = "/mockd/set?sudoiq_retry_ms=" STREAM_RETRY_MS;
	o.on_done = pause_was_set;
	o.user = site;
	freshet_err err = freshet_request_send(site->site.fleet->control, &o, NULL);
	if (err != FRESHET_OK)
		tools_register(site);
}

/* The service has no list of agents. */
static void prepare(struct site *site, site_ready_fn *then)
{
	((struct sudoiq_site *)site)->ready = then;
	if (site->agent[0] == '\0')
		then(site, "no agent: its id is to be given by --agent");
	else if (site->fleet->real)
		then(site, NULL);
	else
		set_pause((struct sudoiq_site *)site);
}

static bool session_new(struct session *s)
{
	s->own = calloc(1, sizeof(struct job));
	return s->own != NULL;
}

static void session_free(struct session *s)
{
	record_clear(&job_of(s)->calls);
	record_clear(&job_of(s)->result);
	free(s->own);
}

static const char *end_in_ledger(const struct session *s)
{
	return job_of(s)->told;
}

/* The entry tells nothing of tools. */
static bool is_suspect(const struct session *s, const struct entry *entry)
{
	(void)s;
	(void)entry;
	return true;
}

const struct platform sudoiq_platform = {
	.name = "sudoiq",
	.title = "Sudoiq",
	.key_variable = "SUDOIQ_API_KEY",
	.emulator_key = MOCKD_SUDOIQ_KEY,
	.emulator_agent = MOCKD_SUDOIQ_AGENT,
	.parts = parts,
	.open = open_site,
	.close = close_site,
	.prepare = prepare,
	.session_new = session_new,
	.session_free = session_free,
	.create = sudoiq_create,
	.end_in_ledger = end_in_ledger,
	.is_suspect = is_suspect,
	.examine = sudoiq_examine,
};
