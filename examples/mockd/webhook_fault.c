/*
 * Faults of webhooks. They are looked at in the order in which they were added; each that fits counts, and several may
 * strike the same delivery.
 */
#include "mockd/alloc.h"
#include "mockd/script.h"
#include "mockd/server.h"
#include "mockd/webhook.h"

#include <errno.h>

#define SWAP_MS 1000u
#define OLD_MS  3600000u

static const char *const actions[] = {
	[MOCKD_WEBHOOK_LOSE] = "lose",
	[MOCKD_WEBHOOK_DELAY] = "delay",
	[MOCKD_WEBHOOK_SWAP] = "swap",
	[MOCKD_WEBHOOK_DUPLICATE] = "duplicate",
	[MOCKD_WEBHOOK_UNSIGNED] = "unsigned",
	[MOCKD_WEBHOOK_FORGE] = "forge",
	[MOCKD_WEBHOOK_TRUNCATE] = "truncate",
	[MOCKD_WEBHOOK_ENCODE] = "encode",
	[MOCKD_WEBHOOK_OLD] = "old",
	[MOCKD_WEBHOOK_BODY] = "body",
};

#define ACTION_COUNT (sizeof actions / sizeof actions[0])

struct webhook_fault {
	struct list node;                /* in the emulator's */
	struct mockd_webhook_fault spec; /* its strings are the fault's own */
	uint64_t number;
	uint64_t seen; /* that fit */
	uint64_t struck;
};

void mockd_webhook_fault_init(struct mockd_webhook_fault *fault, enum mockd_webhook_action action)
{
	*fault = (struct mockd_webhook_fault){.action = action, .every = 1, .times = 1, .count = 1};
	if (action == MOCKD_WEBHOOK_SWAP)
		fault->ms = SWAP_MS;
	if (action == MOCKD_WEBHOOK_OLD)
		fault->ms = OLD_MS;
}

uint64_t mockd_webhook_fault_add(struct mockd *m, const struct mockd_webhook_fault *fault)
{
	if ((size_t)fault->action >= ACTION_COUNT || fault->every == 0)
		return 0;
	struct webhook_fault *f = must_alloc(sizeof *f);
	*f = (struct webhook_fault){.spec = *fault, .number = ++m->last_webhook_fault};
	f->spec.platform = must_copy(fault->platform);
	f->spec.event = must_copy(fault->event);
	f->spec.body = must_copy_span((freshet_str){fault->body, fault->body != NULL ? fault->body_len : 0});
	list_push_back(&m->webhook_faults, &f->node);
	return f->number;
}

void mockd_webhook_fault_clear(struct mockd *m)
{
	struct list *node;
	while ((node = list_pop_front(&m->webhook_faults)) != NULL) {
		struct webhook_fault *f = container_of(node, struct webhook_fault, node);
		free_const(f->spec.platform);
		free_const(f->spec.event);
		free_const(f->spec.body);
		free(f);
	}
}

uint64_t mockd_webhook_fault_struck(const struct mockd *m, uint64_t number)
{
	list_each (node, &m->webhook_faults) {
		const struct webhook_fault *f = container_of(node, struct webhook_fault, node);
		if (f->number == number)
			return f->struck;
	}
	return 0;
}

static bool fits(const struct webhook_fault *f, const char *platform, const char *event)
{
	return (f->spec.platform == NULL || strcmp(f->spec.platform, platform) == 0) &&
	       (f->spec.event == NULL || strcmp(f->spec.event, event) == 0) &&
	       (f->spec.times == 0 || f->struck < f->spec.times);
}

/* True when it strikes. */
static bool strike(struct webhook_fault *f, const char *platform, const char *event)
{
	if (!fits(f, platform, event) || ++f->seen <= f->spec.skip || (f->seen - f->spec.skip - 1) % f->spec.every != 0)
		return false;
	f->struck++;
	return true;
}

static bool is_of_try(const struct webhook_fault *f)
{
	return f->spec.action >= MOCKD_WEBHOOK_UNSIGNED;
}

struct webhook_order webhook_faults_order(struct mockd *m, const char *platform, const char *event)
{
	struct webhook_order order = {.lose = false};
	list_each (node, &m->webhook_faults) {
		struct webhook_fault *f = container_of(node, struct webhook_fault, node);
		if (is_of_try(f) || !strike(f, platform, event))
			continue;
		order.lose |= f->spec.action == MOCKD_WEBHOOK_LOSE;
		order.swap |= f->spec.action == MOCKD_WEBHOOK_SWAP;
		if (f->spec.action == MOCKD_WEBHOOK_DUPLICATE) {
			order.copies = f->spec.count;
			order.apart_ms = f->spec.ms;
		} else {
			order.wait_ms = f->spec.ms;
		}
	}
	return order;
}

struct webhook_manner webhook_faults_manner(struct mockd *m, const char *platform, const char *event)
{
	static const enum webhook_signing signings[ACTION_COUNT] = {[MOCKD_WEBHOOK_UNSIGNED] = SIGNING_NONE,
		[MOCKD_WEBHOOK_FORGE] = SIGNING_FORGED,
		[MOCKD_WEBHOOK_TRUNCATE] = SIGNING_CUT,
		[MOCKD_WEBHOOK_ENCODE] = SIGNING_ENCODED};
	struct webhook_manner manner = {.signing = SIGNING_RIGHT};
	list_each (node, &m->webhook_faults) {
		struct webhook_fault *f = container_of(node, struct webhook_fault, node);
		if (!is_of_try(f) || !strike(f, platform, event))
			continue;
		if (f->spec.action == MOCKD_WEBHOOK_OLD)
			manner.age_ms = f->spec.ms;
		else if (f->spec.action == MOCKD_WEBHOOK_BODY)
			manner.body = (freshet_str){f->spec.body, f->spec.body_len};
		else
			manner.signing = signings[f->spec.action];
	}
	return manner;
}

/* ---- faults by the names of their parts ---- */

/* Reads digits, where there are some; `fallback` where the part was not said. False when it is no number. */
static bool take_number(fault_get_fn *get, const void *source, const char *name, uint64_t most, uint64_t *number)
{
	char *text = get(source, name);
	if (text == NULL)
		return true;
	char *end;
	errno = 0;
	*number = strtoull(text, &end, 10);
	bool good = errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && *number <= most;
	free(text);
	return good;
}

static bool take_u32(fault_get_fn *get, const void *source, const char *name, uint32_t *value)
{
	uint64_t number = *value;
	bool good = take_number(get, source, name, UINT32_MAX, &number);
	*value = (uint32_t)number;
	return good;
}

static bool take_action(fault_get_fn *get, const void *source, enum mockd_webhook_action *action)
{
	char *text = get(source, "action");
	size_t i = 0;
	while (text != NULL && i < ACTION_COUNT && strcmp(text, actions[i]) != 0)
		i++;
	free(text);
	*action = (enum mockd_webhook_action)i;
	return text != NULL && i < ACTION_COUNT;
}

uint64_t webhook_fault_add_named(struct mockd *m, fault_get_fn *get, const void *source, freshet_str body)
{
	struct mockd_webhook_fault fault;
	enum mockd_webhook_action action;
	if (!take_action(get, source, &action))
		return 0;
	mockd_webhook_fault_init(&fault, action);
	char *platform = get(source, "platform");
	char *event = get(source, "event");
	fault.platform = platform;
	fault.event = event;
	fault.body = body.ptr;
	fault.body_len = body.len;
	bool good = take_u32(get, source, "skip", &fault.skip) && take_u32(get, source, "every", &fault.every) &&
		    take_u32(get, source, "times", &fault.times) && take_u32(get, source, "count", &fault.count) &&
		    take_number(get, source, "ms", UINT64_MAX, &fault.ms);
	uint64_t number = good ? mockd_webhook_fault_add(m, &fault) : 0;
	free(platform);
	free(event);
	return number;
}

static char *word_of_text(const void *source, const char *name)
{
	freshet_str value;
	return script_word(source, name, &value) ? must_copy_span(value) : NULL;
}

uint64_t mockd_webhook_fault_add_text(struct mockd *m, const char *text, const char *body, size_t body_len)
{
	const struct script words = {.arguments = freshet_str_of(text)};
	return webhook_fault_add_named(m, word_of_text, &words, (freshet_str){body, body_len});
}
