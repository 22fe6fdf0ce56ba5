/*
 * Exported calls of streams and held events: arguments checked, one call down.
 */
#include <freshet/stream.h>

#include "base/mem.h"
#include "base/options.h"
#include "reactor/stream.h"

freshet_err freshet_stream_open(freshet_endpoint *endpoint, const freshet_stream_options *options, freshet_stream **out)
{
	freshet_stream_options o;
	if (out == NULL)
		return FRESHET_EINVAL;
	*out = NULL;
	if (endpoint == NULL || options == NULL || !OPTIONS_TAKE(&o, options) || o.path == NULL)
		return FRESHET_EINVAL;
	if (o.callbacks.on_event == NULL || o.callbacks.on_done == NULL)
		return FRESHET_EINVAL;
	if ((o.header_count > 0 && o.headers == NULL) || (o.body.len > 0 && o.body.ptr == NULL))
		return FRESHET_EINVAL;
	return stream_open(endpoint, &o, out);
}

void freshet_stream_close(freshet_stream *stream)
{
	stream_end(stream, FRESHET_ECANCELED);
}

void freshet_stream_finish(freshet_stream *stream)
{
	stream_end(stream, FRESHET_OK);
}

void freshet_stream_fail(freshet_stream *stream, freshet_err err)
{
	stream_end(stream, err);
}

void freshet_stream_reconnect(freshet_stream *stream, uint64_t delay_ms)
{
	stream_reconnect(stream, delay_ms);
}

void freshet_stream_pause(freshet_stream *stream)
{
	stream_pause(stream);
}

void freshet_stream_resume(freshet_stream *stream)
{
	stream_resume(stream);
}

freshet_str freshet_stream_last_event_id(const freshet_stream *stream)
{
	return sse_last_id(&stream->parser);
}

freshet_err freshet_stream_set_cursor(freshet_stream *stream, freshet_str id)
{
	return stream_set_cursor(stream, id);
}

void *freshet_stream_user(const freshet_stream *stream)
{
	return stream->user;
}

freshet_endpoint *freshet_stream_endpoint(const freshet_stream *stream)
{
	return stream->endpoint;
}

const char *freshet_stream_state(const freshet_stream *stream)
{
	return stream_state_name((enum stream_state)stream->state);
}

/* The event, and behind it in the same block the bytes of its three spans, each terminated. */
freshet_err freshet_event_hold(const freshet_event *event, freshet_event **out)
{
	if (out == NULL || event == NULL)
		return FRESHET_EINVAL;
	*out = NULL;
	const freshet_str from[3] = {event->id, event->type, event->data};
	size_t size = sizeof *event;
	for (size_t i = 0; i < 3; i++) {
		if (from[i].len >= PTRDIFF_MAX - size)
			return FRESHET_ENOMEM;
		size += from[i].len + 1;
	}
	freshet_event *held = mem_alloc(size);
	if (held == NULL)
		return FRESHET_ENOMEM;
	char *text = (char *)(held + 1);
	freshet_str *const to[3] = {&held->id, &held->type, &held->data};
	for (size_t i = 0; i < 3; i++) {
		*to[i] = (freshet_str){text, from[i].len};
		if (from[i].len > 0)
			memcpy(text, from[i].ptr, from[i].len);
		text[from[i].len] = '\0';
		text += from[i].len + 1;
	}
	held->flags = event->flags;
	*out = held;
	return FRESHET_OK;
}

void freshet_event_drop(freshet_event *held)
{
	mem_free(held);
}
