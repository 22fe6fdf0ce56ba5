/*
 * Calls that others end, with everything that may be done in callbacks, with each allocation failing, and with everything
 * closing.
 */
#include "call_world.h"

/* ---- ends that others bring ---- */

static const struct step silent[] = {{0, NULL, NULL, false}};
static const struct step failing[] = {{503, "retry-after: 5\r\n", "", false}};

/* A call in each of the states that last. */
struct three {
	struct probe sent, pause, auth;
};

static void three_states(struct three *three)
{
	memset(three, 0, sizeof *three);
	BEGIN(failing);
	t.guest.authorize = authorize;
	t.auth = GUEST_AUTH_READY;
	send_start(&three->pause);
	until(&three->pause, GUEST_CALL_PAUSE);
	t.steps = silent;
	send_start(&three->sent);
	while (t.requests < 2)
		turn();
	t.auth = GUEST_AUTH_LATER;
	send_start(&three->auth);
	assert_int_equal(three->pause.call.state, GUEST_CALL_PAUSE);
	assert_int_equal(three->sent.call.state, GUEST_CALL_SENT);
	assert_int_equal(three->auth.call.state, GUEST_CALL_AUTH);
}

static void assert_canceled(const struct three *three)
{
	const struct probe *probes[] = {&three->sent, &three->pause, &three->auth};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(probes[i]->dones, 1);
		assert_int_equal(probes[i]->err, FRESHET_ECANCELED);
		assert_int_equal(probes[i]->call.state, GUEST_CALL_IDLE);
	}
}

static bool all_done(const struct three *three)
{
	return three->sent.dones > 0 && three->pause.dones > 0 && three->auth.dones > 0;
}

static void a_call_may_be_cancelled_in_every_state(void **state)
{
	(void)state;
	struct three three;
	three_states(&three);
	for (int twice = 0; twice < 2; twice++) {
		guest_call_cancel(&three.sent.call);
		guest_call_cancel(&three.pause.call);
		guest_call_cancel(&three.auth.call);
		assert_int_equal(three.sent.dones + three.pause.dones + three.auth.dones, 0);
	}
	/* Credentials that come now are for nobody. */
	t.auth = GUEST_AUTH_READY;
	guest_authorized(&t.guest, NULL);
	while (!all_done(&three)) {
		h1world_advance(&t.world, 1);
		turn();
	}
	h1world_advance(&t.world, 10000);
	turn();
	assert_canceled(&three);
	assert_int_equal(t.requests, 2);
	end();
}

static void an_answer_that_is_there_does_not_undo_a_cancel(void **state)
{
	(void)state;
	static const struct step steps[] = {{200, NULL, "", false}};
	struct probe probe = {0};
	BEGIN(steps);
	send_start(&probe);
	guest_call_cancel(&probe.call);
	finish(&probe);
	assert_int_equal(probe.err, FRESHET_ECANCELED);
	end();
}

static void try_again(struct probe *probe)
{
	struct probe again = {0};
	struct guest_text path = {0};
	struct guest_call_options o = options_of(ROUTE_start, &path);
	assert_int_equal(guest_call_send(&t.guest, &again.call, &o), FRESHET_ESTATE);
	assert_int_equal(probe->err, FRESHET_ECANCELED);
}

static void closing_ends_every_call_once(void **state)
{
	(void)state;
	struct three three;
	three_states(&three);
	three.sent.in_done = three.pause.in_done = three.auth.in_done = try_again;
	guest_close(&t.guest);
	guest_close(&t.guest);
	assert_false(all_done(&three));
	while (t.open) {
		h1world_advance(&t.world, 1);
		turn();
	}
	assert_canceled(&three);
	end();
}

static void the_end_of_the_reactor_ends_every_call_once(void **state)
{
	(void)state;
	struct three three;
	three_states(&three);
	three.sent.in_done = three.pause.in_done = three.auth.in_done = try_again;
	freshet_reactor_close(t.world.client.reactor, NULL, NULL);
	while (t.open)
		turn();
	t.world.client.reactor = NULL;
	assert_canceled(&three);
	end();
	three_states(&three);
	freshet_reactor_free(t.world.client.reactor);
	t.world.client.reactor = NULL;
	assert_canceled(&three);
	end();
}

/* ---- in callbacks ---- */

static struct three shared;
static struct probe another;

static void send_another(struct probe *probe)
{
	(void)probe;
	send_start(&another);
}

static void cancel_all(struct probe *probe)
{
	(void)probe;
	guest_call_cancel(&shared.pause.call);
	guest_call_cancel(&shared.auth.call);
	guest_call_cancel(&shared.sent.call);
}

static void close_guest(struct probe *probe)
{
	(void)probe;
	guest_close(&t.guest);
}

static void free_reactor(struct probe *probe)
{
	(void)probe;
	freshet_reactor_free(t.world.client.reactor);
}

static void bring_credentials(struct probe *probe)
{
	(void)probe;
	t.auth = GUEST_AUTH_READY;
	guest_authorized(&t.guest, NULL);
}

typedef void in_done_fn(struct probe *probe);

static in_done_fn *const in_done[] = {send_another, cancel_all, close_guest, free_reactor, bring_credentials};

/* What ends the first call of the three. */
enum first { FIRST_SENT, FIRST_PAUSE, FIRST_AUTH, FIRSTS };

static struct probe *let_one_end(enum first first)
{
	static const freshet_outcome why = {.err = FRESHET_EAUTH, .text = {"no", 2}};
	switch (first) {
	case FIRST_SENT: guest_call_cancel(&shared.sent.call); return &shared.sent;
	case FIRST_PAUSE: guest_call_cancel(&shared.pause.call); return &shared.pause;
	default: guest_authorized(&t.guest, &why); return &shared.auth;
	}
}

static struct probe *probe_of(enum first first)
{
	return first == FIRST_SENT ? &shared.sent : first == FIRST_PAUSE ? &shared.pause : &shared.auth;
}

static void everything_is_allowed_in_done(void **state)
{
	(void)state;
	for (int first = 0; first < FIRSTS; first++) {
		for (size_t i = 0; i < sizeof in_done / sizeof in_done[0]; i++) {
			memset(&another, 0, sizeof another);
			three_states(&shared);
			probe_of((enum first)first)->in_done = in_done[i];
			struct probe *probe = let_one_end((enum first)first);
			while (probe->dones == 0)
				turn();
			if (in_done[i] == free_reactor) {
				while (t.open)
					turn();
				t.world.client.reactor = NULL;
				assert_true(all_done(&shared));
			}
			end();
			assert_true(all_done(&shared));
			assert_int_equal(shared.sent.dones + shared.pause.dones + shared.auth.dones, 3);
			assert_int_equal(another.dones, in_done[i] == send_another);
		}
	}
}

/* ---- out of memory ---- */

static const struct step long_way[] = {{401, NULL, "", false}, {500, NULL, "", false}, {200, NULL, "ok", false}};

static void each_allocation_may_fail(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		struct probe probe = {0};
		struct guest_text path = {0};
		begin(long_way, 3);
		t.guest.authorize = authorize;
		t.auth = t.auth_refused = GUEST_AUTH_READY;
		failmem_arm_one(n);
		struct guest_call_options o = options_of(ROUTE_start, &path);
		freshet_err err = try_send(&probe, &o);
		if (err == FRESHET_OK)
			finish(&probe);
		bool fired = failmem_fired();
		failmem_arm(0);
		if (err != FRESHET_OK)
			assert_int_equal(err, FRESHET_ENOMEM);
		else if (probe.err != FRESHET_OK)
			assert_true(fired && probe.err == FRESHET_ENOMEM);
		end();
		if (!fired) {
			assert_string_equal(probe.body, "ok");
			break;
		}
	}
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_may_be_cancelled_in_every_state),
		cmocka_unit_test(an_answer_that_is_there_does_not_undo_a_cancel),
		cmocka_unit_test(closing_ends_every_call_once),
		cmocka_unit_test(the_end_of_the_reactor_ends_every_call_once),
		cmocka_unit_test(everything_is_allowed_in_done),
		cmocka_unit_test(each_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
