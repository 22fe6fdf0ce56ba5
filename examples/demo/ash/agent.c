/*
 * The agent of all sessions of Ash: the one that was named, the first that the server lists, or, on the emulator, one
 * that is deployed.
 */
#include "demo/ash/ash.h"

#include <stdio.h>
#include <stdlib.h>

#define AGENT "freshet-demo"

/* The emulator's cuts begin early. */
#define ATTEMPTS_MAX      20
#define REAL_ATTEMPTS_MAX 2

struct finding {
	struct site *site;
	site_ready_fn *then;
	unsigned attempts; /* that failed */
};

static bool ask(struct finding *f);

static void give_up(struct finding *f, freshet_str why)
{
	char text[160];
	snprintf(text, sizeof text, "no agent: %.*s", (int)why.len, why.ptr);
	f->then(f->site, text);
	free(f);
}

static void ask_again(evutil_socket_t fd, short what, void *user)
{
	struct finding *f = user;
	(void)fd;
	(void)what;
	if (f->site->fleet->closing || !ask(f))
		give_up(f, freshet_str_of("it cannot be asked for"));
}

/* Another version of the agent does no harm. */
static bool ask_later(struct finding *f)
{
	static const struct timeval delay = {0, SESSION_AGAIN_MS * 1000};
	return f->attempts++ < (f->site->fleet->real ? REAL_ATTEMPTS_MAX : ATTEMPTS_MAX) &&
	       event_base_once(f->site->fleet->base, -1, EV_TIMEOUT, ask_again, f, &delay) == 0;
}

static void answered(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_agent *agents,
	size_t count, void *user)
{
	struct finding *f = user;
	(void)call;
	if (error != NULL && !f->site->fleet->closing && is_passing(&error->outcome) && ask_later(f))
		return;
	if (error != NULL) {
		give_up(f, error->message.len > 0 ? error->message : error->outcome.text);
	} else if (count == 0) {
		give_up(f, freshet_str_of("the server has none"));
	} else {
		snprintf(f->site->agent, sizeof f->site->agent, "%.*s", (int)agents[0].name.len, agents[0].name.ptr);
		f->then(f->site, NULL);
		free(f);
	}
}

static bool ask(struct finding *f)
{
	freshet_ash *client = ((struct ash_site *)f->site)->client;
	freshet_ash_deploy_options o;
	if (f->site->fleet->real)
		return freshet_ash_agent_list(client, answered, f, NULL) == FRESHET_OK;
	freshet_ash_deploy_options_init(&o);
	o.name = freshet_str_of(AGENT);
	o.system_prompt = freshet_str_of("Be brief.");
	return freshet_ash_agent_deploy(client, &o, answered, f, NULL) == FRESHET_OK;
}

void ash_prepare(struct site *site, site_ready_fn *then)
{
	if (site->agent[0] != '\0') {
		then(site, NULL);
		return;
	}
	struct finding *f = calloc(1, sizeof *f);
	if (f != NULL)
		*f = (struct finding){.site = site, .then = then};
	if (f != NULL && ask(f))
		return;
	free(f);
	then(site, "no agent: it cannot be asked for");
}
