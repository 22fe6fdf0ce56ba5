/*
 * A dial looks the host up, then starts one attempt after another: the next one when the one before has failed or has
 * had its head start without an answer. The first socket that connects wins and the others are closed.
 *
 * It fails when no attempt is left: the text then names the last address and why.
 */
#include "net/dial.h"

#include "base/mem.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

/* Bytes that the system takes from us before it has sent those before; what is on its way is not counted. */
#define UNSENT_IN_SYSTEM (128 * 1024)

struct attempt {
	struct dial *dial;
	struct event *ready;
	int fd; /* -1: not running */
};

struct dial {
	struct loop *loop;
	struct address_lookup *lookup;
	struct address_list list;
	enum dial_first first;
	char mark[ADDRESS_TEXT_SIZE];
	struct attempt attempts[ADDRESS_MAX];
	size_t started;
	size_t running;
	struct event *stagger;
	dial_done_fn *done;
	void *user;
	struct dial_result result;
};

static void try_next(struct dial *d);

static void attempt_end(struct attempt *a, bool close_fd)
{
	if (a->fd < 0)
		return;
	event_free(a->ready);
	a->ready = NULL;
	if (close_fd)
		close(a->fd);
	a->fd = -1;
	a->dial->running--;
}

static void dial_free(struct dial *d)
{
	address_lookup_cancel(d->lookup);
	for (size_t i = 0; i < d->started; i++)
		attempt_end(&d->attempts[i], true);
	if (d->stagger != NULL)
		event_free(d->stagger);
	mem_free(d);
}

/* Tells the caller and ends the dial. */
static void finish(struct dial *d)
{
	struct dial_result result = d->result;
	dial_done_fn *done = d->done;
	void *user = d->user;
	dial_free(d);
	done(&result, user);
}

static void note_failure(struct dial *d, size_t index, int error)
{
	char where[ADDRESS_TEXT_SIZE];
	address_text(&d->list.items[index], where, sizeof where);
	d->result.err = error == EMFILE || error == ENFILE ? FRESHET_EDESCRIPTORS : FRESHET_ECONNECT;
	d->result.system_errno = error;
	snprintf(d->result.text, sizeof d->result.text, "%s: %s", where, strerror(error));
}

static void win(struct dial *d, struct attempt *a)
{
	d->result.fd = a->fd;
	d->result.err = FRESHET_OK;
	d->result.system_errno = 0;
	address_text(&d->list.items[a - d->attempts], d->result.text, sizeof d->result.text);
	attempt_end(a, false);
	finish(d);
}

static void attempt_ready(evutil_socket_t fd, short what, void *user)
{
	struct attempt *a = user;
	struct dial *d = a->dial;
	int error = 0;
	socklen_t size = sizeof error;
	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		error = errno;
	if (error == 0) {
		win(d, a);
		return;
	}
	note_failure(d, (size_t)(a - d->attempts), error);
	attempt_end(a, true);
	try_next(d);
}

static void stagger_over(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	try_next(user);
}

/*
 * What we write leaves at once, and the system does not queue megabytes that are not sent yet: a large upload would else
 * stand before every PING on the connection, and before the end of the upload itself when it is given up.
 */
static void set_tcp_options(int fd)
{
	const int one = 1, unsent = UNSENT_IN_SYSTEM;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

/* False when the attempt failed at once; errno says why. */
static bool attempt_start(struct dial *d, size_t index)
{
	struct attempt *a = &d->attempts[index];
	const union address *to = &d->list.items[index];
	a->dial = d;
	a->fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd < 0)
		return false;
	if (to->any.sa_family != AF_UNIX)
		set_tcp_options(a->fd);
	bool begun = connect(a->fd, &to->any, address_size(to)) == 0 || errno == EINPROGRESS;
	int error = errno;
	if (begun) {
		a->ready = event_new(d->loop->base, a->fd, EV_WRITE, attempt_ready, a);
		begun = a->ready != NULL && event_add(a->ready, NULL) == 0;
		error = ENOMEM;
	}
	if (begun) {
		d->running++;
		return true;
	}
	if (a->ready != NULL)
		event_free(a->ready);
	a->ready = NULL;
	close(a->fd);
	a->fd = -1;
	errno = error;
	return false;
}

static void try_next(struct dial *d)
{
	while (d->started < d->list.count) {
		size_t index = d->started++;
		if (attempt_start(d, index)) {
			struct timeval tv = {0, (suseconds_t)DIAL_STAGGER_MS * 1000};
			if (d->started < d->list.count)
				event_add(d->stagger, &tv);
			return;
		}
		note_failure(d, index, errno);
	}
	if (d->running == 0)
		finish(d);
}

/* The index of the address that is tried first. */
static size_t first_of(const struct dial *d, const struct address_list *list)
{
	char text[ADDRESS_TEXT_SIZE];
	for (size_t i = 0; d->first != DIAL_AS_LISTED && i < list->count; i++) {
		address_text(&list->items[i], text, sizeof text);
		if (strcmp(text, d->mark) == 0)
			return d->first == DIAL_FROM ? i : i + 1;
	}
	return 0;
}

static void lookup_done(const struct address_list *list, const char *text, void *user)
{
	struct dial *d = user;
	d->lookup = NULL;
	if (list == NULL) {
		d->result.err = FRESHET_ERESOLVE;
		snprintf(d->result.text, sizeof d->result.text, "%s", text);
		finish(d);
		return;
	}
	size_t first = first_of(d, list);
	d->list.count = list->count;
	for (size_t i = 0; i < list->count; i++)
		d->list.items[i] = list->items[(i + first) % list->count];
	try_next(d);
}

freshet_err dial_start(
	struct loop *l, const struct dial_target *target, dial_done_fn *done, void *user, struct dial **out)
{
	*out = NULL;
	struct dial *d = mem_zalloc(sizeof *d);
	if (d == NULL)
		return FRESHET_ENOMEM;
	d->loop = l;
	d->done = done;
	d->user = user;
	d->first = target->first;
	memcpy(d->mark, target->mark, sizeof d->mark);
	d->result.fd = -1;
	d->stagger = event_new(l->base, -1, 0, stagger_over, d);
	freshet_err err = FRESHET_ENOMEM;
	if (d->stagger != NULL && target->unix_path.len > 0)
		err = address_of_path(l, target->unix_path, lookup_done, d, &d->lookup);
	else if (d->stagger != NULL)
		err = address_lookup_start(l, target->host, target->port, lookup_done, d, &d->lookup);
	if (err != FRESHET_OK) {
		dial_free(d);
		return err;
	}
	*out = d;
	return FRESHET_OK;
}

void dial_cancel(struct dial *d)
{
	if (d != NULL)
		dial_free(d);
}
