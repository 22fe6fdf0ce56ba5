/*
 * A proxy that is asked by CONNECT, for tests of programs that go through one: it leads to given targets of the loopback
 * and nowhere else, may ask for credentials, and breaks what it is told to break.
 *
 *	mockd_proxy_options_init(&options);
 *	options.targets = (const char *const[]){"api.example.test:443=127.0.0.1:40123"};
 *	options.target_count = 1;
 *	mockd_proxy_new(base, &options, &p);    listens on 127.0.0.1, port mockd_proxy_port(p)
 *	mockd_proxy_free(p);                    at any moment, with tunnels open
 *
 * As with the emulator, running out of memory ends the process.
 */
#ifndef MOCKD_PROXY_H
#define MOCKD_PROXY_H

#include <freshet/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct mockd_proxy;

/* Strings are copied. */
struct mockd_proxy_options {
	uint16_t port; /* of 127.0.0.1; default 0: the kernel chooses */
	/*
	 * Where it leads: "HOST:PORT=ADDRESS:PORT", what is asked for and what it stands for, which must be an address of
	 * the loopback; "HOST:PORT" alone is for "localhost" and such addresses.
	 */
	const char *const *targets;
	size_t target_count;
	const char *credentials; /* "user:password"; default NULL: everybody may come */
};

void mockd_proxy_options_init(struct mockd_proxy_options *options);

/*
 * A new proxy that listens at once. FRESHET_EINVAL for targets that make no sense or do not lie on the loopback,
 * FRESHET_ESYSTEM (errno tells) when the port cannot be listened on; *out is NULL then.
 */
freshet_err mockd_proxy_new(
	struct event_base *base, const struct mockd_proxy_options *options, struct mockd_proxy **out);

/* Cuts every tunnel and frees everything. Not from inside a callback of the loop that the proxy made. NULL is fine. */
void mockd_proxy_free(struct mockd_proxy *p);

uint16_t mockd_proxy_port(const struct mockd_proxy *p);

/* "http://127.0.0.1:PORT"; valid as long as the proxy. */
const char *mockd_proxy_url(const struct mockd_proxy *p);

/* Adds a target as in the options. False when it makes no sense. */
bool mockd_proxy_lead(struct mockd_proxy *p, const char *target);

enum mockd_proxy_action {
	MOCKD_PROXY_WORK,   /* nothing goes wrong */
	MOCKD_PROXY_REFUSE, /* `status` is the answer to CONNECT */
	MOCKD_PROXY_CUT,    /* both connections end */
	MOCKD_PROXY_HANG,   /* nothing more is read or written, the connections stay open */
};

/* What goes wrong with the tunnels that are asked for from now on. */
struct mockd_proxy_fault {
	enum mockd_proxy_action action;
	int status;     /* REFUSE; 0: 503 */
	uint64_t after; /* CUT, HANG: bytes that go through to the client first; 0: instead of the answer to CONNECT */
	uint32_t times; /* so many tunnels; 0: without end */
};

/* Sets the fault in place of the one before. False when it makes no sense. */
bool mockd_proxy_set_fault(struct mockd_proxy *p, const struct mockd_proxy_fault *fault);

/* The same as text: "action=cut after=1000 times=2"; the actions are work, refuse, cut, hang. */
bool mockd_proxy_set_fault_text(struct mockd_proxy *p, const char *text);

/* What the proxy counted since it began. */
struct mockd_proxy_stats {
	size_t open;        /* connections of clients, now */
	uint64_t accepted;  /* connections of clients */
	uint64_t granted;   /* tunnels */
	uint64_t refused;   /* answers with an error */
	uint64_t struck;    /* faults */
	uint64_t to_server; /* bytes in tunnels */
	uint64_t to_client;
};

void mockd_proxy_get_stats(const struct mockd_proxy *p, struct mockd_proxy_stats *stats);

#endif
