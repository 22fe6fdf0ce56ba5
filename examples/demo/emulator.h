/*
 * The emulator as a child process.
 */
#ifndef DEMO_EMULATOR_H
#define DEMO_EMULATOR_H

#include "demo/flags.h"

#include <stdio.h>
#include <sys/types.h>

/* Emulated seconds per real one. */
#define CLOCK_SCALE 5

/* The token that the demo and its emulator agree on. */
#define EMULATOR_TOKEN "aod_demodemodemodemodemodemodemodemodemodemodem"

struct emulator {
	pid_t pid; /* 0: not running */
	FILE *output;
	char url[256];    /* where it listens */
	char folder[256]; /* of the certificates; empty without TLS */
	char ca[288];     /* the file that issued its certificate; empty without TLS */
};

/* Starts it and waits until it listens. False when it does not; the reason was printed. */
bool emulator_start(struct emulator *e, const struct flags *flags);

/* False when it has ended by itself. */
bool emulator_runs(struct emulator *e);

/* Ends it and removes its certificates. Again: nothing. */
void emulator_stop(struct emulator *e);

#endif
