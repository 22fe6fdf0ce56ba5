#include "reactor/policy.h"

#include "base/mem.h"

static uint64_t or_default(uint64_t value, uint64_t otherwise)
{
	return value != 0 ? value : otherwise;
}

uint32_t redirects_allowed(bool follow, uint32_t most)
{
	if (!follow)
		return 0;
	return most != 0 ? most : 10;
}

freshet_err policy_init(struct stream_policy *p, const freshet_stream_policy *o)
{
	*p = (struct stream_policy){
		.cursor_place = o->cursor_place != 0 ? o->cursor_place : FRESHET_CURSOR_HEADER,
		.duplicates = o->duplicates,
		.end_is_final = o->end_is_final,
		.max_redirects = redirects_allowed(o->follow_redirects, o->max_redirects),
		.retry = {.min_ms = or_default(o->backoff_min_ms, 1000),
			.max_ms = or_default(o->backoff_max_ms, 30000),
			.max_attempts = o->max_attempts != 0 ? o->max_attempts : 10},
		.headers_timeout_ms = or_default(o->headers_timeout_ms, 30000),
		.idle_timeout_ms = or_default(o->idle_timeout_ms, 300000),
	};
	freshet_sse_options sse;
	freshet_sse_options_init(&sse);
	sse.max_line = o->max_line;
	sse.max_event = o->max_event;
	sse.max_id = o->max_id;
	sse.parts = o->parts;
	freshet_err err = sse_limits_init(&p->sse, &sse);
	if (err != FRESHET_OK)
		return err;
	if ((p->cursor_place & FRESHET_CURSOR_QUERY) == 0)
		return FRESHET_OK;
	if (o->cursor_query == NULL || o->cursor_query[0] == '\0')
		return FRESHET_EINVAL;
	p->cursor_query = mem_copy(o->cursor_query, strlen(o->cursor_query));
	return p->cursor_query != NULL ? FRESHET_OK : FRESHET_ENOMEM;
}

void policy_clear(struct stream_policy *p)
{
	mem_free(p->cursor_query);
	p->cursor_query = NULL;
}
