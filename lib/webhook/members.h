/*
 * Objects that could be understood in two ways.
 */
#ifndef WEBHOOK_MEMBERS_H
#define WEBHOOK_MEMBERS_H

#include <freshet/json.h>

/*
 * FRESHET_OK when the object names no member twice and has at most `max` of them; FRESHET_EJSON_TYPE and FRESHET_EJSON_SIZE
 * when it does not. `value` was checked before; of what is no object nothing is said. FRESHET_ENOMEM.
 */
freshet_err members_check(const freshet_json_value *value, size_t max, freshet_json_scratch *scratch);

/* No control character, DEL included, is in it: what a name or an id may be. */
bool members_plain(freshet_str text);

#endif
