/*
 * The program's flags.
 */
#ifndef MOCKD_FLAGS_H
#define MOCKD_FLAGS_H

#include "mockd/mockd.h"
#include "mockd/proxy.h"

/* What the flags say. Strings lie in argv; the arrays are freed with flags_clear. */
struct flags {
	struct mockd_options options;
	const char **tokens;
	const char **faults;
	size_t fault_count;
	const char **webhook_faults;
	size_t webhook_fault_count;
	double cuts_per_minute;
	uint32_t cuts_connections; /* their share in percent */
	bool proxy;                /* a proxy runs beside the emulator */
	struct mockd_proxy_options proxy_options;
	const char **proxy_targets;
	const char *proxy_fault;
};

/* Returns the exit status, or -1 to go on. */
int flags_read(int argc, char **argv, struct flags *flags);

void flags_clear(struct flags *flags);

#endif
