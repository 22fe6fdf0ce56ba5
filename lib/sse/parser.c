/*
 * The happy path: feed gives a piece, next takes lines from it into the draft of an event until a blank line ends it.
 * Failures (a limit, no memory) are remembered with their position and repeat until the reset. Clearing, resetting and
 * the end of a stream drop what is unfinished.
 */
#include "sse/parser.h"

#include "base/scan.h"
#include "base/utf8.h"
#include "sse/draft.h"
#include "sse/whole.h"

static const uint8_t bom[3] = {0xef, 0xbb, 0xbf};

void sse_init(struct sse_parser *p, const struct sse_limits *limits)
{
	memset(p, 0, sizeof *p);
	p->limits = limits;
	p->state = SSE_AT_START;
}

static void drop_draft(struct sse_parser *p)
{
	sse_draft_free(p->draft);
	p->draft = NULL;
	p->state &= (uint8_t)~SSE_DRAFTING;
}

void sse_clear(struct sse_parser *p)
{
	drop_draft(p);
	text_clear(&p->last_id);
	sse_init(p, p->limits);
}

void sse_reset(struct sse_parser *p)
{
	drop_draft(p);
	p->at = p->end = NULL;
	p->fed = 0;
	p->err = FRESHET_OK;
	p->bom_len = 0;
	p->state = SSE_AT_START;
}

freshet_err sse_feed(struct sse_parser *p, const uint8_t *bytes, size_t len)
{
	if (p->err != FRESHET_OK)
		return p->err;
	if (p->at != p->end)
		return FRESHET_ESTATE;
	if (len == 0)
		return FRESHET_OK;
	if (bytes == NULL)
		return FRESHET_EINVAL;
	p->at = bytes;
	p->end = bytes + len;
	p->fed += len;
	return FRESHET_OK;
}

/* The stream has failed at a position; nothing more of it is read. */
static freshet_sse_result fail_at(struct sse_parser *p, freshet_err err, uint64_t position)
{
	drop_draft(p);
	p->err = err;
	p->state = SSE_FAILED;
	p->fed = position;
	p->at = p->end = NULL;
	return FRESHET_SSE_FAILED;
}

/* The stream position of the next byte. */
static uint64_t position(const struct sse_parser *p)
{
	return p->fed - (uint64_t)(p->end - p->at);
}

static freshet_sse_result fail(struct sse_parser *p, freshet_err err)
{
	return fail_at(p, err, position(p));
}

/* All of the piece is used up: an unfinished event stays, the memory of a finished one does not. */
freshet_sse_result sse_want_more(struct sse_parser *p)
{
	if (!(p->state & SSE_DRAFTING))
		drop_draft(p);
	p->at = p->end = NULL;
	return FRESHET_SSE_MORE;
}

/* The draft for an event that begins at `start`. */
static bool begin_draft(struct sse_parser *p, uint64_t start)
{
	if (!sse_draft_renew(&p->draft, p->limits))
		return false;
	p->draft->start = start;
	p->state |= SSE_DRAFTING;
	return true;
}

/* What looked like a BOM was none: these bytes begin the first line. */
static freshet_sse_result begin_with_bom_bytes(struct sse_parser *p)
{
	uint64_t start = position(p) - p->bom_len;
	if (!begin_draft(p, start))
		return fail_at(p, FRESHET_ENOMEM, start);
	freshet_err why = FRESHET_OK;
	size_t took = sse_draft_take(p->draft, bom, p->bom_len, &why);
	return why == FRESHET_OK ? FRESHET_SSE_MORE : fail_at(p, why, start + took);
}

/* "If the stream begins with a BOM, it is ignored": the UTF-8 decode of the Encoding standard takes it off, once. */
static freshet_sse_result skip_bom(struct sse_parser *p)
{
	while (p->bom_len < sizeof bom && p->at < p->end && *p->at == bom[p->bom_len]) {
		p->bom_len++;
		p->at++;
	}
	if (p->bom_len < sizeof bom && p->at == p->end)
		return FRESHET_SSE_MORE;
	p->state &= (uint8_t)~SSE_AT_START;
	if (p->bom_len == 0 || p->bom_len == sizeof bom)
		return FRESHET_SSE_MORE;
	return begin_with_bom_bytes(p);
}

/* Sees to the start of a stream and to the LF of a CRLF that a cut has parted. */
static freshet_sse_result settle(struct sse_parser *p)
{
	if (p->state & SSE_FAILED)
		return FRESHET_SSE_FAILED;
	if (p->at < p->end && p->state & SSE_AFTER_CR) {
		p->state &= (uint8_t)~SSE_AFTER_CR;
		if (*p->at == '\n')
			p->at++;
	}
	return p->state & SSE_AT_START ? skip_bom(p) : FRESHET_SSE_MORE;
}

static bool is_line_end(uint8_t byte)
{
	return byte == '\n' || byte == '\r';
}

/* The next line end, or the end of the piece, or as far as anyone needs to look. Tells the draft what was seen. */
static const uint8_t *find_stop(const struct sse_parser *p, const struct sse_ahead *ahead)
{
	size_t len = (size_t)(p->end - p->at);
	size_t appetite = sse_draft_appetite(p->draft);
	const uint8_t *last = p->at + (len < appetite ? len : appetite);
	if (p->at < ahead->open)
		return scan_line_end(p->at, last, &p->draft->not_ascii);
	p->draft->not_ascii |= ahead->not_ascii;
	return last;
}

/* Steps over the line end at hand, a CRLF as one. */
static void skip_line_end(struct sse_parser *p)
{
	const uint8_t *after = p->at + 1;
	if (*p->at == '\r' && after < p->end && *after == '\n')
		after++;
	sse_go_to(p, after);
}

/*
 * "Dispatch the event": the last event id string takes the value of the buffer; without data that is all. MORE tells that
 * there was no event to give.
 */
static freshet_sse_result dispatch(struct sse_parser *p, freshet_event *event)
{
	struct sse_draft *d = p->draft;
	freshet_err err = sse_draft_finish(d, event);
	if (err != FRESHET_OK)
		return fail(p, err);
	skip_line_end(p);
	if (d->has_id)
		text_move(&p->last_id, &d->id);
	event->id = text_str(&p->last_id);
	p->state &= (uint8_t)~SSE_DRAFTING;
	return d->has_data ? FRESHET_SSE_EVENT : FRESHET_SSE_MORE;
}

/* The line at hand ends here. MORE tells that there was no event to give. */
static freshet_sse_result end_line(struct sse_parser *p, freshet_event *event, freshet_err *why)
{
	enum sse_line line;
	*why = sse_draft_end_line(p->draft, &line);
	if (*why != FRESHET_OK)
		return FRESHET_SSE_MORE;
	if (line == SSE_LINE_BLANK)
		return dispatch(p, event);
	if (line == SSE_LINE_RETRY) {
		p->retry_ms = p->draft->retry_ms;
		p->has_retry = true;
	}
	skip_line_end(p);
	if (sse_draft_is_blank(p->draft))
		p->state &= (uint8_t)~SSE_DRAFTING;
	return FRESHET_SSE_MORE;
}

/* Something stopped the draft: gives a part where that helps. MORE tells that it goes on without one. */
static freshet_sse_result give_part(struct sse_parser *p, freshet_err why, freshet_event *event)
{
	bool given;
	freshet_err err = sse_draft_give_part(p->draft, why, event, &given);
	if (err != FRESHET_OK)
		return fail(p, err);
	event->id = text_str(&p->last_id);
	return given ? FRESHET_SSE_EVENT : FRESHET_SSE_MORE;
}

/* Goes on with the draft to the end of a line or of the piece. */
static freshet_sse_result read_draft(struct sse_parser *p, freshet_event *event, const struct sse_ahead *ahead)
{
	freshet_err why = FRESHET_OK;
	freshet_sse_result result = FRESHET_SSE_MORE;
	sse_draft_drop_given(p->draft);
	const uint8_t *stop = find_stop(p, ahead);
	p->at += sse_draft_take(p->draft, p->at, (size_t)(stop - p->at), &why);
	if (why == FRESHET_OK && stop < p->end && is_line_end(*stop))
		result = end_line(p, event, &why);
	return why == FRESHET_OK ? result : give_part(p, why, event);
}

freshet_sse_result sse_draft_next(struct sse_parser *p, freshet_event *event, struct sse_ahead ahead)
{
	while (p->at < p->end) {
		if (!(p->state & SSE_DRAFTING) && !begin_draft(p, position(p)))
			return fail(p, FRESHET_ENOMEM);
		freshet_sse_result result = read_draft(p, event, &ahead);
		if (result != FRESHET_SSE_MORE)
			return result;
	}
	return sse_want_more(p);
}

/* There may be no next byte, or it may not be the first of an event. */
static __attribute__((noinline)) freshet_sse_result next_in_state(struct sse_parser *p, freshet_event *event)
{
	if (settle(p) != FRESHET_SSE_MORE)
		return FRESHET_SSE_FAILED;
	if (p->at == p->end)
		return sse_want_more(p);
	if (p->state & SSE_DRAFTING)
		return sse_draft_next(p, event, (struct sse_ahead){p->end, true});
	return sse_whole_next[cpu_vector()](p, event);
}

freshet_sse_result sse_next(struct sse_parser *p, freshet_event *event)
{
	if (p->state != 0 || p->at == p->end)
		return next_in_state(p, event);
	return sse_whole_next[cpu_vector()](p, event);
}

freshet_err sse_error(const struct sse_parser *p, uint64_t *at)
{
	if (p->err != FRESHET_OK && at != NULL)
		*at = p->fed;
	return p->err;
}

freshet_str sse_last_id(const struct sse_parser *p)
{
	return text_str(&p->last_id);
}

freshet_err sse_set_last_id(struct sse_parser *p, freshet_str id)
{
	const uint8_t *bytes = (const uint8_t *)id.ptr;
	if (id.len > p->limits->max_id)
		return FRESHET_ESSE_ID;
	for (size_t i = 0; i < id.len; i++)
		if (bytes[i] == 0 || is_line_end(bytes[i]))
			return FRESHET_EINVAL;
	if (!utf8_valid(bytes, id.len))
		return FRESHET_EINVAL;
	return text_set(&p->last_id, bytes, id.len) ? FRESHET_OK : FRESHET_ENOMEM;
}

bool sse_retry_ms(const struct sse_parser *p, uint64_t *retry_ms)
{
	if (p->has_retry)
		*retry_ms = p->retry_ms;
	return p->has_retry;
}

size_t sse_unread(const struct sse_parser *p, const uint8_t **rest)
{
	*rest = p->at;
	return (size_t)(p->end - p->at);
}

size_t sse_take_rest(struct sse_parser *p, const uint8_t **rest)
{
	size_t len = sse_unread(p, rest);
	p->fed -= len;
	sse_want_more(p);
	return len;
}

size_t sse_unfinished(const struct sse_parser *p)
{
	return p->state & SSE_DRAFTING ? (size_t)(position(p) - p->draft->start) : 0;
}
