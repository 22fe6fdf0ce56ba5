/*
 * Calls against a scripted server on a clock that stands: what is sent each time, how long the pauses are, what the end is.
 */
#include "call_world.h"

/* ---- what is sent ---- */

static void a_call_is_sent_as_it_is_told(void **state)
{
	(void)state;
	static const struct step steps[] = {{201, NULL, "fine", false}};
	const freshet_header extra = {freshet_str_of("x-extra"), freshet_str_of("more"), false};
	struct probe probe = {0};
	struct guest_text path = {0};
	BEGIN(steps);
	t.guest.authorize = authorize;
	t.auth = GUEST_AUTH_READY;
	struct guest_call_options o = options_of(ROUTE_start, &path);
	o.headers = &extra;
	o.header_count = 1;
	send_with(&probe, &o);
	finish(&probe);
	assert_int_equal(probe.err, FRESHET_OK);
	assert_int_equal(probe.status, 201);
	assert_int_equal(probe.attempts, 1);
	assert_string_equal(probe.body, "fine");
	assert_string_equal(t.arrived[0].line, "POST /start/a%2F1");
	assert_string_equal(t.arrived[0].body, "{\"a\":1}");
	assert_string_equal(t.arrived[0].authorization, "Bearer token-0");
	assert_string_equal(t.arrived[0].extra, "more");
	assert_true(guest_uuid_read(freshet_str_of(t.arrived[0].key), NULL));
	end();
}

static void the_key_may_be_given_or_switched_off(void **state)
{
	(void)state;
	static const struct step steps[] = {{200, NULL, "", false}};
	struct probe given = {0}, off = {0}, unkeyed = {0}, none = {0};
	struct guest_text path = {0};
	BEGIN(steps);
	struct guest_call_options o = options_of(ROUTE_start, &path);
	o.key = "kept-from-before";
	send_with(&given, &o);
	finish(&given);
	o = options_of(ROUTE_start, &path);
	o.keyed = false;
	send_with(&unkeyed, &o);
	finish(&unkeyed);
	o = options_of(ROUTE_start, &path);
	o.key = "a key that is longer than any UUID would be";
	assert_int_equal(try_send(&none, &o), FRESHET_EINVAL);
	t.guest.idempotency_header[0] = '\0';
	send_start(&off);
	finish(&off);
	assert_string_equal(t.arrived[0].key, "kept-from-before");
	assert_string_equal(t.arrived[1].key, "");
	assert_string_equal(t.arrived[2].key, "");
	end();
}

static void a_writer_is_the_body_and_goes_with_the_call(void **state)
{
	(void)state;
	static const struct step steps[] = {{500, NULL, "", false}, {200, NULL, "", false}};
	struct probe probe = {0}, unfinished = {0};
	struct guest_text path = {0};
	BEGIN(steps);
	struct guest_call_options o = options_of(ROUTE_start, &path);
	assert_int_equal(freshet_json_writer_new(NULL, &o.writer), FRESHET_OK);
	freshet_json_write_string(o.writer, freshet_str_of("written"));
	send_with(&probe, &o);
	finish(&probe);
	assert_string_equal(t.arrived[0].body, "\"written\"");
	assert_string_equal(t.arrived[1].body, "\"written\"");
	o = options_of(ROUTE_start, &path);
	assert_int_equal(freshet_json_writer_new(NULL, &o.writer), FRESHET_OK);
	freshet_json_write_object(o.writer);
	assert_int_equal(try_send(&unfinished, &o), FRESHET_ESTATE);
	end();
}

static void a_call_that_cannot_be_made_keeps_nothing(void **state)
{
	(void)state;
	static const struct step steps[] = {{200, NULL, "", false}};
	const freshet_header headers[GUEST_HEADERS_MAX + 1] = {{{"a", 1}, {"b", 1}, false}};
	struct probe probe = {0};
	struct guest_text path = {0};
	BEGIN(steps);
	struct guest_call_options o = options_of(ROUTE_start, &path);
	o.headers = headers;
	o.header_count = GUEST_HEADERS_MAX + 1;
	assert_int_equal(try_send(&probe, &o), FRESHET_EINVAL);
	o = options_of(ROUTE_start, &path);
	o.done = NULL;
	assert_int_equal(try_send(&probe, &o), FRESHET_EINVAL);
	guest_text_fail(&path, FRESHET_EINVAL);
	o = options_of(ROUTE_start, &path);
	assert_int_equal(try_send(&probe, &o), FRESHET_EINVAL);
	assert_int_equal(t.world.server.requests, 0);
	end();
}

/* ---- repeating ---- */

static void repetitions_are_the_same_request(void **state)
{
	(void)state;
	/* One that is lost on a connection that served before is moved at once by the core, which is no attempt of ours. */
	static const struct step steps[] = {
		{0, NULL, NULL, true}, {500, NULL, "", false}, {429, NULL, "", false}, {200, NULL, "ok", false}};
	struct probe probe = {0};
	BEGIN(steps);
	send_start(&probe);
	for (unsigned i = 0; i < 3; i++)
		assert_true(sleep_through(&probe) <= (100u << i) + 1);
	finish(&probe);
	assert_int_equal(probe.status, 200);
	assert_int_equal(probe.attempts, 4);
	assert_int_equal(t.requests, 4);
	for (unsigned i = 1; i < 4; i++)
		assert_memory_equal(&t.arrived[i], &t.arrived[0], sizeof t.arrived[0]);
	assert_int_equal(strlen(t.arrived[0].key), GUEST_UUID_SIZE - 1);
	end();
}

static void after_the_last_attempt_its_answer_is_the_end(void **state)
{
	(void)state;
	static const struct step steps[] = {{500, NULL, "first", false}, {503, NULL, "later", false}};
	struct probe probe = {0};
	BEGIN(steps);
	send_start(&probe);
	finish(&probe);
	assert_int_equal(probe.err, FRESHET_OK);
	assert_int_equal(probe.status, 503);
	assert_string_equal(probe.body, "later");
	assert_int_equal(probe.attempts, 4);
	assert_int_equal(t.requests, 4);
	end();
}

static void a_server_that_asks_for_time_gets_it(void **state)
{
	(void)state;
	static const struct step steps[] = {{429, "retry-after: 2\r\n", "", false},
		{503, "retry-after: 9999\r\n", "", false}, {200, NULL, "", false}};
	struct probe probe = {0};
	BEGIN(steps);
	send_start(&probe);
	assert_int_equal(sleep_through(&probe), 2000);
	assert_int_equal(sleep_through(&probe), 300000);
	finish(&probe);
	assert_int_equal(probe.status, 200);
	end();
}

static void what_may_have_arrived_is_not_repeated_blindly(void **state)
{
	(void)state;
	static const struct step steps[] = {{0, NULL, NULL, true}};
	struct probe probe = {0};
	struct guest_text path = {0};
	BEGIN(steps);
	struct guest_call_options o = options_of(ROUTE_start, &path);
	o.again = GUEST_AGAIN_ASKED;
	send_with(&probe, &o);
	finish(&probe);
	assert_int_not_equal(probe.err, FRESHET_OK);
	assert_int_equal(probe.status, 0);
	assert_int_equal(probe.attempts, 1);
	assert_int_equal(t.requests, 1);
	end();
}

static void what_surely_did_not_arrive_is(void **state)
{
	(void)state;
	static const struct step steps[] = {{200, NULL, "", false}};
	struct probe probe = {0};
	struct guest_text path = {0};
	BEGIN(steps);
	h1server_stop_listening(&t.world.server);
	struct guest_call_options o = options_of(ROUTE_start, &path);
	o.again = 0;
	send_with(&probe, &o);
	finish(&probe);
	assert_int_equal(probe.err, FRESHET_ECONNECT);
	assert_int_equal(probe.attempts, 4);
	end();
}

static void an_attempt_that_takes_too_long_is_repeated(void **state)
{
	(void)state;
	static const struct step steps[] = {{0, NULL, NULL, false}, {200, NULL, "", false}};
	struct probe probe = {0};
	struct guest_text path = {0};
	BEGIN(steps);
	struct guest_call_options o = options_of(ROUTE_start, &path);
	o.attempt_ms = 700;
	send_with(&probe, &o);
	while (t.requests == 0)
		turn();
	h1world_advance(&t.world, 700);
	sleep_through(&probe);
	finish(&probe);
	assert_int_equal(probe.status, 200);
	assert_int_equal(probe.attempts, 2);
	end();
}

static void the_deadline_is_of_all_attempts(void **state)
{
	(void)state;
	static const struct step steps[] = {{503, "retry-after: 5\r\n", "", false}, {0, NULL, NULL, false}};
	struct probe short_one = {0}, long_one = {0};
	struct guest_text path = {0};
	BEGIN(steps);
	/* A pause that would end after it is not begun. */
	struct guest_call_options o = options_of(ROUTE_start, &path);
	o.deadline_ms = 5000;
	send_with(&short_one, &o);
	until(&short_one, GUEST_CALL_PAUSE);
	assert_int_equal(short_one.dones, 1);
	assert_int_equal(short_one.status, 503);
	/* An attempt ends with it. */
	t.requests = 0;
	o = options_of(ROUTE_start, &path);
	o.deadline_ms = 5100;
	send_with(&long_one, &o);
	assert_int_equal(sleep_through(&long_one), 5000);
	while (t.requests < 2)
		turn();
	h1world_advance(&t.world, 100);
	until(&long_one, GUEST_CALL_PAUSE);
	assert_int_equal(long_one.dones, 1);
	assert_int_equal(long_one.err, FRESHET_EDEADLINE);
	assert_int_equal(long_one.attempts, 2);
	end();
}

static int judge_body(struct guest_call *call, const freshet_response *response)
{
	(void)call;
	return freshet_str_is(response->body, "busy") ? 429 : response->status;
}

static void an_answer_may_be_judged_by_what_it_says(void **state)
{
	(void)state;
	static const struct step steps[] = {{200, NULL, "busy", false}, {200, NULL, "ok", false}};
	struct probe probe = {0};
	struct guest_text path = {0};
	BEGIN(steps);
	struct guest_call_options o = options_of(ROUTE_read, &path);
	o.judge = judge_body;
	send_with(&probe, &o);
	finish(&probe);
	assert_string_equal(probe.body, "ok");
	assert_int_equal(probe.attempts, 2);
	assert_string_equal(t.arrived[1].line, "GET /read");
	assert_string_equal(t.arrived[1].key, "");
	end();
}

/* ---- credentials ---- */

static void refused_credentials_are_renewed_once(void **state)
{
	(void)state;
	static const struct step steps[] = {{401, NULL, "", false}, {200, NULL, "", false}};
	static const struct step hopeless[] = {{401, NULL, "no", false}};
	struct probe probe = {0}, refused = {0};
	BEGIN(steps);
	t.guest.authorize = authorize;
	t.auth = t.auth_refused = GUEST_AUTH_READY;
	send_start(&probe);
	finish(&probe);
	assert_int_equal(probe.status, 200);
	assert_string_equal(t.arrived[0].authorization, "Bearer token-0");
	assert_string_equal(t.arrived[1].authorization, "Bearer token-1");
	assert_string_equal(t.arrived[1].key, t.arrived[0].key);
	t.steps = hopeless;
	t.step_count = 1;
	send_start(&refused);
	finish(&refused);
	assert_int_equal(refused.status, 401);
	assert_int_equal(refused.attempts, 2);
	end();
}

static void a_key_that_cannot_be_renewed_is_not_tried_again(void **state)
{
	(void)state;
	static const struct step steps[] = {{401, NULL, "no", false}};
	struct probe fixed = {0}, none = {0};
	BEGIN(steps);
	t.guest.authorize = authorize;
	t.auth = GUEST_AUTH_READY;
	t.auth_refused = GUEST_AUTH_NONE;
	send_start(&fixed);
	finish(&fixed);
	assert_int_equal(fixed.status, 401);
	assert_int_equal(fixed.attempts, 1);
	t.guest.authorize = NULL;
	send_start(&none);
	finish(&none);
	assert_int_equal(none.attempts, 1);
	end();
}

static void calls_wait_for_credentials(void **state)
{
	(void)state;
	static const struct step steps[] = {{200, NULL, "", false}, {401, NULL, "", false}, {200, NULL, "", false}};
	struct probe first = {0}, second = {0};
	BEGIN(steps);
	t.guest.authorize = authorize;
	t.auth = t.auth_refused = GUEST_AUTH_LATER;
	send_start(&first);
	assert_int_equal(first.call.state, GUEST_CALL_AUTH);
	turn();
	assert_int_equal(t.requests, 0);
	t.auth = GUEST_AUTH_READY;
	t.version = 7;
	guest_authorized(&t.guest, NULL);
	finish(&first);
	assert_string_equal(t.arrived[0].authorization, "Bearer token-7");
	/* One that is refused waits for the next. */
	send_start(&second);
	until(&second, GUEST_CALL_AUTH);
	t.version = 8;
	guest_authorized(&t.guest, NULL);
	finish(&second);
	assert_int_equal(second.status, 200);
	assert_string_equal(t.arrived[2].authorization, "Bearer token-8");
	end();
}

static void calls_refused_together_renew_once(void **state)
{
	(void)state;
	static const struct step steps[] = {
		{401, NULL, "", false}, {401, NULL, "", false}, {401, NULL, "", false}, {200, NULL, "", false}};
	struct probe probes[3];
	BEGIN(steps);
	t.guest.authorize = authorize;
	t.auth = t.auth_refused = GUEST_AUTH_READY;
	memset(probes, 0, sizeof probes);
	for (size_t i = 0; i < 3; i++)
		send_start(&probes[i]);
	for (size_t i = 0; i < 3; i++) {
		finish(&probes[i]);
		assert_int_equal(probes[i].status, 200);
	}
	assert_int_equal(t.version, 1);
	end();
}

static void credentials_that_will_not_come_end_what_waits(void **state)
{
	(void)state;
	static const struct step steps[] = {{200, NULL, "", false}};
	const freshet_outcome why = {.err = FRESHET_EAUTH, .text = freshet_str_of("no token"), .http_status = 401};
	struct probe first = {0}, late = {0};
	struct guest_text path = {0};
	BEGIN(steps);
	t.guest.authorize = authorize;
	t.auth = GUEST_AUTH_LATER;
	send_start(&first);
	guest_authorized(&t.guest, &why);
	assert_int_equal(first.dones, 1);
	assert_int_equal(first.err, FRESHET_EAUTH);
	/* And the deadline ends what waits in vain. */
	struct guest_call_options o = options_of(ROUTE_start, &path);
	o.deadline_ms = 900;
	send_with(&late, &o);
	h1world_advance(&t.world, 899);
	turn();
	assert_int_equal(late.dones, 0);
	h1world_advance(&t.world, 1);
	turn();
	assert_int_equal(late.dones, 1);
	assert_int_equal(late.err, FRESHET_EDEADLINE);
	assert_int_equal(t.requests, 0);
	end();
}

/* ---- hooks ---- */

static freshet_err rewrite_request(freshet_outgoing *request, void *user)
{
	assert_ptr_equal(user, &t);
	assert_string_equal(request->key, "start");
	if (request->attempt == t.hook_err_at)
		return t.hook_err;
	t.hook_field = (freshet_header){freshet_str_of("x-extra"), freshet_str_of("hooked"), false};
	request->method = "PUT";
	request->path = "/elsewhere?x=1";
	request->headers = &t.hook_field;
	request->header_count = 1;
	request->body = freshet_str_of("other");
	return FRESHET_OK;
}

static void a_hook_may_change_all_that_goes_out(void **state)
{
	(void)state;
	static const struct step steps[] = {{500, NULL, "", false}, {200, NULL, "", false}};
	struct probe probe = {0};
	BEGIN(steps);
	t.guest.request_hook = rewrite_request;
	t.guest.hook_user = &t;
	send_start(&probe);
	finish(&probe);
	assert_int_equal(probe.attempts, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(t.arrived[i].line, "PUT /elsewhere?x=1");
		assert_string_equal(t.arrived[i].body, "other");
		assert_string_equal(t.arrived[i].extra, "hooked");
		assert_string_equal(t.arrived[i].key, "");
	}
	end();
}

static void a_hook_may_refuse(void **state)
{
	(void)state;
	static const struct step steps[] = {{500, NULL, "", false}};
	struct probe first = {0}, second = {0};
	struct guest_text path = {0};
	BEGIN(steps);
	t.guest.request_hook = rewrite_request;
	t.guest.hook_user = &t;
	t.hook_err = FRESHET_EUNSUPPORTED;
	t.hook_err_at = 1;
	struct guest_call_options o = options_of(ROUTE_start, &path);
	assert_int_equal(try_send(&first, &o), FRESHET_EUNSUPPORTED);
	t.hook_err_at = 2;
	send_start(&second);
	finish(&second);
	assert_int_equal(second.err, FRESHET_EUNSUPPORTED);
	assert_int_equal(second.attempts, 1);
	assert_int_equal(t.requests, 1);
	end();
}

static freshet_err rewrite_answer(freshet_incoming *in, void *user)
{
	assert_ptr_equal(user, &t);
	assert_string_equal(in->key, "start");
	if (freshet_str_is(in->body, "refuse"))
		return FRESHET_EBAD_ANSWER;
	assert_true(in->header_count > 0);
	in->status = freshet_str_is(in->body, "busy") ? 503 : 200;
	in->body = freshet_str_of("rewritten");
	return FRESHET_OK;
}

static void a_hook_may_change_an_answer_before_it_is_judged(void **state)
{
	(void)state;
	static const struct step steps[] = {
		{200, NULL, "busy", false}, {404, NULL, "fine", false}, {200, NULL, "refuse", false}};
	struct probe probe = {0}, refused = {0};
	BEGIN(steps);
	t.guest.response_hook = rewrite_answer;
	t.guest.hook_user = &t;
	send_start(&probe);
	finish(&probe);
	assert_int_equal(probe.attempts, 2);
	assert_int_equal(probe.status, 200);
	assert_string_equal(probe.body, "rewritten");
	send_start(&refused);
	finish(&refused);
	assert_int_equal(refused.err, FRESHET_EBAD_ANSWER);
	assert_int_equal(refused.attempts, 1);
	end();
}

static void streams_are_made_by_the_same_step(void **state)
{
	(void)state;
	static const struct step steps[] = {{200, "content-type: text/event-stream\r\n", "data: 1\n\n", false}};
	struct guest_outgoing out;
	struct follower f = {0};
	freshet_stream_options o;
	const struct guest_draft draft = {
		.route = ROUTE_start, .path = "/start/1", .accept = "text/event-stream", .body = {"{}", 2}};
	BEGIN(steps);
	assert_int_equal(guest_outgoing(&t.guest, &draft, NULL, 1, &out), FRESHET_OK);
	assert_string_equal(out.request.key, "start");
	assert_int_equal(out.request.header_count, 2);
	assert_true(freshet_str_is(out.fields[1].value, "text/event-stream"));
	t.guest.request_hook = rewrite_request;
	t.guest.hook_user = &t;
	assert_int_equal(guest_outgoing(&t.guest, &draft, NULL, 1, &out), FRESHET_OK);
	freshet_stream_options_init(&o);
	o.method = out.request.method;
	o.path = out.request.path;
	o.headers = out.request.headers;
	o.header_count = out.request.header_count;
	o.body = out.request.body;
	client_open(&t.world.client, t.world.e, &o, &f);
	h1world_run(&t.world);
	assert_int_equal(f.end_events, 1);
	assert_string_equal(t.arrived[0].line, "PUT /elsewhere?x=1");
	assert_string_equal(t.arrived[0].extra, "hooked");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_sent_as_it_is_told),
		cmocka_unit_test(the_key_may_be_given_or_switched_off),
		cmocka_unit_test(a_writer_is_the_body_and_goes_with_the_call),
		cmocka_unit_test(a_call_that_cannot_be_made_keeps_nothing),
		cmocka_unit_test(repetitions_are_the_same_request),
		cmocka_unit_test(after_the_last_attempt_its_answer_is_the_end),
		cmocka_unit_test(a_server_that_asks_for_time_gets_it),
		cmocka_unit_test(what_may_have_arrived_is_not_repeated_blindly),
		cmocka_unit_test(what_surely_did_not_arrive_is),
		cmocka_unit_test(an_attempt_that_takes_too_long_is_repeated),
		cmocka_unit_test(the_deadline_is_of_all_attempts),
		cmocka_unit_test(an_answer_may_be_judged_by_what_it_says),
		cmocka_unit_test(refused_credentials_are_renewed_once),
		cmocka_unit_test(a_key_that_cannot_be_renewed_is_not_tried_again),
		cmocka_unit_test(calls_wait_for_credentials),
		cmocka_unit_test(calls_refused_together_renew_once),
		cmocka_unit_test(credentials_that_will_not_come_end_what_waits),
		cmocka_unit_test(a_hook_may_change_all_that_goes_out),
		cmocka_unit_test(a_hook_may_refuse),
		cmocka_unit_test(a_hook_may_change_an_answer_before_it_is_judged),
		cmocka_unit_test(streams_are_made_by_the_same_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
