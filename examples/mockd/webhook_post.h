/*
 * One POST of a webhook's sender: a connection of its own, the request, and the status of the answer.
 */
#ifndef MOCKD_WEBHOOK_POST_H
#define MOCKD_WEBHOOK_POST_H

#include <freshet/types.h>

#include <stdbool.h>
#include <sys/socket.h>

struct event_base;
struct post;

/* Where a URL leads. */
struct post_target {
	struct sockaddr_storage address;
	socklen_t address_len;
	char *authority;
	char *path; /* with the query */
};

/* Reads an http URL of the loopback; false when it is none. An old target is freed. */
bool post_target_read(struct post_target *target, const char *url);
void post_target_clear(struct post_target *target);

/* The answer is complete; `status` 0: there was none, or it was cut. The post is gone when it returns. */
typedef void post_done_fn(int status, void *user);

/* `fields` are whole lines. `done` never comes inside, and not at all after post_cancel. NULL when libevent has no memory. */
struct post *post_start(struct event_base *base, const struct post_target *target, freshet_str fields, freshet_str body,
	post_done_fn *done, void *user);
void post_cancel(struct post *p);

#endif
