/*
 * Where the events of a body lie in it. The body is JSON that was read before, so that this need not look for mistakes:
 * it finds the bytes as they were sent, which hashes are made of.
 */
#ifndef MOCKD_AGENTOS_JSON_SPAN_H
#define MOCKD_AGENTOS_JSON_SPAN_H

#include <freshet/types.h>

/* The value of an object's member as it stands there; empty when there is none. Names with escapes are not found. */
freshet_str json_span_member(freshet_str object, const char *name);

/* What the member, an array, has behind its opening bracket, for json_span_next. */
freshet_str json_span_items(freshet_str object, const char *name);

/* Takes the next element off; empty when there is none. */
freshet_str json_span_next(freshet_str *items);

#endif
