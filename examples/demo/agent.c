/*
 * The agent of all sessions: the one that was named, the first that the server lists, or, on the emulator, a new one.
 * The library has no calls for agents yet; plain requests on the client's endpoint do.
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
	return freshet_request_send(freshet_aod_endpoint(f->demo->client), &o, NULL);
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
	*f = (struct finding){d, NULL, then};
	freshet_err err = ask(f, d->flags.url == NULL);
	if (err == FRESHET_OK)
		return;
	give_up(f, freshet_str_of(freshet_err_text(err)));
	free(f);
}
