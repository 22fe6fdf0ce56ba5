/*
 * What AgentOS posts, as the typed object of the public header.
 */
#ifndef WEBHOOK_AGENTOS_H
#define WEBHOOK_AGENTOS_H

#include <freshet/json.h>
#include <freshet/webhook.h>

/*
 * Reads an object that is valid JSON; spans lie in it or, where strings have escapes, in the scratch. FRESHET_EJSON_TYPE
 * and _MISSING with the position of the member (0 for one that is missing); FRESHET_ENOMEM.
 */
freshet_err agentos_read(
	freshet_str body, freshet_json_scratch *scratch, freshet_webhook_agentos *out, size_t *position);

#endif
