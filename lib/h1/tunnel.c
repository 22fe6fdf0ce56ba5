#include "h1/tunnel.h"

#include "base/mem.h"

#include <llhttp.h>

/* A proxy's answer to CONNECT is a status line and some headers. */
#define ANSWER_MAX ((size_t)16 * 1024)

struct tunnel {
	llhttp_t parser;
	size_t read;
	int status;
	bool complete;
};

/* 2 tells llhttp that another protocol follows: it stops behind the headers. */
static int on_headers_complete(llhttp_t *parser)
{
	struct tunnel *t = parser->data;
	/* 1xx may come before (RFC 9110, section 15.2). */
	if (parser->status_code < 200)
		return 0;
	t->status = parser->status_code;
	t->complete = true;
	return 2;
}

static const llhttp_settings_t settings = {.on_headers_complete = on_headers_complete};

freshet_err tunnel_new(struct tunnel **out)
{
	struct tunnel *t = mem_zalloc(sizeof *t);
	*out = t;
	if (t == NULL)
		return FRESHET_ENOMEM;
	llhttp_init(&t->parser, HTTP_RESPONSE, &settings);
	t->parser.data = t;
	return FRESHET_OK;
}

void tunnel_free(struct tunnel *t)
{
	mem_free(t);
}

static bool append_text(struct bytes *out, const char *text)
{
	return bytes_append_str(out, freshet_str_of(text));
}

bool tunnel_ask(freshet_str target, freshet_str user_agent, const char *authorization, struct bytes *out)
{
	bool ok = append_text(out, "CONNECT ") && bytes_append_str(out, target) &&
		  append_text(out, " HTTP/1.1\r\nHost: ") && bytes_append_str(out, target) && append_text(out, "\r\n");
	if (ok && user_agent.len > 0)
		ok = append_text(out, "User-Agent: ") && bytes_append_str(out, user_agent) && append_text(out, "\r\n");
	if (ok && authorization != NULL)
		ok = append_text(out, "Proxy-Authorization: ") && append_text(out, authorization) &&
		     append_text(out, "\r\n");
	return ok && append_text(out, "\r\n");
}

enum tunnel_result tunnel_feed(struct tunnel *t, const uint8_t *bytes, size_t len, size_t *used)
{
	llhttp_errno_t result = llhttp_execute(&t->parser, (const char *)bytes, len);
	*used = len;
	if (t->complete && (result == HPE_PAUSED_UPGRADE || result == HPE_OK)) {
		if (result == HPE_PAUSED_UPGRADE)
			*used = (size_t)(llhttp_get_error_pos(&t->parser) - (const char *)bytes);
		return t->status < 300 ? TUNNEL_OPEN : TUNNEL_REFUSED;
	}
	t->read += len;
	if (result != HPE_OK || t->read > ANSWER_MAX)
		return TUNNEL_BROKEN;
	return TUNNEL_MORE;
}

int tunnel_status(const struct tunnel *t)
{
	return t->status;
}
