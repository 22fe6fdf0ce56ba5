/*
 * Agent on Demand in the demo: what its site has beside what every site has. Its sessions have nothing beside; their
 * cursor is the last row of the stream.
 */
#ifndef DEMO_AOD_AOD_H
#define DEMO_AOD_AOD_H

#include "demo/fleet.h"

#include <freshet/aod.h>

struct aod_site {
	struct site site;
	freshet_aod *client;
	struct search *search;
};

extern const struct platform aod_platform;

static inline struct aod_site *aod_of(const struct session *s)
{
	return (struct aod_site *)s->site;
}

/* Finds the agent, or makes one on the emulator: agent.c. */
void aod_prepare(struct site *site, site_ready_fn *then);

/* ---- one session: session.c ---- */

/* Asks the server to create it. */
void aod_create(struct session *s);

/* It turned out to exist. */
void aod_adopt(struct session *s, freshet_str id);

/* ---- sessions whose creation was not answered: search.c ---- */

struct search *search_new(struct aod_site *site);
void search_free(struct search *search);

/* Finds out whether they exist, in a while. Sessions that do not are created again. */
void search_soon(struct search *search);

#endif
