/*
 * AgentOS, as the emulator's frame sees it.
 */
#ifndef MOCKD_AGENTOS_H
#define MOCKD_AGENTOS_H

struct aos;
struct mockd;
struct platform;

/* NULL when the options name a script that does not exist, or a place for webhooks that is none. */
struct aos *aos_new(struct mockd *m);
struct platform *aos_platform(struct aos *a);

#endif
