/*
 * Idempotency keys (contract 13.4, 15.6). A request with a key that was seen before is one request with the first: it is
 * answered as that was, for a day. Only what was answered with 2xx is remembered, so what failed can be tried again. The
 * same key on another request is a conflict.
 */
#include "mockd/agentos/agentos.h"

#include "mockd/server.h"

#define DAY_US    (24 * 3600 * (uint64_t)US_PER_S)
#define FNV_PRIME UINT64_C(1099511628211)

static uint64_t fnv(uint64_t hash, freshet_str text)
{
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.ptr[i]) * FNV_PRIME;
	return (hash ^ '\n') * FNV_PRIME;
}

/* The caller's key and the request's, as one value. */
static struct uuid hash_keys(const struct aos_call *call, freshet_str key)
{
	freshet_str own = freshet_str_of(call->key->text);
	return (struct uuid){fnv(fnv(MOCKD_HASH_START, own), key), fnv(fnv(FNV_PRIME, key), own)};
}

static void forget(struct aos *a, struct aos_repeat *r)
{
	uuid_table_remove(&a->repeats_by_key, r->key);
	list_remove(&r->node);
	free(r->answer);
	free(r);
}

static void forget_old(struct aos *a)
{
	uint64_t now = clock_now_us(&a->mockd->clock);
	while (!list_empty(&a->repeats)) {
		struct aos_repeat *oldest = container_of(a->repeats.next, struct aos_repeat, node);
		if (now - oldest->at_us < DAY_US)
			return;
		forget(a, oldest);
	}
}

void aos_repeats_clear(struct aos *a)
{
	while (!list_empty(&a->repeats))
		forget(a, container_of(a->repeats.next, struct aos_repeat, node));
	uuid_table_clear(&a->repeats_by_key);
}

/* Reads the key. False when there is none, or when keys mean nothing. */
static bool read_key(struct aos_call *call)
{
	const struct request *r = call->request;
	const freshet_str *key = request_field(r, aos_name(call->aos, AOS_HEADER_IDEMPOTENCY_KEY));
	if (key == NULL || key->len == 0 || call->aos->mockd->options.agentos_ignore_keys ||
		!freshet_str_is(r->method, "POST"))
		return false;
	call->repeat = hash_keys(call, *key);
	call->fingerprint = fnv(fnv(MOCKD_HASH_START, r->path), r->body);
	return true;
}

bool aos_repeat_answer(struct aos_call *call)
{
	struct aos *a = call->aos;
	if (!read_key(call))
		return false;
	forget_old(a);
	struct aos_repeat *r = uuid_table_get(&a->repeats_by_key, call->repeat);
	if (r == NULL)
		return false;
	if (r->fingerprint != call->fingerprint) {
		a->totals.conflicts++;
		aos_refuse(call, 409, "idempotency_conflict", "The idempotency key was that of another request");
		return true;
	}
	if (aos_is_zero(r->run)) {
		a->totals.repeats++;
		aos_answer_text(call->exchange, r->status, r->answer);
		return true;
	}
	struct aos_run *run = uuid_table_get(&a->runs_by_id, r->run);
	if (run->deleted)
		return false;
	a->totals.repeats++;
	run->work->invocations++;
	aos_answer_leg(call, run, r->leg, r->streamed);
	return true;
}

/* A record for the request; NULL when it has no key. */
static struct aos_repeat *keep(struct aos_call *call)
{
	struct aos *a = call->aos;
	if (aos_is_zero(call->repeat))
		return NULL;
	struct aos_repeat *r = uuid_table_get(&a->repeats_by_key, call->repeat);
	if (r != NULL)
		forget(a, r);
	r = must_alloc(sizeof *r);
	*r = (struct aos_repeat){
		.key = call->repeat, .fingerprint = call->fingerprint, .at_us = clock_now_us(&a->mockd->clock)};
	list_push_back(&a->repeats, &r->node);
	uuid_table_put(&a->repeats_by_key, r->key, r);
	return r;
}

void aos_repeat_keep(struct aos_call *call, int status, const char *answer)
{
	struct aos_repeat *r = keep(call);
	if (r == NULL)
		return;
	r->status = status;
	r->answer = must_copy(answer);
}

void aos_repeat_keep_run(struct aos_call *call, const struct aos_run *run, bool streamed)
{
	struct aos_repeat *r = keep(call);
	if (r == NULL)
		return;
	r->run = run->id;
	r->leg = run->work->leg_count - 1;
	r->streamed = streamed;
}
