/*
 * Requests as the platforms send them, signed by OpenSSL's one-call HMAC, on a clock that stands still.
 */
#ifndef WEBHOOK_POST_H
#define WEBHOOK_POST_H

#include "support/test.h"

#include <freshet/freshet.h>
#include <freshet/webhook.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define POST_SECRET "whsec_5f0c2a9e"
#define POST_OTHER  "whsec_71d3b846"
#define POST_NOW_S  1795334400
#define POST_ID     "0d8f1c52-6a3b-4e0f-9a57-3c1f2b7d9e44"

#define POST_STATUS(task, status, revision)                                                                            \
	"{\"agent_id\":\"a1\",\"task_id\":" #task ",\"status\":\"" status "\",\"revision\":" #revision "}"

struct post {
	freshet_webhook_request q;
	freshet_header headers[8];
	char signature[128];
	char timestamp[32];
};

/* What `now` of the options answers. */
static int64_t post_now_ms;

static inline int64_t post_clock(void *user)
{
	(void)user;
	return post_now_ms;
}

static inline void post_hmac(const char *secret, const void *text, size_t len, unsigned char out[32])
{
	unsigned size = 0;
	assert_non_null(HMAC(EVP_sha256(), secret, (int)strlen(secret), text, len, out, &size));
	assert_int_equal(size, 32);
}

static inline void post_hex(const unsigned char *bytes, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
}

static inline void post_header(struct post *p, const char *name, const char *value)
{
	freshet_header *h = &p->headers[p->q.header_count++];
	h->name = freshet_str_of(name);
	h->value = freshet_str_of(value);
	p->q.headers = p->headers;
}

static inline void post_begin(struct post *p, freshet_str body)
{
	memset(p, 0, sizeof *p);
	p->q.method = freshet_str_of("POST");
	p->q.target = freshet_str_of("/hooks");
	p->q.body = body;
	post_header(p, "Content-Type", "application/json");
}

/* As Sudoiq signs: the timestamp, a full stop, the body. */
static inline void post_sign_sudoiq(struct post *p, const char *secret, int64_t seconds)
{
	unsigned char mac[32];
	size_t head = (size_t)snprintf(p->timestamp, sizeof p->timestamp, "%lld", (long long)seconds);
	char *text = malloc(head + 1 + p->q.body.len);
	memcpy(text, p->timestamp, head);
	text[head] = '.';
	if (p->q.body.len > 0)
		memcpy(text + head + 1, p->q.body.ptr, p->q.body.len);
	post_hmac(secret, text, head + 1 + p->q.body.len, mac);
	free(text);
	strcpy(p->signature, "sha256=");
	post_hex(mac, 32, p->signature + 7);
	post_header(p, "X-Sudoiq-Timestamp", p->timestamp);
	post_header(p, "X-Sudoiq-Signature", p->signature);
}

/* As AgentOS signs: the body. */
static inline void post_sign_agentos(struct post *p, const char *secret)
{
	unsigned char mac[32];
	post_hmac(secret, p->q.body.ptr, p->q.body.len, mac);
	post_hex(mac, 32, p->signature);
	post_header(p, "X-AgentOS-Signature", p->signature);
}

/* A signed delivery of Sudoiq, by its id when there is one. */
static inline void post_sudoiq(struct post *p, const char *body, const char *id)
{
	post_begin(p, freshet_str_of(body));
	post_sign_sudoiq(p, POST_SECRET, POST_NOW_S);
	if (id != NULL)
		post_header(p, "X-Sudoiq-Delivery", id);
}

/* Options with one secret, on the test's clock. */
static inline void post_options(freshet_webhook_options *o, freshet_webhook_platform platform)
{
	static const freshet_str secret = {POST_SECRET, sizeof POST_SECRET - 1};
	post_now_ms = (int64_t)POST_NOW_S * 1000;
	freshet_webhook_options_init(o);
	o->platform = platform;
	o->secrets = &secret;
	o->secret_count = 1;
	o->now = post_clock;
}

static inline freshet_webhook *post_receiver(const freshet_webhook_options *o)
{
	freshet_webhook *w = NULL;
	assert_int_equal(freshet_webhook_new(o, &w), FRESHET_OK);
	assert_non_null(w);
	return w;
}

static inline freshet_webhook_delivery post_receive(freshet_webhook *w, const struct post *p)
{
	freshet_webhook_delivery d;
	freshet_webhook_receive(w, &p->q, &d);
	return d;
}

/* A delivery of Sudoiq that is dealt with at once, should it be new. */
static inline freshet_webhook_outcome post_to(
	freshet_webhook *w, const char *body, const char *id, freshet_webhook_verdict verdict)
{
	struct post p;
	post_sudoiq(&p, body, id);
	freshet_webhook_delivery d = post_receive(w, &p);
	assert_int_equal(d.ticket != 0, d.outcome == FRESHET_WEBHOOK_NEW);
	if (d.ticket != 0)
		assert_int_equal(freshet_webhook_finish(w, d.ticket, verdict, NULL), FRESHET_OK);
	return d.outcome;
}

static inline freshet_webhook_outcome post_take(freshet_webhook *w, const char *body, const char *id)
{
	return post_to(w, body, id, FRESHET_WEBHOOK_TAKEN);
}

/* One of Sudoiq's, with the options of above. */
static inline freshet_webhook *post_sudoiq_receiver(void)
{
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	return post_receiver(&o);
}

#endif
