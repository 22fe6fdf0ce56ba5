/*
 * What the demo was asked to do.
 */
#ifndef DEMO_FLAGS_H
#define DEMO_FLAGS_H

#include "demo/platform.h"

#include <stdbool.h>
#include <stdint.h>

struct flags {
	const char *names;      /* of platforms, separated by commas; NULL: all */
	bool wanted[PLATFORMS]; /* the same, each in its place in `platforms` */
	uint32_t sessions;
	uint32_t cuts_per_minute;
	uint64_t seed;
	const char *url; /* of a real server; NULL: the emulator is started */
	const char *token;
	const char *agent; /* the agent to use, its id or, on Ash, its name; NULL: the first that the server lists */
	const char *mockd; /* the emulator's program */
	const char *make_certs;
	bool tls;
	bool http1;
	bool plain; /* lines instead of the live view */
};

/* The exit code when the program is to end at once (help, or an error that was printed); -1 to go on. */
int flags_read(int argc, char **argv, struct flags *flags);

#endif
