/*
 * A request body that is pulled from the application.
 *
 * Happy path: the protocol has taken all that there is of the body (WIRE_WANTED); on the next turn the source is asked
 * until the buffer is full, and what it gave is handed over. When it has said that this was all, the body is closed.
 *
 * A body of known length is checked before anything of it goes on: more than was promised is never sent, and the last
 * byte waits until the source has said that there are no others. So a request whose body is not what it promised is never
 * complete for the server.
 *
 * Failures end the request, which resets its stream or closes its connection. When the request is sent again the source
 * is rewound first, where anything was read of it.
 */
#include "reactor/upload.h"

#include "base/mem.h"
#include "reactor/conn.h"
#include "reactor/door.h"
#include "reactor/request_parts.h"

#define DEFAULT_BUFFER ((size_t)64 * 1024)
#define LEAST_BUFFER   ((size_t)1024)

freshet_err upload_new(const freshet_body_source *source, struct upload **out)
{
	*out = NULL;
	if (source->read == NULL)
		return FRESHET_OK;
	if (source->buffer != 0 && source->buffer < LEAST_BUFFER)
		return FRESHET_EINVAL;
	struct upload *u = mem_zalloc(sizeof *u);
	if (u == NULL)
		return FRESHET_ENOMEM;
	u->source = *source;
	u->size = source->buffer != 0 ? source->buffer : DEFAULT_BUFFER;
	*out = u;
	return FRESHET_OK;
}

void upload_free(struct upload *u)
{
	if (u == NULL)
		return;
	/* Bodies carry prompts and secrets. */
	if (u->bytes != NULL)
		mem_wipe(u->bytes, u->size);
	mem_free(u->bytes);
	mem_free(u);
}

bool upload_is_repeatable(const struct upload *u)
{
	return u == NULL || u->given == 0 || u->source.rewind != NULL;
}

void upload_begin(freshet_request *q)
{
	struct upload *u = q->upload;
	u->len = 0;
	u->ended = false;
	u->later = false;
	u->rewind = u->given > 0;
	q->body = (struct wire_body){.open = true};
}

void upload_wanted(freshet_request *q)
{
	if (!q->upload->later)
		reactor_defer(q->endpoint->reactor, &q->task);
}

void upload_resume(freshet_request *q)
{
	struct upload *u = q->upload;
	if (u == NULL || q->state == REQUEST_DONE)
		return;
	u->resumed = true;
	u->later = false;
	if (q->state == REQUEST_SENT && q->body.wanted)
		reactor_defer(q->endpoint->reactor, &q->task);
}

/* Room for bytes, with what the protocol did not get in front. False when there is no memory. */
static bool make_room(struct upload *u, const struct wire_body *body)
{
	if (u->bytes == NULL && (u->bytes = mem_alloc(u->size)) == NULL)
		return false;
	u->len -= body->bytes.len;
	if (u->len > 0)
		memmove(u->bytes, u->bytes + body->bytes.len, u->len);
	return true;
}

/* What is wrong with what the source has given by now; FRESHET_OK: nothing. */
static freshet_err judge(const struct upload *u, freshet_body_step step, size_t len)
{
	const freshet_body_source *source = &u->source;
	if (step == FRESHET_BODY_FAIL || (step == FRESHET_BODY_MORE && len == 0))
		return FRESHET_EUPLOAD;
	if (source->has_length && (u->given > source->length || (u->ended && u->given < source->length)))
		return FRESHET_EUPLOAD_LENGTH;
	return FRESHET_OK;
}

/* Asks the source until the buffer is full or it has no more for now. False when the request has ended over it. */
static bool read_source(freshet_request *q)
{
	struct upload *u = q->upload;
	freshet_body_step step = FRESHET_BODY_MORE;
	while (step == FRESHET_BODY_MORE && u->len < u->size) {
		size_t len;
		u->resumed = false;
		step = door_body_read(q, u->bytes + u->len, u->size - u->len, &len);
		if (q->state != REQUEST_SENT)
			return false;
		u->len += step != FRESHET_BODY_FAIL ? len : 0;
		u->given += step != FRESHET_BODY_FAIL ? len : 0;
		u->ended = step == FRESHET_BODY_END;
		u->later = step == FRESHET_BODY_LATER && !u->resumed;
		freshet_err err = judge(u, step, len);
		if (err != FRESHET_OK) {
			request_fail(q, err);
			return false;
		}
	}
	return true;
}

/* How much of the buffer may go on: of a known length the last byte waits for the end. */
static size_t sendable(const struct upload *u)
{
	bool complete = u->source.has_length && u->given == u->source.length;
	return complete && !u->ended && u->len > 0 ? u->len - 1 : u->len;
}

static bool rewind_source(freshet_request *q)
{
	struct upload *u = q->upload;
	if (!u->rewind)
		return true;
	u->rewind = false;
	bool rewound = door_body_rewind(q);
	if (q->state != REQUEST_SENT)
		return false;
	u->given = 0;
	if (!rewound)
		request_fail(q, FRESHET_EUPLOAD);
	return rewound;
}

void upload_fill(freshet_request *q)
{
	struct upload *u = q->upload;
	struct wire_body *body = &q->body;
	if (q->state != REQUEST_SENT || !body->wanted || u->later)
		return;
	if (!make_room(u, body)) {
		request_fail(q, FRESHET_ENOMEM);
		return;
	}
	body->bytes.len = 0;
	body->sent = 0;
	if (!rewind_source(q) || !read_source(q))
		return;
	body->bytes = (freshet_str){(const char *)u->bytes, sendable(u)};
	body->open = !u->ended;
	body->wanted = body->open && body->bytes.len == 0;
	if (!body->wanted)
		exchange_more(&q->exchange);
	else if (!u->later)
		reactor_defer(q->endpoint->reactor, &q->task);
}
