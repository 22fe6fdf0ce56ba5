/*
 * Requests from end to end: what is answered, what comes twice, in which order, what becomes of tickets.
 */
#include "webhook/post.h"

#include "support/failmem.h"

#include "webhook/receiver.h"

static bool answers(const freshet_webhook_answer *answer, int status, const char *body)
{
	return answer->status == status && freshet_str_is(answer->body, body);
}

/* ---- answers ---- */

static void what_is_answered(void **state)
{
	(void)state;
	freshet_webhook *w = post_sudoiq_receiver();
	freshet_webhook_answer answer;
	struct post p;
	post_sudoiq(&p, POST_STATUS(7, "running", 1), POST_ID);
	freshet_webhook_delivery d = post_receive(w, &p);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	assert_true(answers(&d.answer, 200, "{\"ok\":true}"));
	assert_true(d.verified);
	assert_true(freshet_str_is(d.delivery_id, POST_ID));
	assert_true(freshet_str_is(d.body, POST_STATUS(7, "running", 1)));
	assert_true(d.sudoiq->task_id == 7);
	assert_int_equal(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_IGNORED, &answer), FRESHET_OK);
	assert_true(answers(&answer, 200, "{\"ok\":true,\"status\":\"ignored\"}"));
	/* Nothing of it is remembered. */
	d = post_receive(w, &p);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	assert_int_equal(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_REJECTED, &answer), FRESHET_OK);
	assert_true(answers(&answer, 503, "{\"ok\":false,\"error\":\"not now\"}"));
	d = post_receive(w, &p);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	assert_int_equal(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_TAKEN, &answer), FRESHET_OK);
	assert_true(answers(&answer, 200, "{\"ok\":true}"));
	d = post_receive(w, &p);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_DUPLICATE);
	assert_true(answers(&d.answer, 200, "{\"ok\":true}"));
	freshet_webhook_free(w);
}

static void refusals_in_their_order(void **state)
{
	(void)state;
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.max_body = 200;
	freshet_webhook *w = post_receiver(&o);
	static const char *const methods[] = {"GET", "PUT", "post", "", "POSTS", "HEAD", "DELETE"};
	char large[300];
	struct post p;
	memset(large, ' ', sizeof large);
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		post_sudoiq(&p, POST_STATUS(7, "running", 1), NULL);
		p.q.method = freshet_str_of(methods[i]);
		freshet_webhook_delivery d = post_receive(w, &p);
		assert_int_equal(d.cause, FRESHET_WEBHOOK_CAUSE_METHOD);
		assert_true(answers(&d.answer, 405, "{\"ok\":false,\"error\":\"only POST is understood\"}"));
		assert_string_equal(d.answer.allow, "POST");
	}
	post_begin(&p, (freshet_str){large, 201});
	freshet_webhook_delivery d = post_receive(w, &p);
	assert_int_equal(d.answer.status, 413);
	assert_null(d.answer.allow);
	/* Who is not known learns nothing of types and bodies. */
	post_begin(&p, freshet_str_of("not JSON"));
	p.headers[0].value = freshet_str_of("text/plain");
	d = post_receive(w, &p);
	assert_int_equal(d.answer.status, 401);
	post_sudoiq(&p, "not JSON", NULL);
	p.headers[0].value = freshet_str_of("text/plain");
	d = post_receive(w, &p);
	assert_int_equal(d.answer.status, 415);
	post_sudoiq(&p, "not JSON", NULL);
	d = post_receive(w, &p);
	assert_true(
		answers(&d.answer, 400, "{\"ok\":false,\"error\":\"the body is not valid JSON within the limits\"}"));
	assert_true(d.verified);
	assert_int_equal(w->seen.count, 0);
	freshet_webhook_free(w);
}

/* ---- what comes twice ---- */

static void by_delivery_id(void **state)
{
	(void)state;
	freshet_webhook *w = post_sudoiq_receiver();
	assert_int_equal(post_take(w, "{\"task_id\":7,\"status\":\"running\"}", "d1"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, "{\"task_id\":7,\"status\":\"running\"}", "d1"), FRESHET_WEBHOOK_DUPLICATE);
	assert_int_equal(post_take(w, "{\"task_id\":7,\"status\":\"running\"}", "d2"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, "{\"task_id\":8,\"status\":\"running\"}", "d1"), FRESHET_WEBHOOK_DUPLICATE);
	freshet_webhook_free(w);
}

static void by_revision(void **state)
{
	(void)state;
	freshet_webhook *w = post_sudoiq_receiver();
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 2), NULL), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 2), NULL), FRESHET_WEBHOOK_DUPLICATE);
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 2), "d1"), FRESHET_WEBHOOK_DUPLICATE);
	assert_int_equal(post_take(w, POST_STATUS(8, "running", 2), NULL), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, "{\"agent_id\":\"b\",\"task_id\":7,\"status\":\"running\",\"revision\":2}", NULL),
		FRESHET_WEBHOOK_NEW);
	freshet_webhook_free(w);
}

#define CALLS(calls) "{\"agent_id\":\"a1\",\"task_id\":7,\"status\":\"awaiting_tool_calls\",\"tool_calls\":[" calls "]}"
#define CALL(id)     "{\"call_id\":\"" id "\",\"name\":\"n\"}"

static void by_content(void **state)
{
	(void)state;
	freshet_webhook *w = post_sudoiq_receiver();
	assert_int_equal(post_take(w, CALLS(CALL("c1")), NULL), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, CALLS(CALL("c1")), NULL), FRESHET_WEBHOOK_DUPLICATE);
	assert_int_equal(post_take(w, CALLS(CALL("c2")), NULL), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, CALLS(CALL("c1") "," CALL("c2")), NULL), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, CALLS(CALL("c1") "," CALL("c2")), NULL), FRESHET_WEBHOOK_DUPLICATE);
	/* The same calls in another text are not the same. */
	assert_int_equal(post_take(w, CALLS(CALL("c1") " ," CALL("c2")), NULL), FRESHET_WEBHOOK_NEW);
	freshet_webhook_free(w);
}

static void agentos_by_body(void **state)
{
	(void)state;
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_AGENTOS);
	freshet_webhook *w = post_receiver(&o);
	static const char *const bodies[] = {"{\"event\":\"a\"}", "{\"event\":\"b\"}", "{\"event\":\"a\"} "};
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < 3; i++) {
			struct post p;
			post_begin(&p, freshet_str_of(bodies[i]));
			post_sign_agentos(&p, POST_SECRET);
			/* AgentOS has none: it counts for nothing. */
			post_header(&p, "X-Sudoiq-Delivery", "same");
			freshet_webhook_delivery d = post_receive(w, &p);
			assert_int_equal(d.outcome, round == 0 ? FRESHET_WEBHOOK_NEW : FRESHET_WEBHOOK_DUPLICATE);
			assert_int_equal(d.delivery_id.len, 0);
			if (round == 0)
				assert_int_equal(
					freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
		}
	}
	freshet_webhook_free(w);
}

static void what_failed_is_not_seen(void **state)
{
	(void)state;
	static const freshet_webhook_verdict verdicts[] = {
		FRESHET_WEBHOOK_REJECTED, FRESHET_WEBHOOK_IGNORED, FRESHET_WEBHOOK_REPEATED};
	freshet_webhook *w = post_sudoiq_receiver();
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(post_to(w, POST_STATUS(7, "running", 5), "d1", verdicts[i]), FRESHET_WEBHOOK_NEW);
		assert_int_equal(post_to(w, POST_STATUS(7, "completed", 6), "d2", verdicts[i]), FRESHET_WEBHOOK_NEW);
		assert_int_equal(w->seen.count, 0);
		assert_int_equal(w->runs.count, 0);
	}
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 4), NULL), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 5), "d1"), FRESHET_WEBHOOK_NEW);
	freshet_webhook_free(w);
}

static void it_is_forgotten_in_time_and_by_number(void **state)
{
	(void)state;
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.max_seen = 2;
	o.max_runs = 2;
	o.max_age_s = UINT64_MAX;
	freshet_webhook *w = post_receiver(&o);
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 1), "d1"), FRESHET_WEBHOOK_NEW);
	post_now_ms += 24 * 3600 * 1000 - 1;
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 1), "d1"), FRESHET_WEBHOOK_DUPLICATE);
	post_now_ms += 1;
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 1), "d1"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, POST_STATUS(8, "running", 1), "d2"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, POST_STATUS(9, "running", 1), "d3"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(w->seen.count, 2);
	assert_int_equal(w->runs.count, 2);
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 1), "d1"), FRESHET_WEBHOOK_NEW);
	freshet_webhook_free(w);
}

static void it_is_remembered_as_long_as_is_asked_for(void **state)
{
	(void)state;
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.seen_ms = 5000;
	freshet_webhook *w = post_receiver(&o);
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 1), "d1"), FRESHET_WEBHOOK_NEW);
	post_now_ms += 4999;
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 1), "d1"), FRESHET_WEBHOOK_DUPLICATE);
	post_now_ms += 1;
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 1), "d1"), FRESHET_WEBHOOK_NEW);
	freshet_webhook_free(w);
}

/* ---- order ---- */

static void older_ones_are_dropped(void **state)
{
	(void)state;
	freshet_webhook *w = post_sudoiq_receiver();
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 3), "d1"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, POST_STATUS(7, "awaiting_tool_calls", 2), "d2"), FRESHET_WEBHOOK_OLD);
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 5), "d3"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 4), "d4"), FRESHET_WEBHOOK_OLD);
	assert_int_equal(post_take(w, POST_STATUS(7, "completed", 6), "d5"), FRESHET_WEBHOOK_NEW);
	/* The end stays, whatever comes. */
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 7), "d6"), FRESHET_WEBHOOK_OLD);
	assert_int_equal(post_take(w, POST_STATUS(7, "failed", 8), "d7"), FRESHET_WEBHOOK_OLD);
	assert_int_equal(
		post_take(w, "{\"agent_id\":\"a1\",\"task_id\":7,\"status\":\"running\"}", "d8"), FRESHET_WEBHOOK_OLD);
	assert_int_equal(post_take(w, POST_STATUS(7, "completed", 6), "d9"), FRESHET_WEBHOOK_DUPLICATE);
	assert_int_equal(post_take(w, POST_STATUS(8, "running", 1), "d10"), FRESHET_WEBHOOK_NEW);
	freshet_webhook_free(w);
}

static void without_revisions_only_the_end_counts(void **state)
{
	(void)state;
	freshet_webhook *w = post_sudoiq_receiver();
	assert_int_equal(post_take(w, "{\"task_id\":7,\"status\":\"running\"}", "d1"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, CALLS(CALL("c1")), "d2"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, "{\"task_id\":7,\"status\":\"queued\"}", "d3"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, "{\"task_id\":7,\"status\":\"Cancelled\"}", "d4"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, "{\"task_id\":7,\"status\":\"running\"}", "d5"), FRESHET_WEBHOOK_OLD);
	assert_int_equal(
		post_take(w, "{\"task_id\":7,\"status\":\"running\",\"revision\":99}", "d6"), FRESHET_WEBHOOK_OLD);
	freshet_webhook_free(w);
}

/* Every order in which five states of a run may come: what is taken only ever rises, and the end is the last. */
static void every_order(void **state)
{
	(void)state;
	static const char *const bodies[] = {POST_STATUS(7, "running", 1), POST_STATUS(7, "awaiting_tool_calls", 2),
		POST_STATUS(7, "running", 3), POST_STATUS(7, "running", 4), POST_STATUS(7, "completed", 5)};
	for (unsigned code = 0; code < 5 * 5 * 5 * 5 * 5; code++) {
		freshet_webhook *w = post_sudoiq_receiver();
		int64_t last = 0;
		unsigned rest = code;
		for (unsigned i = 0; i < 5; i++, rest /= 5) {
			struct post p;
			post_sudoiq(&p, bodies[rest % 5], NULL);
			freshet_webhook_delivery d = post_receive(w, &p);
			int64_t revision = (int64_t)(rest % 5) + 1;
			if (revision > last)
				assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
			else if (revision == last)
				assert_int_equal(d.outcome, FRESHET_WEBHOOK_DUPLICATE);
			else if (d.outcome != FRESHET_WEBHOOK_DUPLICATE)
				assert_int_equal(d.outcome, FRESHET_WEBHOOK_OLD);
			if (d.ticket == 0)
				continue;
			last = revision;
			assert_int_equal(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
		}
		freshet_webhook_free(w);
	}
}

/* ---- while one is being dealt with ---- */

static void the_same_while_it_is_open(void **state)
{
	(void)state;
	freshet_webhook *w = post_sudoiq_receiver();
	struct post three, same, newer, older, end;
	post_sudoiq(&three, POST_STATUS(7, "running", 3), "d3");
	post_sudoiq(&same, POST_STATUS(7, "running", 3), "d3-again");
	post_sudoiq(&newer, POST_STATUS(7, "running", 4), "d4");
	post_sudoiq(&older, POST_STATUS(7, "running", 2), "d2");
	post_sudoiq(&end, POST_STATUS(7, "completed", 5), "d5");
	freshet_webhook_delivery d = post_receive(w, &three);
	uint64_t first = d.ticket;
	d = post_receive(w, &three);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_BUSY);
	assert_int_equal(d.answer.status, 503);
	assert_int_equal(post_receive(w, &same).outcome, FRESHET_WEBHOOK_BUSY);
	assert_int_equal(post_receive(w, &older).outcome, FRESHET_WEBHOOK_OLD);
	uint64_t second = post_receive(w, &newer).ticket;
	uint64_t third = post_receive(w, &end).ticket;
	assert_true(first != 0 && second != 0 && third != 0);
	assert_int_equal(post_receive(w, &end).outcome, FRESHET_WEBHOOK_BUSY);
	/* The newest comes to nothing: it is told again when the others are through. */
	assert_int_equal(freshet_webhook_finish(w, third, FRESHET_WEBHOOK_REJECTED, NULL), FRESHET_OK);
	assert_int_equal(freshet_webhook_finish(w, second, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	assert_int_equal(freshet_webhook_finish(w, first, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	assert_int_equal(post_receive(w, &three).outcome, FRESHET_WEBHOOK_DUPLICATE);
	assert_int_equal(post_receive(w, &same).outcome, FRESHET_WEBHOOK_OLD);
	d = post_receive(w, &end);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	assert_int_equal(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	freshet_webhook_free(w);
}

/* Neither by what comes meanwhile nor by time. */
static void what_is_open_is_not_forgotten(void **state)
{
	(void)state;
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.max_seen = 2;
	o.max_runs = 2;
	o.max_age_s = UINT64_MAX;
	freshet_webhook *w = post_receiver(&o);
	struct post slow, same, other;
	post_sudoiq(&slow, POST_STATUS(7, "awaiting_tool_calls", 1), "d1");
	post_sudoiq(&same, POST_STATUS(7, "awaiting_tool_calls", 1), "d1-again");
	post_sudoiq(&other, POST_STATUS(11, "running", 1), "d5");
	uint64_t ticket = post_receive(w, &slow).ticket;
	assert_true(ticket != 0);
	assert_int_equal(post_take(w, POST_STATUS(8, "running", 1), "d2"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, POST_STATUS(9, "running", 1), "d3"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, POST_STATUS(10, "running", 1), "d4"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_receive(w, &slow).outcome, FRESHET_WEBHOOK_BUSY);
	assert_int_equal(post_receive(w, &same).outcome, FRESHET_WEBHOOK_BUSY);
	post_now_ms += 48 * 3600 * 1000;
	assert_int_equal(post_receive(w, &slow).outcome, FRESHET_WEBHOOK_BUSY);
	assert_int_equal(post_receive(w, &same).outcome, FRESHET_WEBHOOK_BUSY);
	/* Where all are open the next one has to come again. */
	uint64_t second = post_receive(w, &other).ticket;
	assert_true(second != 0);
	assert_int_equal(post_take(w, POST_STATUS(12, "running", 1), "d6"), FRESHET_WEBHOOK_FAILED);
	assert_int_equal(freshet_webhook_finish(w, second, FRESHET_WEBHOOK_REJECTED, NULL), FRESHET_OK);
	assert_int_equal(post_take(w, POST_STATUS(12, "running", 1), "d6"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(freshet_webhook_finish(w, ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	assert_int_equal(post_receive(w, &slow).outcome, FRESHET_WEBHOOK_DUPLICATE);
	assert_int_equal(post_receive(w, &same).outcome, FRESHET_WEBHOOK_DUPLICATE);
	freshet_webhook_free(w);
}

static void tickets_are_good_once(void **state)
{
	(void)state;
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.max_open = 3;
	freshet_webhook *w = post_receiver(&o);
	uint64_t tickets[3];
	char body[3][100];
	for (unsigned i = 0; i < 3; i++) {
		struct post p;
		snprintf(body[i], sizeof body[i], "{\"task_id\":%u,\"status\":\"running\"}", i);
		post_sudoiq(&p, body[i], NULL);
		tickets[i] = post_receive(w, &p).ticket;
		assert_true(tickets[i] != 0);
	}
	struct post more;
	post_sudoiq(&more, "{\"task_id\":9,\"status\":\"running\"}", NULL);
	freshet_webhook_delivery d = post_receive(w, &more);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_FAILED);
	assert_int_equal(d.err, FRESHET_ERATE_LIMIT);
	assert_int_equal(d.answer.status, 503);
	assert_int_equal(freshet_webhook_finish(w, tickets[1], FRESHET_WEBHOOK_LATER, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_webhook_finish(w, tickets[1], (freshet_webhook_verdict)77, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_webhook_finish(w, tickets[1], FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	assert_int_equal(freshet_webhook_finish(w, tickets[1], FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_ESTATE);
	d = post_receive(w, &more);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	/* The place is the same, the ticket is not. */
	assert_true(d.ticket != tickets[1]);
	assert_int_equal(freshet_webhook_finish(w, tickets[1], FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_ESTATE);
	assert_int_equal(freshet_webhook_finish(w, 0, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_ESTATE);
	assert_int_equal(freshet_webhook_finish(w, UINT64_MAX, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_ESTATE);
	/* What is open when the receiver goes is as if it had never come. */
	freshet_webhook_free(w);
}

/* ---- a store of the host's ---- */

struct shelf {
	freshet_webhook_key key;
	freshet_webhook_mark says;
	unsigned begins;
	unsigned ends;
	bool taken;
};

static freshet_webhook_mark shelf_begin(const freshet_webhook_key *key, void *user)
{
	struct shelf *shelf = user;
	shelf->key = *key;
	shelf->begins++;
	return shelf->says;
}

static void shelf_end(const freshet_webhook_key *key, bool taken, void *user)
{
	struct shelf *shelf = user;
	assert_memory_equal(key, &shelf->key, sizeof *key);
	shelf->ends++;
	shelf->taken = taken;
}

static void the_hosts_own_store(void **state)
{
	(void)state;
	struct shelf shelf = {.says = FRESHET_WEBHOOK_MARK_NEW};
	freshet_webhook_store store = {shelf_begin, shelf_end, &shelf};
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.store = &store;
	freshet_webhook *w = post_receiver(&o);
	memset(&store, 0xff, sizeof store);
	struct post p;
	post_sudoiq(&p, "{\"task_id\":7,\"status\":\"running\"}", "d1");
	freshet_webhook_delivery d = post_receive(w, &p);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	assert_memory_equal(&d.key, &shelf.key, sizeof d.key);
	assert_int_equal(shelf.ends, 0);
	assert_int_equal(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	assert_int_equal(shelf.ends, 1);
	assert_true(shelf.taken);
	/* The receiver keeps none itself. */
	d = post_receive(w, &p);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	assert_int_equal(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_REJECTED, NULL), FRESHET_OK);
	assert_false(shelf.taken);
	assert_int_equal(w->seen.count, 0);
	shelf.says = FRESHET_WEBHOOK_MARK_SEEN;
	assert_int_equal(post_receive(w, &p).outcome, FRESHET_WEBHOOK_DUPLICATE);
	shelf.says = FRESHET_WEBHOOK_MARK_OPEN;
	assert_int_equal(post_receive(w, &p).outcome, FRESHET_WEBHOOK_BUSY);
	shelf.says = FRESHET_WEBHOOK_MARK_FAILED;
	d = post_receive(w, &p);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_FAILED);
	assert_int_equal(d.answer.status, 503);
	assert_int_equal(shelf.begins, 5);
	assert_int_equal(shelf.ends, 2);
	/* One that the order drops is ended, too. */
	shelf.says = FRESHET_WEBHOOK_MARK_NEW;
	assert_int_equal(post_take(w, POST_STATUS(8, "completed", 5), "d2"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, POST_STATUS(8, "running", 4), "d3"), FRESHET_WEBHOOK_OLD);
	assert_int_equal(shelf.begins, shelf.ends + 3);
	assert_false(shelf.taken);
	/* So is one that is open when the receiver goes. */
	post_sudoiq(&p, POST_STATUS(9, "running", 1), "d4");
	assert_int_equal(post_receive(w, &p).outcome, FRESHET_WEBHOOK_NEW);
	shelf.taken = true;
	freshet_webhook_free(w);
	assert_int_equal(shelf.begins, shelf.ends + 3);
	assert_false(shelf.taken);
}

/* ---- a body rewritten ---- */

static freshet_err rewritten(const freshet_webhook_request *q, freshet_str *body, void *user)
{
	const char *to = *(const char *const *)user;
	assert_ptr_equal(body->ptr, q->body.ptr);
	if (to == NULL)
		return FRESHET_EINVAL;
	if (to[0] == '\0')
		return FRESHET_ENOMEM;
	*body = freshet_str_of(to);
	return FRESHET_OK;
}

static void a_body_is_rewritten_before_it_is_parsed(void **state)
{
	(void)state;
	const char *to = POST_STATUS(7, "completed", 2);
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.rewrite = rewritten;
	o.user = &to;
	freshet_webhook *w = post_receiver(&o);
	struct post p;
	/* What arrives is signed as it is, and is not even JSON. */
	post_sudoiq(&p, "run 7 is over", "d1");
	freshet_webhook_delivery d = post_receive(w, &p);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	assert_true(d.sudoiq->task_id == 7);
	assert_true(freshet_str_is(d.body, to));
	to = NULL;
	post_sudoiq(&p, "run 7 is over", "d2");
	d = post_receive(w, &p);
	assert_int_equal(d.cause, FRESHET_WEBHOOK_CAUSE_REWRITE);
	assert_int_equal(d.answer.status, 400);
	to = "";
	d = post_receive(w, &p);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_FAILED);
	assert_int_equal(d.answer.status, 503);
	freshet_webhook_free(w);
}

/* ---- nothing is believed ---- */

static freshet_webhook *doubter(void)
{
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.secret_count = 0;
	o.confirm_with_status = true;
	return post_receiver(&o);
}

static uint64_t claim(freshet_webhook *w, const char *body, const char *id)
{
	struct post p;
	post_begin(&p, freshet_str_of(body));
	post_header(&p, "X-Sudoiq-Delivery", id);
	freshet_webhook_delivery d = post_receive(w, &p);
	assert_int_equal(d.outcome, d.ticket != 0 ? FRESHET_WEBHOOK_UNCONFIRMED : FRESHET_WEBHOOK_DUPLICATE);
	assert_int_equal(d.answer.status, 200);
	return d.ticket;
}

static freshet_webhook_outcome confirm(freshet_webhook *w, uint64_t ticket, const char *body, freshet_err expected)
{
	freshet_webhook_delivery d = {.outcome = FRESHET_WEBHOOK_FAILED};
	freshet_sudoiq_status *status;
	assert_int_equal(freshet_sudoiq_status_new(freshet_str_of(body), NULL, &status, NULL), FRESHET_OK);
	assert_int_equal(freshet_webhook_confirm(w, ticket, status, &d), expected);
	freshet_sudoiq_status_free(status);
	if (expected == FRESHET_OK && d.outcome == FRESHET_WEBHOOK_NEW) {
		assert_true(d.ticket == ticket);
		assert_true(freshet_str_is(d.sudoiq->raw, body));
		assert_int_equal(freshet_webhook_finish(w, ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	}
	return d.outcome;
}

static void what_is_not_confirmed_changes_nothing(void **state)
{
	(void)state;
	freshet_webhook *w = doubter();
	/* A lie about the end of a run: the read says that it goes on. */
	uint64_t lie = claim(w, POST_STATUS(7, "completed", 1000), "lie");
	assert_int_equal(w->runs.count, 0);
	assert_int_equal(confirm(w, lie, POST_STATUS(7, "running", 3), FRESHET_OK), FRESHET_WEBHOOK_NEW);
	/* The truth comes, whatever the lie said, and under the same id, too. */
	uint64_t truth = claim(w, POST_STATUS(7, "running", 4), "lie");
	assert_int_equal(confirm(w, truth, POST_STATUS(7, "running", 4), FRESHET_OK), FRESHET_WEBHOOK_NEW);
	assert_true(claim(w, POST_STATUS(7, "running", 4), "lie") == 0);
	uint64_t late = claim(w, POST_STATUS(7, "running", 2), "late");
	assert_int_equal(confirm(w, late, POST_STATUS(7, "running", 4), FRESHET_OK), FRESHET_WEBHOOK_DUPLICATE);
	assert_int_equal(freshet_webhook_finish(w, late, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_ESTATE);
	late = claim(w, POST_STATUS(7, "completed", 2), "later");
	assert_int_equal(confirm(w, late, POST_STATUS(7, "running", 3), FRESHET_OK), FRESHET_WEBHOOK_OLD);
	/* A read that fails leaves nothing. */
	uint64_t failed = claim(w, POST_STATUS(7, "completed", 9), "failed");
	assert_int_equal(freshet_webhook_finish(w, failed, FRESHET_WEBHOOK_REJECTED, NULL), FRESHET_OK);
	/* Nor does a host that takes what was never confirmed. */
	uint64_t blind = claim(w, POST_STATUS(7, "completed", 9), "failed");
	assert_int_equal(freshet_webhook_finish(w, blind, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	uint64_t end = claim(w, POST_STATUS(7, "completed", 9), "failed");
	assert_int_equal(confirm(w, end, POST_STATUS(7, "completed", 9), FRESHET_OK), FRESHET_WEBHOOK_NEW);
	freshet_webhook_free(w);
}

static void only_the_run_itself_confirms(void **state)
{
	(void)state;
	freshet_webhook *w = doubter();
	uint64_t ticket = claim(w, "{\"agent_id\":\"a1\",\"task_id\":7,\"status\":\"completed\"}", "d1");
	confirm(w, ticket, POST_STATUS(8, "completed", 9), FRESHET_EINVAL);
	confirm(w, ticket, "{\"agent_id\":\"a2\",\"task_id\":7,\"status\":\"completed\"}", FRESHET_EINVAL);
	assert_int_equal(confirm(w, ticket, "{\"agent_id\":\"a1\",\"task_id\":7,\"status\":\"completed\"}", FRESHET_OK),
		FRESHET_WEBHOOK_NEW);
	confirm(w, ticket, POST_STATUS(7, "completed", 9), FRESHET_ESTATE);
	/* Without revisions the same status is the same state. */
	assert_true(claim(w, "{\"agent_id\":\"a1\",\"task_id\":7,\"status\":\"completed\"}", "d1") == 0);
	/* One that was signed needs no confirmation. */
	freshet_webhook *signed_one = post_sudoiq_receiver();
	struct post p;
	post_sudoiq(&p, POST_STATUS(7, "running", 1), NULL);
	freshet_webhook_delivery d = post_receive(signed_one, &p);
	confirm(signed_one, d.ticket, POST_STATUS(7, "running", 1), FRESHET_ESTATE);
	freshet_webhook_free(signed_one);
	freshet_webhook_free(w);
}

/* ---- memory ---- */

static void every_allocation_fails(void **state)
{
	(void)state;
	failmem_arm(0);
	freshet_webhook *w = post_sudoiq_receiver();
	size_t failures = 0;
	char bodies[200][220];
	for (unsigned i = 0; i < 200; i++) {
		struct post p;
		snprintf(bodies[i], sizeof bodies[i],
			"{\"agent_id\":\"a1\",\"task_id\":%u,\"status\":\"awaiting_tool_calls\",\"tool_calls\":[" CALL(
				"c2") "," CALL("c1") "]}",
			i);
		post_sudoiq(&p, bodies[i], NULL);
		uint32_t seen = w->seen.count, runs = w->runs.count;
		freshet_webhook_delivery d;
		for (size_t n = 1; failmem_arm_one(n), d = post_receive(w, &p), failmem_fired(); n++) {
			assert_int_equal(d.outcome, FRESHET_WEBHOOK_FAILED);
			assert_int_equal(d.err, FRESHET_ENOMEM);
			assert_int_equal(d.answer.status, 503);
			assert_true(d.ticket == 0);
			/* At most a key that nobody has: nothing that would refuse the next try. */
			assert_true(w->seen.count <= seen && w->runs.count <= runs);
			failures++;
		}
		failmem_arm(0);
		assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
		assert_int_equal(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
		assert_int_equal(post_receive(w, &p).outcome, FRESHET_WEBHOOK_DUPLICATE);
	}
	assert_true(failures > 400);
	freshet_webhook_free(w);
	failmem_off();
}

static void every_allocation_of_a_confirmation_fails(void **state)
{
	(void)state;
	freshet_webhook_delivery d;
	freshet_sudoiq_status *status;
	failmem_arm(0);
	freshet_webhook *w = doubter();
	uint64_t ticket = claim(w, POST_STATUS(7, "running", 3), "d1");
	assert_int_equal(freshet_sudoiq_status_new(freshet_str_of(POST_STATUS(7, "running", 3)), NULL, &status, NULL),
		FRESHET_OK);
	/* The copy of the status, and the table of runs. */
	size_t failures = 0;
	freshet_err err;
	for (size_t n = 1; failmem_arm_one(n), err = freshet_webhook_confirm(w, ticket, status, &d), failmem_fired();
		n++) {
		assert_int_equal(err, FRESHET_ENOMEM);
		failures++;
	}
	failmem_arm(0);
	assert_int_equal(failures, 3);
	assert_int_equal(err, FRESHET_OK);
	assert_int_equal(d.outcome, FRESHET_WEBHOOK_NEW);
	assert_int_equal(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	freshet_sudoiq_status_free(status);
	freshet_webhook_free(w);
	failmem_off();
}

static void texts_for_numbers_that_are_none(void **state)
{
	(void)state;
	assert_string_equal(freshet_webhook_cause_text((freshet_webhook_cause)-1), "unknown cause");
	assert_string_equal(freshet_webhook_cause_text((freshet_webhook_cause)999), "unknown cause");
	assert_string_equal(freshet_webhook_outcome_name((freshet_webhook_outcome)999), "unknown");
	assert_string_equal(freshet_webhook_outcome_name(FRESHET_WEBHOOK_UNCONFIRMED), "unconfirmed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_answered),
		cmocka_unit_test(refusals_in_their_order),
		cmocka_unit_test(by_delivery_id),
		cmocka_unit_test(by_revision),
		cmocka_unit_test(by_content),
		cmocka_unit_test(agentos_by_body),
		cmocka_unit_test(what_failed_is_not_seen),
		cmocka_unit_test(it_is_forgotten_in_time_and_by_number),
		cmocka_unit_test(it_is_remembered_as_long_as_is_asked_for),
		cmocka_unit_test(older_ones_are_dropped),
		cmocka_unit_test(without_revisions_only_the_end_counts),
		cmocka_unit_test(every_order),
		cmocka_unit_test(the_same_while_it_is_open),
		cmocka_unit_test(what_is_open_is_not_forgotten),
		cmocka_unit_test(tickets_are_good_once),
		cmocka_unit_test(the_hosts_own_store),
		cmocka_unit_test(a_body_is_rewritten_before_it_is_parsed),
		cmocka_unit_test(what_is_not_confirmed_changes_nothing),
		cmocka_unit_test(only_the_run_itself_confirms),
		cmocka_unit_test(every_allocation_fails),
		cmocka_unit_test(every_allocation_of_a_confirmation_fails),
		cmocka_unit_test(texts_for_numbers_that_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
