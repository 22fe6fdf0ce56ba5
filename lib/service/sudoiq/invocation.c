/*
 * Happy path: the handler is called with the handle, finishes it on the loop or posts the answer from a thread of its own,
 * and frees it. The client and the handler have one reference each, every answer on its way from a thread one more, so the
 * handle stays whatever else goes.
 *
 * Threads: what the handle says never changes after the handler was called, and `pending` belongs to the reactor's thread.
 * A thread that posts holds the port's lock, and closing the port takes that lock: so the reactor is there while something
 * is posted to it.
 */
#include "invocation.h"

#include "pending.h"

#include <pthread.h>

/* ---- the port ---- */

struct sudoiq_port {
	pthread_mutex_t lock;
	freshet_reactor *reactor; /* NULL: the client is gone */
	unsigned references;      /* atomic: the client's and one of each invocation */
};

freshet_err sudoiq_port_new(freshet_reactor *reactor, struct sudoiq_port **out)
{
	struct sudoiq_port *port = freshet_mem_new(1, sizeof *port);
	*out = NULL;
	if (port == NULL)
		return FRESHET_ENOMEM;
	if (pthread_mutex_init(&port->lock, NULL) != 0) {
		freshet_mem_free(port);
		return FRESHET_ESYSTEM;
	}
	port->reactor = reactor;
	port->references = 1;
	*out = port;
	return FRESHET_OK;
}

static void port_drop(struct sudoiq_port *port)
{
	if (__atomic_sub_fetch(&port->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	pthread_mutex_destroy(&port->lock);
	freshet_mem_free(port);
}

void sudoiq_port_close(struct sudoiq_port *port)
{
	if (port == NULL)
		return;
	pthread_mutex_lock(&port->lock);
	port->reactor = NULL;
	pthread_mutex_unlock(&port->lock);
	port_drop(port);
}

/* ---- the handle ---- */

freshet_sudoiq_invocation *sudoiq_invocation_new(
	freshet_sudoiq *client, freshet_str agent_id, int64_t task_id, const freshet_sudoiq_tool_call *call)
{
	size_t size = sizeof(freshet_sudoiq_invocation) + agent_id.len + call->call_id.len + call->name.len +
		      call->space.len + call->args.len;
	freshet_sudoiq_invocation *invocation = freshet_mem_new(1, size);
	if (invocation == NULL)
		return NULL;
	char *at = (char *)(invocation + 1);
	invocation->info = (freshet_sudoiq_invocation_info){
		.agent_id = guest_put(&at, agent_id),
		.task_id = task_id,
		.call_id = guest_put(&at, call->call_id),
		.name = guest_put(&at, call->name),
		.space = guest_put(&at, call->space),
		.args = guest_put(&at, call->args),
	};
	invocation->size = size;
	invocation->max_result = client->settings.max_result;
	invocation->references = 1;
	invocation->port = client->port;
	__atomic_add_fetch(&client->port->references, 1, __ATOMIC_RELAXED);
	return invocation;
}

void sudoiq_invocation_hold(freshet_sudoiq_invocation *invocation)
{
	__atomic_add_fetch(&invocation->references, 1, __ATOMIC_RELAXED);
}

void sudoiq_invocation_drop(freshet_sudoiq_invocation *invocation)
{
	if (invocation == NULL || __atomic_sub_fetch(&invocation->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	port_drop(invocation->port);
	guest_wipe(invocation, invocation->size);
	freshet_mem_free(invocation);
}

void freshet_sudoiq_invocation_free(freshet_sudoiq_invocation *invocation)
{
	sudoiq_invocation_drop(invocation);
}

const freshet_sudoiq_invocation_info *freshet_sudoiq_invocation_get(const freshet_sudoiq_invocation *invocation)
{
	return &invocation->info;
}

/* ---- finishing ---- */

freshet_err freshet_sudoiq_invocation_finish(freshet_sudoiq_invocation *invocation, freshet_str result)
{
	if (result.len > invocation->max_result)
		return FRESHET_EJSON_SIZE;
	return sudoiq_pending_finish(invocation->pending, result, false);
}

freshet_err freshet_sudoiq_invocation_fail(freshet_sudoiq_invocation *invocation, freshet_str message)
{
	if (message.len > invocation->max_result)
		return FRESHET_EJSON_SIZE;
	return sudoiq_pending_finish(invocation->pending, message, true);
}

/* An answer on its way from another thread; its text lies behind it. */
struct posted {
	freshet_sudoiq_invocation *invocation;
	size_t len;
	bool failed;
};

static void posted_free(void *arg)
{
	struct posted *posted = arg;
	sudoiq_invocation_drop(posted->invocation);
	guest_wipe(posted, sizeof *posted + posted->len);
	freshet_mem_free(posted);
}

/* Its thread was told that it is finished: without memory it is all the same. */
static void posted_arrives(freshet_reactor *reactor, void *arg)
{
	struct posted *posted = arg;
	freshet_str text = {(const char *)(posted + 1), posted->len};
	(void)reactor;
	if (sudoiq_pending_finish(posted->invocation->pending, text, posted->failed) == FRESHET_ENOMEM)
		sudoiq_pending_lose_answer(posted->invocation->pending);
	posted_free(posted);
}

static freshet_err send_to(struct sudoiq_port *port, struct posted *posted)
{
	freshet_err err = FRESHET_ESTATE;
	pthread_mutex_lock(&port->lock);
	if (port->reactor != NULL)
		err = freshet_reactor_post(port->reactor, posted_arrives, posted_free, posted);
	pthread_mutex_unlock(&port->lock);
	return err;
}

static freshet_err post_answer(freshet_sudoiq_invocation *invocation, freshet_str text, bool failed)
{
	if (text.len > invocation->max_result)
		return FRESHET_EJSON_SIZE;
	struct posted *posted = freshet_mem_new(1, sizeof *posted + text.len);
	if (posted == NULL)
		return FRESHET_ENOMEM;
	*posted = (struct posted){invocation, text.len, failed};
	if (text.len > 0)
		memcpy(posted + 1, text.ptr, text.len);
	sudoiq_invocation_hold(invocation);
	freshet_err err = send_to(invocation->port, posted);
	if (err != FRESHET_OK)
		posted_free(posted);
	return err;
}

freshet_err freshet_sudoiq_invocation_post_finish(freshet_sudoiq_invocation *invocation, freshet_str result)
{
	return post_answer(invocation, result, false);
}

freshet_err freshet_sudoiq_invocation_post_fail(freshet_sudoiq_invocation *invocation, freshet_str message)
{
	return post_answer(invocation, message, true);
}
