/*
 * A receiver of webhooks that believes nothing: it keeps every request as it came and answers what the test says. It
 * listens on the loop of the emulator.
 *
 *	receiver_open(&hooks, mock.base, mock.mockd);
 *	mockd_webhook_to(mock.mockd, "sudoiq", hooks.url, "secret");
 *	receiver_until(&hooks, 3);
 */
#ifndef SUPPORT_RECEIVER_H
#define SUPPORT_RECEIVER_H

#include "mockd/mockd.h"

#include "support/h1server.h"

#define RECEIVED_MAX 256

/* A request; its text is the head, its bytes the body, terminated. */
struct received {
	char *head;
	char *body;
	size_t body_len;
	char target[256];
	struct h1server_conn *conn; /* to answer it later */
};

struct receiver {
	struct h1server server;
	struct mockd *mockd;
	char url[64];
	struct received items[RECEIVED_MAX];
	size_t count;
	int status;  /* of answers; 0: none is given. At first 200 */
	size_t fail; /* so many more get `failure` instead */
	int failure;
};

void receiver_open(struct receiver *r, struct event_base *base, struct mockd *mockd);
void receiver_close(struct receiver *r);

/* Runs the loop until that many requests have come in all; a test whose requests do not come fails. */
void receiver_until(struct receiver *r, size_t count);

/* Runs the loop until the emulator waits for no answer: nothing more comes then before its clock goes on. */
void receiver_settle(struct receiver *r);

/* The value of a field of the n-th request, names without regard to case; NULL: none. Valid until the next call. */
const char *receiver_field(const struct receiver *r, size_t n, const char *name);

#endif
