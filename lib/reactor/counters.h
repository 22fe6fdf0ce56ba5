/*
 * Counting. Each endpoint counts for itself, with one plain increment where something happens; the reactor's counters are
 * the sum of its endpoints' and of what those that are gone have left.
 */
#ifndef REACTOR_COUNTERS_H
#define REACTOR_COUNTERS_H

#include <freshet/counters.h>
#include <freshet/endpoint.h>
#include <freshet/outcome.h>

/* Under which cause a stream that failed so sets out again. */
freshet_cause cause_of(const freshet_outcome *outcome);

/* The endpoint goes: what it has counted stays with the reactor. */
void counters_keep(freshet_endpoint *e);

/* Snapshots; `counters` says by its size how much of it there is. */
void counters_of_endpoint(const freshet_endpoint *e, freshet_counters *counters);
void counters_of_reactor(freshet_reactor *r, freshet_counters *counters);

#endif
