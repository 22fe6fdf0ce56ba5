/*
 * Header fields (RFC 9110, section 5): which may be sent, and how a value is found.
 */
#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include <freshet/types.h>

/* A name is a token and no pseudo-header; a value has no CR, LF, NUL or other control but tab (section 5.5). */
bool field_valid(const freshet_header *field);

/* The value itself: blanks around it are none of it (section 5.5), and HTTP/2 forbids them (RFC 9113, section 8.2.1). */
freshet_str field_trim(freshet_str value);

/*
 * True for the fields that only the library writes: those of one connection (RFC 9113, section 8.2.2), `host`,
 * `content-length`, which must agree with the body, and `expect`, which is never sent.
 */
bool field_is_reserved(freshet_str name);

/* True when both are the same name, whatever their case. */
bool field_name_is(freshet_str name, const char *lower_case);

/* True for products and comments with single blanks between them: "a/1.0 (b; c) d" (RFC 9110, section 10.1.5). */
bool field_is_product_list(freshet_str value);

/* True for a traceparent of any version (W3C Trace Context, section 3.2.2): hex in lower case, no id of zeros. */
bool field_is_traceparent(freshet_str value);

/* The first value of that name; its `ptr` is NULL only when there is none. */
freshet_str field_find(const freshet_header *fields, size_t count, const char *lower_case);

/* True when a Content-Type is text/event-stream, with or without parameters (RFC 9110, section 8.3). */
bool field_is_event_stream(freshet_str content_type);

/*
 * Retry-After (RFC 9110, section 10.2.3), in seconds or as an HTTP-date in any of the three forms of section 5.6.7, as
 * milliseconds from `now_s`: 0 for the past. False, and 0, when it is missing or malformed.
 */
bool field_retry_after(freshet_str value, int64_t now_s, uint64_t *ms);

#endif
