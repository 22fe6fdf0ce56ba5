/*
 * A request from end to end, for any HTTP server.
 *
 * Happy path: freshet_webhook_receive checks who sends before it looks at what is sent, reads the body, asks whether it was
 * seen and whether something newer was, and gives a ticket; freshet_webhook_finish makes it seen.
 *
 * Failures: until the ticket there is nothing to undo. A delivery whose ticket ends in any other way than TAKEN is as if it
 * had never come, so that the sender's next try finds the door open.
 *
 * Not confirmed: what such a delivery tells changes nothing; the status that the host reads is judged in its place.
 */
#include "order.h"
#include "receiver.h"

#include <stdio.h>

enum {
	NOTE_TAKEN = 1, /* of a key: the delivery was taken */
};

/* ---- what a delivery is called ---- */

struct number {
	char digits[24];
};

static freshet_str decimal(struct number *to, int64_t number)
{
	int len = snprintf(to->digits, sizeof to->digits, "%lld", (long long)number);
	return (freshet_str){to->digits, (size_t)len};
}

/* The state of a run that a status tells. */
static freshet_err name_state(const freshet_sudoiq_status *s, freshet_webhook_key *key)
{
	struct number task, revision;
	const freshet_str parts[] = {freshet_str_of(s->has_revision ? "revision" : "status"), s->agent_id,
		decimal(&task, s->task_id), s->has_revision ? decimal(&revision, s->revision) : s->status};
	return mac_digest(parts, sizeof parts / sizeof parts[0], key->bytes);
}

static freshet_err name_run(const freshet_sudoiq_status *s, freshet_webhook_key *key)
{
	struct number task;
	const freshet_str parts[] = {freshet_str_of("run"), s->agent_id, decimal(&task, s->task_id)};
	return mac_digest(parts, sizeof parts / sizeof parts[0], key->bytes);
}

/*
 * By its id; else by the state that it tells; else by the body, in which everything is that could tell it from another one:
 * agent, task, status and the ids of calls.
 */
static freshet_err name_delivery(freshet_webhook_delivery *d, freshet_str raw)
{
	bool has_id = d->delivery_id.len > 0;
	if (!has_id && d->sudoiq != NULL && d->sudoiq->has_revision)
		return name_state(d->sudoiq, &d->key);
	const freshet_str parts[] = {freshet_str_of(has_id ? "delivery" : "body"), has_id ? d->delivery_id : raw};
	return mac_digest(parts, sizeof parts / sizeof parts[0], d->key.bytes);
}

/* ---- whether it was seen ---- */

static freshet_webhook_mark begin_key(freshet_webhook *w, const freshet_webhook_key *key)
{
	if (w->store.begin != NULL)
		return w->store.begin(key, w->store.user);
	struct table_note *note = table_enter(&w->seen, key, receiver_now_ms(w));
	if (note == NULL)
		return FRESHET_WEBHOOK_MARK_FAILED;
	if ((note->flags & NOTE_TAKEN) != 0)
		return FRESHET_WEBHOOK_MARK_SEEN;
	if (note->open > 0)
		return FRESHET_WEBHOOK_MARK_OPEN;
	note->open = 1;
	return FRESHET_WEBHOOK_MARK_NEW;
}

static void end_key(freshet_webhook *w, const freshet_webhook_key *key, bool taken)
{
	if (w->store.begin != NULL) {
		w->store.end(key, taken, w->store.user);
		return;
	}
	if (!taken) {
		table_remove(&w->seen, key);
		return;
	}
	/* What is open is there. */
	struct table_note *note = table_find(&w->seen, key, receiver_now_ms(w));
	note->open = 0;
	note->flags |= NOTE_TAKEN;
	table_touch(note, receiver_now_ms(w));
}

static struct order_state state_of(const struct open_delivery *o)
{
	return (struct order_state){.has_revision = o->has_revision, .terminal = o->terminal, .revision = o->revision};
}

static void take_state(struct open_delivery *o, const freshet_sudoiq_status *s)
{
	o->has_revision = s->has_revision;
	o->revision = s->revision;
	o->terminal = freshet_sudoiq_phase_is_terminal(s->phase);
}

/* The order of the run decides. True when the delivery is in order. */
static bool begin_order(freshet_webhook *w, struct open_delivery *o, freshet_webhook_delivery *d)
{
	struct order_state state = state_of(o);
	switch (order_begin(&w->runs, &o->run, &state, receiver_now_ms(w))) {
	case ORDER_NEW: o->judged = true; return true;
	case ORDER_SAME: d->outcome = FRESHET_WEBHOOK_DUPLICATE; break;
	case ORDER_OLD: d->outcome = FRESHET_WEBHOOK_OLD; break;
	case ORDER_BUSY: d->outcome = FRESHET_WEBHOOK_BUSY; break;
	case ORDER_NO_MEMORY: receiver_fail(d, FRESHET_ENOMEM); break;
	}
	return false;
}

/* Fills in what is to be known of the delivery when it ends. */
static freshet_err describe(freshet_webhook *w, struct open_delivery *o, const freshet_webhook_delivery *d)
{
	o->key = d->key;
	o->unconfirmed = w->o.confirm_with_status;
	if (d->sudoiq == NULL)
		return FRESHET_OK;
	take_state(o, d->sudoiq);
	freshet_err err = name_run(d->sudoiq, &o->run);
	return err == FRESHET_OK && o->unconfirmed ? name_state(d->sudoiq, &o->claim) : err;
}

/* Asks the store, then the order. True when there is a ticket to be given. */
static bool begin_place(freshet_webhook *w, struct open_delivery *o, freshet_webhook_delivery *d)
{
	switch (begin_key(w, &o->key)) {
	case FRESHET_WEBHOOK_MARK_NEW: break;
	case FRESHET_WEBHOOK_MARK_SEEN: d->outcome = FRESHET_WEBHOOK_DUPLICATE; return false;
	case FRESHET_WEBHOOK_MARK_OPEN: d->outcome = FRESHET_WEBHOOK_BUSY; return false;
	default: receiver_fail(d, w->store.begin != NULL ? FRESHET_ESYSTEM : FRESHET_ENOMEM); return false;
	}
	if (d->sudoiq == NULL || o->unconfirmed || begin_order(w, o, d))
		return true;
	end_key(w, &o->key, false);
	return false;
}

static void admit(freshet_webhook *w, freshet_webhook_delivery *d)
{
	freshet_err err;
	struct open_delivery *o = open_take(w, &err);
	if (o == NULL) {
		receiver_fail(d, err);
		return;
	}
	err = describe(w, o, d);
	if (err != FRESHET_OK)
		receiver_fail(d, err);
	if (err != FRESHET_OK || !begin_place(w, o, d)) {
		open_give_back(w, o);
		return;
	}
	d->outcome = o->unconfirmed ? FRESHET_WEBHOOK_UNCONFIRMED : FRESHET_WEBHOOK_NEW;
	d->ticket = open_ticket(w, o);
}

/* ---- who sends ---- */

static freshet_err check_sender(freshet_webhook *w, const freshet_webhook_request *q, freshet_webhook_cause *cause)
{
	bool right;
	*cause = FRESHET_WEBHOOK_CAUSE_NONE;
	if (!freshet_str_is(q->method, "POST")) {
		*cause = FRESHET_WEBHOOK_CAUSE_METHOD;
		return FRESHET_OK;
	}
	if (q->body.len > w->o.max_body) {
		*cause = FRESHET_WEBHOOK_CAUSE_SIZE;
		return FRESHET_OK;
	}
	freshet_err err = receiver_token(w, q->target, &right);
	if (err != FRESHET_OK)
		return err;
	if (!right) {
		*cause = FRESHET_WEBHOOK_CAUSE_TOKEN;
		return FRESHET_OK;
	}
	err = freshet_webhook_verify(w, q, cause);
	if (err == FRESHET_OK && *cause == FRESHET_WEBHOOK_CAUSE_NONE && !receiver_is_json(w, q))
		*cause = FRESHET_WEBHOOK_CAUSE_CONTENT_TYPE;
	return err;
}

/* The body as it is to be parsed. False when it is not. */
static bool rewrite(freshet_webhook *w, const freshet_webhook_request *q, freshet_webhook_delivery *d)
{
	d->body = q->body;
	freshet_err err = w->o.rewrite != NULL ? w->o.rewrite(q, &d->body, w->o.user) : FRESHET_OK;
	if (err == FRESHET_ENOMEM)
		receiver_fail(d, err);
	else if (err != FRESHET_OK)
		receiver_refuse(d, FRESHET_WEBHOOK_CAUSE_REWRITE);
	d->err = err;
	return err == FRESHET_OK;
}

static void deal_with(freshet_webhook *w, const freshet_webhook_request *q, freshet_webhook_delivery *d)
{
	freshet_err err = check_sender(w, q, &d->cause);
	if (err != FRESHET_OK) {
		receiver_fail(d, err);
		return;
	}
	if (d->cause != FRESHET_WEBHOOK_CAUSE_NONE) {
		receiver_refuse(d, d->cause);
		return;
	}
	d->verified = w->key_count > 0;
	receiver_header(q, w->delivery_header, &d->delivery_id);
	if (!rewrite(w, q, d))
		return;
	receiver_read(w, d);
	if (d->outcome != FRESHET_WEBHOOK_NEW)
		return;
	err = name_delivery(d, q->body);
	if (err != FRESHET_OK)
		receiver_fail(d, err);
	else
		admit(w, d);
}

static void log_delivery(const freshet_webhook_delivery *d)
{
	bool wrong = d->outcome == FRESHET_WEBHOOK_REFUSED || d->outcome == FRESHET_WEBHOOK_FAILED;
	freshet_log_level level = wrong ? FRESHET_LOG_INFO : FRESHET_LOG_DEBUG;
	char line[160];
	if (!freshet_log_wanted(level))
		return;
	const char *why =
		d->outcome == FRESHET_WEBHOOK_FAILED ? freshet_err_text(d->err) : freshet_webhook_cause_text(d->cause);
	snprintf(line, sizeof line, "webhook: %s, %d: %s", freshet_webhook_outcome_name(d->outcome), d->answer.status,
		why);
	freshet_log(level, line);
}

void freshet_webhook_receive(freshet_webhook *w, const freshet_webhook_request *q, freshet_webhook_delivery *d)
{
	receiver_begin(w, d);
	deal_with(w, q, d);
	d->answer = receiver_answer(d);
	w->stats.received++;
	w->stats.outcomes[d->outcome]++;
	if (d->outcome == FRESHET_WEBHOOK_REFUSED)
		w->stats.refused_by[d->cause]++;
	log_delivery(d);
}

/* ---- what becomes of it ---- */

/* The ticket ends, and who waits for an answer gets it. */
static void end_place(freshet_webhook *w, struct open_delivery *o, bool taken, const freshet_webhook_answer *answer)
{
	struct order_state state = state_of(o);
	struct evhttp_request *request = o->request;
	end_key(w, &o->key, taken && !o->mistaken);
	if (o->judged)
		order_end(&w->runs, &o->run, &state, taken, receiver_now_ms(w));
	open_give_back(w, o);
	if (request != NULL)
		receiver_reply(request, answer);
}

freshet_err freshet_webhook_finish(
	freshet_webhook *w, uint64_t ticket, freshet_webhook_verdict verdict, freshet_webhook_answer *answer)
{
	struct open_delivery *o = open_find(w, ticket);
	if (verdict > FRESHET_WEBHOOK_REJECTED)
		return FRESHET_EINVAL;
	if (o == NULL)
		return FRESHET_ESTATE;
	freshet_webhook_answer told = receiver_answer_verdict(verdict);
	w->stats.finished[verdict]++;
	end_place(w, o, verdict == FRESHET_WEBHOOK_TAKEN && !o->unconfirmed, &told);
	if (answer != NULL)
		*answer = told;
	return FRESHET_OK;
}

/* True when the status is of the run that the delivery was about; *claim is the state that it tells. */
static freshet_err compare_run(
	const struct open_delivery *o, const freshet_sudoiq_status *status, freshet_webhook_key *claim)
{
	freshet_webhook_key run;
	freshet_err err = name_run(status, &run);
	if (err == FRESHET_OK)
		err = name_state(status, claim);
	if (err == FRESHET_OK && memcmp(&run, &o->run, sizeof run) != 0)
		err = FRESHET_EINVAL;
	return err;
}

freshet_err freshet_webhook_confirm(
	freshet_webhook *w, uint64_t ticket, const freshet_sudoiq_status *status, freshet_webhook_delivery *d)
{
	freshet_sudoiq_status *copy;
	freshet_webhook_key claim;
	struct open_delivery *o = open_find(w, ticket);
	if (o == NULL || !o->unconfirmed)
		return FRESHET_ESTATE;
	freshet_err err = compare_run(o, status, &claim);
	if (err == FRESHET_OK)
		err = freshet_sudoiq_status_copy(status, &copy);
	if (err != FRESHET_OK)
		return err;
	receiver_begin(w, d);
	w->status = copy;
	d->sudoiq = copy;
	d->body = copy->raw;
	d->key = o->key;
	o->mistaken = memcmp(&claim, &o->claim, sizeof claim) != 0;
	take_state(o, copy);
	bool in_order = begin_order(w, o, d);
	if (d->outcome == FRESHET_WEBHOOK_FAILED)
		return d->err;
	o->unconfirmed = false;
	w->stats.confirmed[d->outcome]++;
	d->ticket = in_order ? ticket : 0;
	d->answer = receiver_answer(d);
	if (!in_order)
		end_place(w, o, false, &d->answer);
	return FRESHET_OK;
}
