#include "reactor/door.h"

#include "reactor/endpoint.h"
#include "reactor/request.h"
#include "reactor/stream.h"
#include "reactor/timer.h"
#include "reactor/upload.h"

void door_stream_open(freshet_stream *s)
{
	freshet_reactor *r = s->endpoint->reactor;
	if (s->callbacks.on_open == NULL)
		return;
	r->depth++;
	s->callbacks.on_open(s, s->user);
	r->depth--;
}

void door_stream_event(freshet_stream *s, const freshet_event *event)
{
	freshet_reactor *r = s->endpoint->reactor;
	s->endpoint->counters.events++;
	r->depth++;
	s->callbacks.on_event(s, event, s->user);
	r->depth--;
}

void door_stream_cut(freshet_stream *s, const freshet_outcome *cause, uint64_t retry_ms)
{
	freshet_reactor *r = s->endpoint->reactor;
	if (s->callbacks.on_cut == NULL)
		return;
	r->depth++;
	s->callbacks.on_cut(s, cause, retry_ms, s->user);
	r->depth--;
}

void door_stream_done(freshet_stream *s, const freshet_stream_end *end)
{
	freshet_reactor *r = s->endpoint->reactor;
	r->depth++;
	s->callbacks.on_done(s, end, s->user);
	r->depth--;
}

void door_request_done(freshet_request *q, const freshet_response *response)
{
	freshet_reactor *r = q->endpoint->reactor;
	r->depth++;
	q->on_done(q, response, q->user);
	r->depth--;
}

freshet_body_step door_body_read(freshet_request *q, void *to, size_t room, size_t *len)
{
	freshet_reactor *r = q->endpoint->reactor;
	*len = 0;
	r->depth++;
	freshet_body_step step = q->upload->source.read(q, to, room, len, q->user);
	r->depth--;
	return *len <= room ? step : FRESHET_BODY_FAIL;
}

bool door_body_rewind(freshet_request *q)
{
	freshet_reactor *r = q->endpoint->reactor;
	r->depth++;
	bool rewound = q->upload->source.rewind(q, q->user);
	r->depth--;
	return rewound;
}

void door_timer(freshet_timer *t)
{
	freshet_reactor *r = t->reactor;
	r->depth++;
	t->fn(t, t->user);
	r->depth--;
}

void door_letter(freshet_reactor *r, const struct letter *letter, bool dropped)
{
	r->depth++;
	if (!dropped)
		letter->fn(r, letter->arg);
	else if (letter->dropped != NULL)
		letter->dropped(letter->arg);
	r->depth--;
}

void door_closed(void (*on_closed)(void *user), void *user)
{
	if (on_closed != NULL)
		on_closed(user);
}
