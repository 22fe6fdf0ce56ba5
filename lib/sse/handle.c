/*
 * The exported parser: the internal one with limits of its own. Each call checks its arguments and is one call down.
 */
#include "base/mem.h"
#include "base/options.h"
#include "sse/parser.h"

#define DEFAULT_MAX_LINE  ((size_t)8 << 20)
#define DEFAULT_MAX_EVENT ((size_t)8 << 20)
#define DEFAULT_MAX_ID    ((size_t)1 << 10)

struct freshet_sse_parser {
	struct sse_limits limits;
	struct sse_parser core;
};

static size_t or_default(size_t value, size_t standard)
{
	return value != 0 ? value : standard;
}

freshet_err sse_limits_init(struct sse_limits *limits, const freshet_sse_options *options)
{
	freshet_sse_options o;
	if (!OPTIONS_TAKE(&o, options))
		return FRESHET_EINVAL;
	limits->max_line = or_default(o.max_line, DEFAULT_MAX_LINE);
	limits->max_event = or_default(o.max_event, DEFAULT_MAX_EVENT);
	limits->max_id = or_default(o.max_id, DEFAULT_MAX_ID);
	limits->parts = o.parts;
	limits->max_whole = limits->max_line < limits->max_event ? limits->max_line : limits->max_event;
	return FRESHET_OK;
}

freshet_err freshet_sse_parser_new(const freshet_sse_options *options, freshet_sse_parser **out)
{
	struct sse_limits limits;
	*out = NULL;
	freshet_err err = sse_limits_init(&limits, options);
	if (err != FRESHET_OK)
		return err;
	freshet_sse_parser *parser = mem_alloc(sizeof *parser);
	if (parser == NULL)
		return FRESHET_ENOMEM;
	parser->limits = limits;
	sse_init(&parser->core, &parser->limits);
	*out = parser;
	return FRESHET_OK;
}

void freshet_sse_parser_free(freshet_sse_parser *parser)
{
	if (parser == NULL)
		return;
	sse_clear(&parser->core);
	mem_free(parser);
}

void freshet_sse_parser_reset(freshet_sse_parser *parser)
{
	sse_reset(&parser->core);
}

freshet_err freshet_sse_feed(freshet_sse_parser *parser, const uint8_t *bytes, size_t len)
{
	return sse_feed(&parser->core, bytes, len);
}

freshet_sse_result freshet_sse_next(freshet_sse_parser *parser, freshet_event *event)
{
	return sse_next(&parser->core, event);
}

freshet_err freshet_sse_error(const freshet_sse_parser *parser, uint64_t *position)
{
	return sse_error(&parser->core, position);
}

freshet_str freshet_sse_last_id(const freshet_sse_parser *parser)
{
	return sse_last_id(&parser->core);
}

freshet_err freshet_sse_set_last_id(freshet_sse_parser *parser, freshet_str id)
{
	return sse_set_last_id(&parser->core, id);
}

bool freshet_sse_retry_ms(const freshet_sse_parser *parser, uint64_t *retry_ms)
{
	return sse_retry_ms(&parser->core, retry_ms);
}
