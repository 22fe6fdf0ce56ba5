/*
 * The bodies of hosted requests: arguments checked and written. Writers overwrite their memory, since prompts and
 * variables are secrets.
 */
#ifndef AGENTOS_ORDER_H
#define AGENTOS_ORDER_H

#include "hosted.h"

#include "guest/failure.h"
#include "guest/writing.h"

/* A request that can be sent: by a call or as a stream. */
struct order {
	size_t route;
	struct guest_text path;
	freshet_json_writer *writer; /* NULL: no body */
	const char *key;
	struct guest_secrets secrets; /* the values of prompt variables, with memory of their own */
	uint64_t timeout_ms;          /* never 0 */
	uint64_t deadline_ms;         /* 0: none */
};

/* Each gives everything back on failure; else the order is to be sent or cleared. */
freshet_err order_invoke(
	const freshet_agentos *client, const freshet_agentos_invoke_options *options, bool stream, struct order *order);
freshet_err order_reply(
	const freshet_agentos *client, const freshet_agentos_reply_options *options, bool stream, struct order *order);
freshet_err order_run(const freshet_agentos *client, size_t route, freshet_str run_id, struct order *order);
freshet_err order_approvals(const freshet_agentos *client, struct order *order);
freshet_err order_decide(
	const freshet_agentos *client, freshet_str approval_id, bool approve, freshet_str reason, struct order *order);

void order_clear(struct order *order);

#endif
