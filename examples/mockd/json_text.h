/*
 * JSON as Python's json.dumps writes it: ASCII only, lower-case escapes, a space after ':' and ','.
 */
#ifndef MOCKD_JSON_TEXT_H
#define MOCKD_JSON_TEXT_H

#include <jansson.h>

/* Terminated, for the caller to free. */
char *json_text(const json_t *json);

#endif
