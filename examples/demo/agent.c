/*
 * The agent of all sessions of a platform: the one that was named, the first that the server lists, or, on the emulator,
 * a new one. On Agent on Demand it is asked for by plain requests on the client's endpoint, on Ash by its calls.
 */
#include "demo.h"

#include <freshet/json.h>
#include <freshet/request.h>

#include <stdio.h>
#include <stdlib.h>

#define ATTEMPTS_MAX 20

struct finding {
	struct demo *demo;
	const char *path; /* of the id in the answer */
	void (*then)(struct demo *d, const char *id);
	unsigned attempts; /* on Ash, that failed */
};

static void give_up(const struct finding *f, freshet_str why)
{
	if (!f->demo->fleet.closing)
		fprintf(stderr, "demo: no agent: %.*s\n", (int)why.len, why.ptr);
	f->then(f->demo, NULL);
}

static void take_id(const struct finding *f, const freshet_response *response)
{
	freshet_json_value value = {0};
	freshet_json_scratch scratch = {0};
	freshet_str id;
	char text[ID_SIZE];
	freshet_err err = freshet_json_get(response->body, f->path, &value, NULL);
	if (err == FRESHET_OK)
		err = freshet_json_string(&value, &scratch, &id);
	if (err != FRESHET_OK || id.len != ID_SIZE - 1) {
		give_up(f, freshet_str_of("the server has none"));
	} else {
		snprintf(text, sizeof text, "%.*s", (int)id.len, id.ptr);
		f->then(f->demo, text);
	}
	freshet_json_scratch_clear(&scratch);
}

static void answered(freshet_request *request, const freshet_response *response, void *user)
{
	struct finding *f = user;
	char status[32];
	(void)request;
	snprintf(status, sizeof status, "the server answers %d", response->status);
	if (response->outcome.err != FRESHET_OK)
		give_up(f, response->outcome.text);
	else if (response->status < 200 || response->status > 299)
		give_up(f, freshet_str_of(status));
	else
		take_id(f, response);
	free(f);
}

static freshet_err ask(struct finding *f, bool create)
{
	static const char agent[] = "{\"name\": \"freshet demo\", \"provider\": \"anthropic\", \"model\": \"any\"}";
	freshet_header json = {freshet_str_of("content-type"), freshet_str_of("application/json"), false};
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = "/agents";
	/* A second agent on the emulator does no harm, and its cuts begin early. */
	o.repeatable = true;
	o.max_attempts = ATTEMPTS_MAX;
	o.on_done = answered;
	o.user = f;
	f->path = create ? "id" : "data[0].id";
	if (create) {
		o.method = "POST";
		o.headers = &json;
		o.header_count = 1;
		o.body = freshet_str_of(agent);
	}
	return freshet_request_send(freshet_aod_endpoint(f->demo->aod), &o, NULL);
}

void agent_find(struct demo *d, void (*then)(struct demo *d, const char *id))
{
	if (d->flags.agent != NULL) {
		then(d, d->flags.agent);
		return;
	}
	struct finding *f = malloc(sizeof *f);
	if (f == NULL) {
		then(d, NULL);
		return;
	}
	*f = (struct finding){.demo = d, .then = then};
	freshet_err err = ask(f, d->flags.url == NULL);
	if (err == FRESHET_OK)
		return;
	give_up(f, freshet_str_of(freshet_err_text(err)));
	free(f);
}

/* ---- Ash ---- */

#define ASH_AGENT    "freshet-demo"
#define ASH_AGAIN_MS 300

static bool ash_ask(struct finding *f);

static void ash_ask_again(evutil_socket_t fd, short what, void *user)
{
	struct finding *f = user;
	(void)fd;
	(void)what;
	if (!f->demo->fleet.closing && ash_ask(f))
		return;
	give_up(f, freshet_str_of("it cannot be asked for"));
	free(f);
}

/* The emulator's cuts begin early. Another version of the agent does no harm. */
static bool ash_ask_later(struct finding *f)
{
	static const struct timeval delay = {0, ASH_AGAIN_MS * 1000};
	return f->attempts++ < ATTEMPTS_MAX &&
	       event_base_once(f->demo->base, -1, EV_TIMEOUT, ash_ask_again, f, &delay) == 0;
}

static void ash_answered(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_agent *agents,
	size_t count, void *user)
{
	struct finding *f = user;
	char name[AGENT_SIZE];
	(void)call;
	if (error != NULL && !f->demo->fleet.closing && is_passing(&error->outcome) && ash_ask_later(f))
		return;
	if (error != NULL) {
		give_up(f, error->message.len > 0 ? error->message : error->outcome.text);
	} else if (count == 0) {
		give_up(f, freshet_str_of("the server has none"));
	} else {
		snprintf(name, sizeof name, "%.*s", (int)agents[0].name.len, agents[0].name.ptr);
		f->then(f->demo, name);
	}
	free(f);
}

static bool ash_ask(struct finding *f)
{
	freshet_ash *ash = f->demo->ash;
	freshet_ash_deploy_options o;
	if (f->demo->flags.url != NULL)
		return freshet_ash_agent_list(ash, ash_answered, f, NULL) == FRESHET_OK;
	freshet_ash_deploy_options_init(&o);
	o.name = freshet_str_of(ASH_AGENT);
	o.system_prompt = freshet_str_of("Be brief.");
	return freshet_ash_agent_deploy(ash, &o, ash_answered, f, NULL) == FRESHET_OK;
}

void ash_agent_find(struct demo *d, void (*then)(struct demo *d, const char *name))
{
	if (d->flags.agent != NULL) {
		then(d, d->flags.agent);
		return;
	}
	struct finding *f = calloc(1, sizeof *f);
	if (f != NULL)
		*f = (struct finding){.demo = d, .then = then};
	if (f != NULL && ash_ask(f))
		return;
	free(f);
	then(d, NULL);
}
