/*
 * One invocation of a local tool: the handle that its handler has, and where other threads find the client.
 */
#ifndef SUDOIQ_INVOCATION_H
#define SUDOIQ_INVOCATION_H

#include "client.h"

struct sudoiq_pending;

/* Outlives the client as long as an invocation is left. */
struct sudoiq_port;

/* FRESHET_ENOMEM, FRESHET_ESYSTEM. */
freshet_err sudoiq_port_new(freshet_reactor *reactor, struct sudoiq_port **out);

/* The client is gone: nothing is posted any more. NULL is fine. */
void sudoiq_port_close(struct sudoiq_port *port);

struct freshet_sudoiq_invocation {
	freshet_sudoiq_invocation_info info; /* what it points to lies behind the struct */
	struct sudoiq_port *port;
	struct sudoiq_pending *pending; /* NULL: nobody waits for it. Only looked at on the reactor's thread */
	freshet_sudoiq_handler *canceled;
	void *user;
	size_t size; /* of the block, to be wiped */
	size_t max_result;
	unsigned references; /* atomic: the client's and the handler's */
};

/* With one reference, the client's. NULL without memory. */
freshet_sudoiq_invocation *sudoiq_invocation_new(
	freshet_sudoiq *client, freshet_str agent_id, int64_t task_id, const freshet_sudoiq_tool_call *call);

void sudoiq_invocation_hold(freshet_sudoiq_invocation *invocation);
void sudoiq_invocation_drop(freshet_sudoiq_invocation *invocation);

#endif
