/*
 * Thousands of connections need as many descriptors. Header only.
 */
#ifndef BENCH_STREAMS_DESCRIPTORS_H
#define BENCH_STREAMS_DESCRIPTORS_H

#include <stdio.h>
#include <sys/resource.h>

/* As many as the process may have. */
static inline void bench_raise_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		perror("setrlimit");
}

#endif
