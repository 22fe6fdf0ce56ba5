/*
 * What all sessions share: their states and their ends.
 */
#include "demo/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void session_move(struct session *s, enum state state)
{
	s->site->tally[s->state]--;
	s->site->tally[state]++;
	s->state = (uint8_t)state;
}

void session_take_id(struct session *s, freshet_str id)
{
	snprintf(s->id, sizeof s->id, "%.*s", (int)id.len, id.ptr);
}

void session_ended(struct session *s, enum state state)
{
	session_move(s, state);
	if (s->ended)
		return;
	s->ended = true;
	if (++s->fleet->ended == s->fleet->count)
		s->fleet->on_finished(s->fleet->user);
}

void session_break(struct session *s, const char *what, freshet_str why)
{
	size_t size = strlen(what) + why.len + 3;
	free(s->trouble);
	s->trouble = malloc(size);
	if (s->trouble != NULL)
		snprintf(s->trouble, size, "%s: %.*s", what, (int)why.len, why.ptr);
	session_ended(s, BROKEN);
}

void session_break_by(struct session *s, const char *what, freshet_err err)
{
	session_break(s, what, freshet_str_of(freshet_err_text(err)));
}

bool is_passing(const freshet_outcome *outcome)
{
	switch (outcome->err) {
	case FRESHET_ESERVER:
	case FRESHET_ERATE_LIMIT: return true;
	default: return outcome->http_status == 0 || outcome->err == FRESHET_EHTTP_TRUNCATED;
	}
}

static void later_due(evutil_socket_t fd, short what, void *user)
{
	struct session *s = user;
	(void)fd;
	(void)what;
	if (!s->fleet->closing)
		s->then(s);
}

void session_later(struct session *s, void (*then)(struct session *s), uint32_t ms)
{
	struct timeval delay = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
	s->then = then;
	if (event_base_once(s->fleet->base, -1, EV_TIMEOUT, later_due, s, &delay) != 0)
		session_break(s, "timer", freshet_str_of("out of memory"));
}
