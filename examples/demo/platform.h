/*
 * What the demo asks of a platform. Each has one table of these, and a folder for all else.
 */
#ifndef DEMO_PLATFORM_H
#define DEMO_PLATFORM_H

#include "demo/plan.h"

#include <freshet/endpoint.h>
#include <freshet/error.h>

#define PLATFORMS 4

struct audit;
struct entry;
struct fleet;
struct session;
struct site;

/* How a platform is reached. */
struct access {
	const char *url;
	const char *key;   /* NULL: what the environment has */
	const char *agent; /* NULL: likewise, or it is found */
	const freshet_endpoint_options *endpoint;
};

/* Sessions of the site can begin, or there is a reason why not; all is over then. */
typedef void site_ready_fn(struct site *site, const char *trouble);

struct platform {
	const char *name;         /* in --platform */
	const char *title;        /* for people */
	const char *key_variable; /* of the environment */
	const char *emulator_key;
	const char *emulator_agent; /* NULL: it is found, or made */
	const struct part *parts;   /* kinds of sessions on the emulator */

	/* Makes the site and its client. On failure *out is NULL. */
	freshet_err (*open)(struct fleet *f, const struct access *access, struct site **out);
	/* The client is gone already. */
	void (*close)(struct site *site);

	/* Finds the agent, unless it is known, and does what else comes before all sessions. */
	void (*prepare)(struct site *site, site_ready_fn *then);

	/* Both may be NULL. False when there is no memory. */
	bool (*session_new)(struct session *s);
	void (*session_free)(struct session *s);

	/* Asks the server for the session and leads it to its end. */
	void (*create)(struct session *s);
	/* May be NULL. True while no session is to be created. */
	bool (*is_busy)(const struct site *site);

	/* ---- the audit: see audit.h ---- */

	/* What the ledger must call the end of the session. */
	const char *(*end_in_ledger)(const struct session *s);
	/* True when the entry of the ledger does not say enough to tell that the session is all right. */
	bool (*is_suspect)(const struct session *s, const struct entry *entry);
	/* Compares such a session in detail and goes on with audit_next, or ends the audit. */
	void (*examine)(struct audit *a, struct session *s);
};

/* All platforms, in the order in which they are told. */
extern const struct platform *const platforms[PLATFORMS];

/* NULL when none is called so. */
const struct platform *platform_named(const char *name, size_t len);

#endif
