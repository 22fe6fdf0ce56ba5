/*
 * Faults by the names of their parts.
 */
#ifndef MOCKD_FAULT_TEXT_H
#define MOCKD_FAULT_TEXT_H

#include "mockd/mockd.h"

/* The part of that name, for the caller to free; NULL: not said. */
typedef char *fault_get_fn(const void *source, const char *name);

/* Adds the fault whose parts `get` gives; its number, or 0 when it makes no sense. */
uint64_t fault_add_named(struct mockd *m, fault_get_fn *get, const void *source, freshet_str body);

const char *fault_moment_name(enum mockd_moment moment);
const char *fault_action_name(enum mockd_action action);

#endif
