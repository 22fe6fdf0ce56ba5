/*
 * The client: who we are, where the service is, what its answers are called. Reporting and the hosted calls stand on it.
 */
#ifndef AGENTOS_CLIENT_H
#define AGENTOS_CLIENT_H

#include "names.h"
#include "report.h"
#include "routes.h"

#include "guest/call.h"
#include "guest/options.h"

/* A key in the form in which it is sent. The version rises with each one that takes its place. */
struct agentos_key {
	char *field; /* "Bearer ..."; NULL: none */
	uint64_t version;
};

struct agentos_hosted;

struct freshet_agentos {
	struct guest guest;
	freshet_endpoint *endpoint;
	freshet_agentos_options options; /* with the defaults filled in; its pointers are NULL but for the hooks */
	struct agentos_key api_key;
	struct agentos_key workspace_key;
	char *agent_id; /* "" when disabled and not given */
	char *url;
	struct agentos_names names;
	struct guest_scratch scratch; /* strings of the answer at hand: callbacks never nest */
	struct agentos_report report;
	struct agentos_hosted *hosted; /* NULL until it is wanted */
	freshet_agentos_closed_fn *on_closed;
	void *closed_user;
	bool gone; /* its endpoint has gone: nothing can be sent any more */
};

/* The key that a route takes. */
const struct agentos_key *agentos_key_of(const freshet_agentos *client, size_t route);

/* FRESHET_ESTATE from the close on. */
freshet_err agentos_is_open(const freshet_agentos *client);

#endif
