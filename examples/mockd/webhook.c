/*
 * Deliveries of webhooks. Happy path: a delivery arises, its line's turn comes, there is a connection free, it is signed
 * and posted, the receiver answers 2xx. Failures: any other answer, none in time, no connection; it is tried again by
 * the platform's schedule and then given up. Those that are over are remembered up to a bound; past it the oldest of them go
 * and are only counted.
 */
#include "mockd/webhook.h"

#include "mockd/alloc.h"
#include "mockd/server.h"
#include "mockd/uuid.h"
#include "mockd/webhook_post.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <time.h>

/* Connections of one sender at a time. */
#define POSTS_MAX 64u

enum delivery_state {
	DELIVERY_HELD,    /* its line's turn has not come, or a fault holds it, or the next try is to come */
	DELIVERY_READY,   /* until a connection is free */
	DELIVERY_POSTING, /* a try is on its way */
	DELIVERY_DONE,
	DELIVERY_GIVEN_UP,
	DELIVERY_LOST,
};

struct webhook_delivery {
	struct list node;    /* in the sender's deliveries */
	struct list waiting; /* in a line, in the sender's ready ones, or in those that are over */
	struct webhook *webhook;
	struct webhook_line *line; /* until its first try is over; NULL: none */
	struct alarm alarm;        /* what holds it is over, or its try took too long */
	struct post *post;         /* NULL: no try is on its way */
	uint64_t number;
	char *key;
	char *event;
	char *body;
	size_t body_len;
	char id[UUID_TEXT + 1];
	struct webhook_order order;
	int *answers;
	size_t answer_count, answer_capacity;
	uint8_t state; /* enum delivery_state */
	bool copy;
};

struct webhook {
	struct list node; /* in the emulator's */
	struct mockd *mockd;
	const struct webhook_style *style;
	struct post_target target;
	char *secret; /* NULL: nothing is signed */
	bool on;
	struct list deliveries;
	uint64_t last; /* number */
	struct list ready;
	struct list over; /* in the order in which they ended */
	size_t over_count;
	struct mockd_webhook_stats past; /* of those that were forgotten */
	size_t posting;
	uint64_t swapped;
};

static void begin(struct webhook_delivery *d);
static void delivery_free(struct webhook_delivery *d);

/* ---- those that are over ---- */

static void count(struct mockd_webhook_stats *stats, const struct webhook_delivery *d)
{
	stats->deliveries += !d->copy;
	stats->copies += d->copy;
	stats->tries += d->answer_count;
	stats->delivered += d->state == DELIVERY_DONE;
	stats->given_up += d->state == DELIVERY_GIVEN_UP;
	stats->lost += d->state == DELIVERY_LOST;
	stats->waiting += d->state < DELIVERY_DONE;
	stats->posting += d->state == DELIVERY_POSTING;
}

/* Nobody knows it any more but its sender, which may forget it here. */
static void end(struct webhook_delivery *d)
{
	struct webhook *w = d->webhook;
	list_push_back(&w->over, &d->waiting);
	w->over_count++;
	while (w->over_count > w->mockd->options.webhook_records) {
		struct webhook_delivery *oldest =
			container_of(list_pop_front(&w->over), struct webhook_delivery, waiting);
		count(&w->past, oldest);
		w->over_count--;
		list_remove(&oldest->node);
		delivery_free(oldest);
	}
}

/* ---- what a try looks like ---- */

static void put_signature(struct buffer *fields, const struct webhook *w, const struct webhook_manner *manner,
	const char *stamp, freshet_str body)
{
	const char *key = manner->signing == SIGNING_FORGED ? "another secret" : w->secret;
	struct buffer text = {.bytes = NULL};
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (w->style->signs_timestamp)
		buffer_format(&text, "%s.", stamp);
	buffer_append(&text, body.ptr, body.len);
	HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)text.bytes, text.len, mac, &len);
	text.len = 0;
	if (w->style->base64 != (manner->signing == SIGNING_ENCODED)) {
		unsigned char digits[EVP_MAX_MD_SIZE * 2];
		buffer_append(&text, digits, (size_t)EVP_EncodeBlock(digits, mac, (int)len));
	} else {
		for (unsigned i = 0; i < len; i++)
			buffer_format(&text, "%02x", mac[i]);
	}
	if (manner->signing == SIGNING_CUT)
		text.len /= 2;
	buffer_format(fields, "%s: %s%.*s\r\n", w->style->signature_header, w->style->signature_prefix, (int)text.len,
		text.bytes);
	buffer_clear(&text);
}

static void put_fields(
	struct buffer *fields, const struct webhook_delivery *d, const struct webhook_manner *manner, freshet_str body)
{
	const struct webhook *w = d->webhook;
	char stamp[24];
	snprintf(stamp, sizeof stamp, "%" PRIu64, (uint64_t)time(NULL) - manner->age_ms / 1000);
	buffer_text(fields, "Content-Type: application/json\r\nUser-Agent: mockd\r\n");
	if (w->style->delivery_header != NULL)
		buffer_format(fields, "%s: %s\r\n", w->style->delivery_header, d->id);
	if (w->secret == NULL)
		return;
	if (w->style->timestamp_header != NULL)
		buffer_format(fields, "%s: %s\r\n", w->style->timestamp_header, stamp);
	if (manner->signing != SIGNING_NONE)
		put_signature(fields, w, manner, stamp, body);
}

/* ---- the way of a delivery ---- */

static void hold(struct webhook_delivery *d, uint64_t ms)
{
	struct clock *c = &d->webhook->mockd->clock;
	d->state = DELIVERY_HELD;
	clock_set(c, &d->alarm, clock_now_us(c) + ms * US_PER_MS);
}

static struct webhook_delivery *delivery_new(struct webhook *w, const char *key, const char *event, freshet_str body);

static void begin_copies(const struct webhook_delivery *d)
{
	for (uint32_t i = 1; i <= d->order.copies; i++) {
		struct webhook_delivery *copy =
			delivery_new(d->webhook, d->key, d->event, (freshet_str){d->body, d->body_len});
		memcpy(copy->id, d->id, sizeof copy->id);
		copy->copy = true;
		if (d->order.apart_ms > 0)
			hold(copy, i * d->order.apart_ms);
		else
			begin(copy);
	}
}

/* The next one of the line, when `done` is out: first the one that was swapped with it. */
static void move_on(struct webhook_line *line, const struct webhook_delivery *done)
{
	struct webhook_delivery *next = NULL;
	if (line->swapped != NULL && line->swapped->number < done->number) {
		next = line->swapped;
		line->swapped = NULL;
		clock_unset(&next->webhook->mockd->clock, &next->alarm);
		next->webhook->swapped++;
	} else if (!list_empty(&line->waiting)) {
		next = container_of(list_pop_front(&line->waiting), struct webhook_delivery, waiting);
	}
	line->current = next;
	if (next != NULL)
		begin(next);
}

static void fill_connections(struct webhook *w)
{
	while (w->posting < POSTS_MAX && !list_empty(&w->ready))
		begin(container_of(list_pop_front(&w->ready), struct webhook_delivery, waiting));
}

static void end_try(struct webhook_delivery *d, int status)
{
	struct webhook *w = d->webhook;
	struct webhook_line *line = d->line;
	bool first = d->answer_count == 0;
	size_t retries = d->copy ? 0 : w->style->retry_count;
	d->post = NULL;
	w->posting--;
	clock_unset(&w->mockd->clock, &d->alarm);
	d->answers = must_grow(d->answers, &d->answer_capacity, d->answer_count + 1, sizeof *d->answers);
	d->answers[d->answer_count++] = status;
	if (status >= 200 && status <= 299)
		d->state = DELIVERY_DONE;
	else if (d->answer_count > retries)
		d->state = DELIVERY_GIVEN_UP;
	else
		hold(d, w->style->retry_ms[d->answer_count - 1]);
	d->line = NULL;
	if (first)
		begin_copies(d);
	if (line != NULL)
		move_on(line, d);
	if (d->state > DELIVERY_POSTING)
		end(d);
	fill_connections(w);
}

static void on_posted(int status, void *user)
{
	end_try(user, status);
}

static void post(struct webhook_delivery *d)
{
	struct webhook *w = d->webhook;
	const struct webhook_manner manner = webhook_faults_manner(w->mockd, w->style->platform, d->event);
	freshet_str body = manner.body.ptr != NULL ? manner.body : (freshet_str){d->body, d->body_len};
	struct buffer fields = {.bytes = NULL};
	put_fields(&fields, d, &manner, body);
	d->post = post_start(w->mockd->base, &w->target, buffer_span(&fields), body, on_posted, d);
	buffer_clear(&fields);
	hold(d, w->style->timeout_ms);
	d->state = DELIVERY_POSTING;
	w->posting++;
	if (d->post == NULL)
		end_try(d, 0);
}

/* It may go out now, as far as order is concerned. */
static void begin(struct webhook_delivery *d)
{
	struct webhook *w = d->webhook;
	if (!w->on) {
		d->state = DELIVERY_GIVEN_UP;
		if (d->line != NULL)
			move_on(d->line, d);
		d->line = NULL;
		end(d);
	} else if (w->posting < POSTS_MAX) {
		post(d);
	} else {
		d->state = DELIVERY_READY;
		list_push_back(&w->ready, &d->waiting);
	}
}

/* No other delivery came that could pass by: its turn comes as if nothing had been. */
static void give_up_swap(struct webhook_delivery *d)
{
	struct webhook_line *line = d->line;
	line->swapped = NULL;
	if (line->current != NULL) {
		list_push_front(&line->waiting, &d->waiting);
		return;
	}
	line->current = d;
	begin(d);
}

static void on_alarm(struct alarm *alarm)
{
	struct webhook_delivery *d = container_of(alarm, struct webhook_delivery, alarm);
	if (d->state == DELIVERY_POSTING) {
		post_cancel(d->post);
		end_try(d, 0);
	} else if (d->line != NULL && d->line->swapped == d) {
		give_up_swap(d);
	} else {
		begin(d);
	}
}

static struct webhook_delivery *delivery_new(struct webhook *w, const char *key, const char *event, freshet_str body)
{
	struct webhook_delivery *d = must_zalloc(sizeof *d);
	d->alarm.fire = on_alarm;
	d->webhook = w;
	d->number = ++w->last;
	d->key = must_copy(key);
	d->event = must_copy(event);
	d->body = must_copy_span(body);
	d->body_len = body.len;
	list_init(&d->waiting);
	list_push_back(&w->deliveries, &d->node);
	return d;
}

static void delivery_free(struct webhook_delivery *d)
{
	clock_unset(&d->webhook->mockd->clock, &d->alarm);
	if (d->post != NULL)
		post_cancel(d->post);
	free(d->key);
	free(d->event);
	free(d->body);
	free(d->answers);
	free(d);
}

void webhook_send(struct webhook *w, struct webhook_line *line, const char *key, const char *event, freshet_str body)
{
	if (!w->on)
		return;
	struct webhook_delivery *d = delivery_new(w, key, event, body);
	uuid_write(uuid_new(&w->mockd->random), d->id);
	d->order = webhook_faults_order(w->mockd, w->style->platform, event);
	if (d->order.lose) {
		d->state = DELIVERY_LOST;
		end(d);
	} else if (d->order.swap && line != NULL && line->swapped == NULL) {
		line->swapped = d;
		d->line = line;
		hold(d, d->order.wait_ms);
	} else if (d->order.wait_ms > 0) {
		hold(d, d->order.wait_ms);
	} else if (line == NULL) {
		begin(d);
	} else {
		d->line = line;
		list_push_back(&line->waiting, &d->waiting);
		if (line->current == NULL) {
			list_remove(&d->waiting);
			line->current = d;
			begin(d);
		}
	}
}

void webhook_line_init(struct webhook_line *line)
{
	*line = (struct webhook_line){.current = NULL};
	list_init(&line->waiting);
}

static void lose(struct webhook_delivery *d)
{
	clock_unset(&d->webhook->mockd->clock, &d->alarm);
	d->state = DELIVERY_LOST;
	d->line = NULL;
	end(d);
}

void webhook_line_clear(struct webhook_line *line)
{
	struct list *node;
	while ((node = list_pop_front(&line->waiting)) != NULL)
		lose(container_of(node, struct webhook_delivery, waiting));
	if (line->swapped != NULL)
		lose(line->swapped);
	if (line->current != NULL)
		line->current->line = NULL;
}

/* ---- the sender ---- */

struct webhook *webhook_new(struct mockd *m, const struct webhook_style *style)
{
	struct webhook *w = must_zalloc(sizeof *w);
	w->mockd = m;
	w->style = style;
	list_init(&w->deliveries);
	list_init(&w->ready);
	list_init(&w->over);
	list_push_back(&m->webhooks, &w->node);
	return w;
}

void webhook_free(struct webhook *w)
{
	struct list *node;
	while ((node = list_pop_front(&w->deliveries)) != NULL)
		delivery_free(container_of(node, struct webhook_delivery, node));
	list_remove(&w->node);
	post_target_clear(&w->target);
	free(w->secret);
	free(w);
}

bool webhook_is_on(const struct webhook *w)
{
	return w->on;
}

static bool is_of(const struct webhook *w, const char *platform)
{
	return platform == NULL || strcmp(w->style->platform, platform) == 0;
}

bool mockd_webhook_to(struct mockd *m, const char *platform, const char *url, const char *secret)
{
	list_each (node, &m->webhooks) {
		struct webhook *w = container_of(node, struct webhook, node);
		if (strcmp(w->style->platform, platform) != 0)
			continue;
		w->on = url != NULL && post_target_read(&w->target, url);
		free(w->secret);
		w->secret = must_copy(secret);
		return w->on || url == NULL;
	}
	return false;
}

static const char *state_name(const struct webhook_delivery *d)
{
	switch ((enum delivery_state)d->state) {
	case DELIVERY_HELD:
	case DELIVERY_READY:
	case DELIVERY_POSTING: return "waiting";
	case DELIVERY_DONE: return "delivered";
	case DELIVERY_GIVEN_UP: return "given_up";
	case DELIVERY_LOST: break;
	}
	return "lost";
}

void mockd_webhook_each(struct mockd *m, const char *platform, mockd_webhook_fn *fn, void *user)
{
	list_each (sender, &m->webhooks) {
		const struct webhook *w = container_of(sender, struct webhook, node);
		if (!is_of(w, platform))
			continue;
		list_each (node, &w->deliveries) {
			const struct webhook_delivery *d = container_of(node, struct webhook_delivery, node);
			const struct mockd_webhook_record record = {.platform = w->style->platform,
				.number = d->number,
				.key = d->key,
				.event = d->event,
				.id = d->id,
				.copy = d->copy,
				.state = state_name(d),
				.body = {d->body, d->body_len},
				.answers = d->answers,
				.answer_count = d->answer_count};
			fn(&record, user);
		}
	}
}

void mockd_webhook_get_stats(const struct mockd *m, const char *platform, struct mockd_webhook_stats *stats)
{
	*stats = (struct mockd_webhook_stats){.deliveries = 0};
	list_each (sender, &m->webhooks) {
		const struct webhook *w = container_of(sender, struct webhook, node);
		if (!is_of(w, platform))
			continue;
		stats->swapped += w->swapped;
		stats->deliveries += w->past.deliveries;
		stats->copies += w->past.copies;
		stats->tries += w->past.tries;
		stats->delivered += w->past.delivered;
		stats->given_up += w->past.given_up;
		stats->lost += w->past.lost;
		list_each (node, &w->deliveries)
			count(stats, container_of(node, struct webhook_delivery, node));
	}
}
