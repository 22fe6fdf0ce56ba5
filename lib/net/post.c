/*
 * Letters are put into a list under a lock, and the bell is rung once for any number of them: an eventfd, so that neither
 * thread ever blocks and the caller's libevent needs no locking of its own.
 */
#include "net/post.h"

#include "base/mem.h"

#include <event2/event.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void bell_rang(evutil_socket_t fd, short what, void *user)
{
	struct letter_box *box = user;
	uint64_t count;
	(void)what;
	/* Nothing to read means that the letters were taken before. */
	if (read(fd, &count, sizeof count) == (ssize_t)sizeof count)
		box->on_letters(box->owner);
}

freshet_err letter_box_open(
	struct letter_box *box, struct loop *l, size_t most, void (*on_letters)(void *owner), void *owner)
{
	*box = (struct letter_box){.most = most, .on_letters = on_letters, .owner = owner};
	box->last = &box->first;
	box->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (box->fd < 0)
		return FRESHET_ESYSTEM;
	box->bell = event_new(l->base, box->fd, EV_READ | EV_PERSIST, bell_rang, box);
	if (box->bell != NULL && event_add(box->bell, NULL) == 0 && pthread_mutex_init(&box->lock, NULL) == 0)
		return FRESHET_OK;
	if (box->bell != NULL)
		event_free(box->bell);
	close(box->fd);
	return FRESHET_ENOMEM;
}

/* The lock is held. */
static freshet_err may_put(struct letter_box *box)
{
	if (box->closed)
		return FRESHET_ESTATE;
	if (box->waiting < box->most)
		return FRESHET_OK;
	box->refused++;
	return FRESHET_EPOSTS_FULL;
}

/* The bell is rung under the lock, so that it cannot be taken down meanwhile. */
static freshet_err put(struct letter_box *box, struct letter *letter)
{
	const uint64_t one = 1;
	ssize_t rung = 0;
	pthread_mutex_lock(&box->lock);
	freshet_err err = may_put(box);
	if (err == FRESHET_OK) {
		if (box->first == NULL)
			rung = write(box->fd, &one, sizeof one);
		*box->last = letter;
		box->last = &letter->next;
		box->waiting++;
	}
	pthread_mutex_unlock(&box->lock);
	/* Only a counter that is full refuses, and then the bell rings already. */
	(void)rung;
	return err;
}

freshet_err letter_box_post(struct letter_box *box, const struct letter *letter)
{
	struct letter *copy = mem_alloc(sizeof *copy);
	if (copy == NULL)
		return FRESHET_ENOMEM;
	*copy = *letter;
	copy->next = NULL;
	freshet_err err = put(box, copy);
	if (err != FRESHET_OK)
		mem_free(copy);
	return err;
}

struct letter *letter_box_take(struct letter_box *box)
{
	pthread_mutex_lock(&box->lock);
	struct letter *letters = box->first;
	box->first = NULL;
	box->last = &box->first;
	pthread_mutex_unlock(&box->lock);
	return letters;
}

void letter_box_turn(struct letter_box *box)
{
	pthread_mutex_lock(&box->lock);
	box->waiting--;
	pthread_mutex_unlock(&box->lock);
}

void letter_box_count(struct letter_box *box, uint64_t *waiting, uint64_t *refused)
{
	pthread_mutex_lock(&box->lock);
	*waiting = box->waiting;
	*refused = box->refused;
	pthread_mutex_unlock(&box->lock);
}

void letter_box_close(struct letter_box *box)
{
	pthread_mutex_lock(&box->lock);
	box->closed = true;
	pthread_mutex_unlock(&box->lock);
}

void letter_box_free(struct letter_box *box)
{
	event_free(box->bell);
	close(box->fd);
	pthread_mutex_destroy(&box->lock);
}
