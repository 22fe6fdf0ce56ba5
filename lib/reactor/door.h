/*
 * The door: the only place that calls user code. Whoever comes here has its lists in order and holds nothing that a
 * callback could take away: everything is allowed inside one.
 */
#ifndef REACTOR_DOOR_H
#define REACTOR_DOOR_H

#include "reactor/reactor.h"

#include <freshet/request.h>
#include <freshet/stream.h>
#include <freshet/timer.h>

void door_stream_open(freshet_stream *s);
void door_stream_event(freshet_stream *s, const freshet_event *event);
void door_stream_cut(freshet_stream *s, const freshet_outcome *cause, uint64_t retry_ms);
void door_stream_done(freshet_stream *s, const freshet_stream_end *end);
void door_request_done(freshet_request *q, const freshet_response *response);

/* The two callbacks of a body's source; *len is at most `room` when the step is not FAIL. */
freshet_body_step door_body_read(freshet_request *q, void *to, size_t room, size_t *len);
bool door_body_rewind(freshet_request *q);

/* It may be gone afterwards. */
void door_timer(freshet_timer *t);

/* What another thread has posted: runs it, or tells that it is dropped. */
void door_letter(freshet_reactor *r, const struct letter *letter, bool dropped);

/* An endpoint or the reactor: it is gone already. `on_closed` may be NULL. */
void door_closed(void (*on_closed)(void *user), void *user);

#endif
