/*
 * The agent of all sessions of Agent on Demand: the one that was named, the first that the server lists, or, on the
 * emulator, a new one. It is asked for by plain requests on the client's endpoint.
 */
#include "demo/aod/aod.h"

#include <freshet/json.h>
#include <freshet/request.h>

#include <stdio.h>
#include <stdlib.h>

/* The emulator's cuts begin early. */
#define EMULATOR_ATTEMPTS 20

struct finding {
	struct site *site;
	const char *path; /* of the id in the answer */
	site_ready_fn *then;
};

static void take_id(const struct finding *f, const freshet_response *response)
{
	freshet_json_value value = {0};
	freshet_json_scratch scratch = {0};
	freshet_str id;
	freshet_err err = freshet_json_get(response->body, f->path, &value, NULL);
	if (err == FRESHET_OK)
		err = freshet_json_string(&value, &scratch, &id);
	if (err == FRESHET_OK && id.len == ID_SIZE - 1)
		snprintf(f->site->agent, sizeof f->site->agent, "%.*s", (int)id.len, id.ptr);
	f->then(f->site, f->site->agent[0] != '\0' ? NULL : "no agent: the server has none");
	freshet_json_scratch_clear(&scratch);
}

static void answered(freshet_request *request, const freshet_response *response, void *user)
{
	struct finding *f = user;
	char text[160];
	(void)request;
	if (response->outcome.err == FRESHET_OK && response->status >= 200 && response->status <= 299) {
		take_id(f, response);
	} else {
		if (response->outcome.err != FRESHET_OK)
			snprintf(text, sizeof text, "no agent: %.*s", (int)response->outcome.text.len,
				response->outcome.text.ptr);
		else
			snprintf(text, sizeof text, "no agent: the server answers %d", response->status);
		f->then(f->site, text);
	}
	free(f);
}

static freshet_err ask(struct finding *f, bool create)
{
	static const char agent[] = "{\"name\": \"freshet demo\", \"provider\": \"anthropic\", \"model\": \"any\"}";
	freshet_header json = {freshet_str_of("content-type"), freshet_str_of("application/json"), false};
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = "/agents";
	if (!f->site->fleet->real) {
		o.repeatable = true; /* a second agent there does no harm */
		o.max_attempts = EMULATOR_ATTEMPTS;
	}
	o.on_done = answered;
	o.user = f;
	f->path = create ? "id" : "data[0].id";
	if (create) {
		o.method = "POST";
		o.headers = &json;
		o.header_count = 1;
		o.body = freshet_str_of(agent);
	}
	return freshet_request_send(freshet_aod_endpoint(((struct aod_site *)f->site)->client), &o, NULL);
}

void aod_prepare(struct site *site, site_ready_fn *then)
{
	if (site->agent[0] != '\0') {
		then(site, NULL);
		return;
	}
	struct finding *f = malloc(sizeof *f);
	freshet_err err = FRESHET_ENOMEM;
	if (f != NULL) {
		*f = (struct finding){.site = site, .then = then};
		err = ask(f, !site->fleet->real);
	}
	if (err == FRESHET_OK)
		return;
	free(f);
	then(site, freshet_err_text(err));
}
