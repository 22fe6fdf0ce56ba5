/*
 * The letter box of a loop: calls that other threads want made on the loop's thread.
 */
#ifndef NET_POST_H
#define NET_POST_H

#include "net/loop.h"

#include <pthread.h>

struct freshet_reactor;

struct letter {
	struct letter *next;
	/* The poster's; the box calls neither. */
	void (*fn)(struct freshet_reactor *reactor, void *arg);
	void (*dropped)(void *arg);
	void *arg;
};

struct letter_box {
	pthread_mutex_t lock;
	struct letter *first;
	struct letter **last;
	size_t waiting; /* that have not had their turn; those that were taken out included */
	size_t most;
	uint64_t refused; /* since the box was full */
	struct event *bell;
	int fd; /* an eventfd, which any thread may write to */
	bool closed;
	void (*on_letters)(void *owner);
	void *owner;
};

/*
 * At most `most` letters wait in it. on_letters comes from the loop when there are letters. FRESHET_ENOMEM,
 * FRESHET_ESYSTEM; nothing is kept then.
 */
freshet_err letter_box_open(
	struct letter_box *box, struct loop *l, size_t most, void (*on_letters)(void *owner), void *owner);

/* From any thread; the letter is copied. FRESHET_EPOSTS_FULL, FRESHET_ENOMEM, FRESHET_ESTATE (closed). */
freshet_err letter_box_post(struct letter_box *box, const struct letter *letter);

/* All letters, oldest first; the caller frees each with mem_free and tells when its turn has come. */
struct letter *letter_box_take(struct letter_box *box);

/* One of those that were taken has its turn: there is room for another. */
void letter_box_turn(struct letter_box *box);

/* What waits now, and how many were refused since the box was full. */
void letter_box_count(struct letter_box *box, uint64_t *waiting, uint64_t *refused);

/* Takes no more letters. Those that are in it may still be taken. Harmless when it was done before. */
void letter_box_close(struct letter_box *box);

/* Gives everything back; it must be closed and empty. */
void letter_box_free(struct letter_box *box);

#endif
