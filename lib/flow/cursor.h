/*
 * The cursor of a stream: how it travels when the stream subscribes again, and which events it has already passed.
 */
#ifndef FLOW_CURSOR_H
#define FLOW_CURSOR_H

#include "base/bytes.h"

/* A cursor may stand in a header: no CR, LF or NUL (WHATWG HTML, 9.2.4, ignores ids with NUL; lines end at the others). */
bool cursor_valid(freshet_str id);

/*
 * Appends the path with the cursor as a query parameter, percent-encoded (RFC 3986, section 2.1), behind the query that
 * the path may have. False when there is no memory.
 */
bool cursor_append_query(struct bytes *out, freshet_str path, const char *name, freshet_str cursor);

/* True and the number when the id is a decimal number of at most 64 bits. */
bool cursor_number(freshet_str id, uint64_t *number);

#endif
