/*
 * The emulator itself: the listener, the connections, the clock, and the platforms that answer.
 */
#ifndef MOCKD_SERVER_H
#define MOCKD_SERVER_H

#include "mockd/clock.h"
#include "mockd/conn.h"
#include "mockd/mockd.h"
#include "mockd/random.h"

#define MOCKD_PLATFORMS_MAX 8
/* Output that is gathered before it is written. */
#define OUTPUT_SIZE 262144u
#define INPUT_SIZE  65536u

struct aod;
struct aos;
struct ash;
struct siq;
struct evconnlistener;
struct intake;
struct ssl_ctx_st;
struct texts;

struct mockd {
	struct event_base *base;
	struct mockd_options options; /* its strings are the emulator's own */
	struct clock clock;
	struct random random;
	struct texts *texts;
	struct evconnlistener *listener;
	bool full; /* there was no descriptor left: nobody is accepted until a connection is freed */
	struct ssl_ctx_st *tls;
	uint16_t port;
	char url[96];

	struct conn **conns;
	size_t conn_count;
	size_t conn_capacity;
	struct list dirty;   /* connections that may have something to send */
	struct event *flush; /* runs when there is one */

	struct list faults;     /* struct fault, in the order in which they were added */
	struct list own_faults; /* those that are for one exchange */
	uint64_t last_fault;    /* number of the last one */
	uint64_t advance_ms;    /* that a manual clock is to pass, outside of all callbacks */
	struct list deletions;  /* sessions to be deleted outside of all callbacks */
	struct alarm cuts;      /* the next random one */
	struct random cuts_random;
	double cuts_per_minute;
	unsigned cuts_connections; /* their share in percent */

	struct list webhooks;       /* struct webhook: the platforms' senders */
	struct list webhook_faults; /* in the order in which they were added */
	uint64_t last_webhook_fault;

	struct platform *platforms[MOCKD_PLATFORMS_MAX];
	size_t platform_count;
	struct platform *root; /* who answers what nobody else has */
	struct aod *aod;       /* one of the platforms */
	struct ash *ash;       /* another one */
	struct aos *aos;       /* AgentOS */
	struct siq *siq;       /* Sudoiq */

	struct intake *spare_intake; /* kept from the last request for the next */
	struct mockd_stats stats;
	uint8_t output[OUTPUT_SIZE]; /* what a connection produces before it is written */
	uint8_t input[INPUT_SIZE];   /* what was read before the protocol takes it */
};

/* A connection has been freed: whoever waits may be accepted. */
void mockd_accept_again(struct mockd *m);

/* Deletes the session before the loop waits again: its streams are cut. */
void mockd_delete_soon(struct mockd *m, const char *session);

/* Lets a manual clock pass before the loop waits again. */
void mockd_advance_soon(struct mockd *m, uint64_t ms);

/* settings.c */
bool settings_make_sense(const struct mockd_options *o);
void settings_copy(struct mockd_options *to, const struct mockd_options *from);
void settings_free(struct mockd_options *o);

/* Frees what is const for everybody but its owner. */
void free_const(const void *memory);

/* Gives the request to the platform whose mount fits. */
void mockd_route(struct mockd *m, struct exchange *x, const struct request *r);

/* Bytes of a body that the platform of that path takes. */
size_t mockd_body_max(const struct mockd *m, freshet_str path);

/* True for requests of the control API. */
bool mockd_controls(const struct mockd *m, const struct request *r);

void mockd_add_platform(struct mockd *m, struct platform *platform);

/* The generic event streams under /events. */
struct platform *events_new(struct mockd *m);

/* Sets what GET /events/file answers. False when the file cannot be read. */
bool events_read_file(struct platform *platform, const char *path);

#endif
