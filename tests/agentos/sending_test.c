/*
 * What becomes of a request, for every kind of answer: sent, sent again under the same key, given up for a cause that is
 * counted; and that what came behind goes on, in order.
 */
#include "support/agentos_world.h"
#include "support/test.h"

#define Z(text) freshet_str_of(text)
#define NONE    ((freshet_str){NULL, 0})

/* What the host was told, as text. */
static char told[4096];
static bool done;
static freshet_agentos_error last;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *format, ...)
{
	size_t len = strlen(told);
	va_list args;
	va_start(args, format);
	vsnprintf(told + len, sizeof told - len, format, args);
	va_end(args);
}

static const char *what_was_told(void)
{
	static char text[sizeof told];
	memcpy(text, told, sizeof text);
	told[0] = '\0';
	return text;
}

static void on_error(freshet_agentos *client, const freshet_agentos_error *error, void *user)
{
	(void)user;
	assert_ptr_equal(client, agentos_world.client);
	assert_true(error->outcome.text.len > 0);
	last = *error;
	note("error %s %s\n", error->key, freshet_err_name(error->outcome.err));
}

static void on_started(freshet_agentos_run *run, freshet_str id, void *user)
{
	(void)user;
	assert_true(freshet_str_equal(id, freshet_agentos_run_id(run)));
	note("started\n");
}

static void on_lost(freshet_agentos_run *run, const freshet_agentos_error *error, void *user)
{
	(void)user;
	assert_int_equal(freshet_agentos_run_id(run).len, 0);
	note("lost %s\n", freshet_err_name(error->outcome.err));
}

static void on_done(freshet_agentos_run *run, const freshet_agentos_run_end *end, void *user)
{
	(void)run;
	(void)user;
	assert_int_equal(end->emitted, end->sent + end->dropped);
	note("done%s %s sent %d dropped %d\n", end->lost ? " lost" : "",
		end->error != NULL ? freshet_err_name(end->error->outcome.err) : "ok", (int)end->sent,
		(int)end->dropped);
	done = true;
}

static freshet_agentos_run *start(void)
{
	freshet_agentos_run_options o;
	freshet_agentos_run *run;
	freshet_agentos_run_options_init(&o);
	o.callbacks = (freshet_agentos_run_callbacks){on_started, on_lost, on_done};
	done = false;
	assert_int_equal(freshet_agentos_run_start(agentos_world.client, &o, &run), FRESHET_OK);
	return run;
}

static void emit(freshet_agentos_run *run, const char *type)
{
	assert_int_equal(freshet_agentos_emit(run, Z(type), NONE, FRESHET_AGENTOS_LEVEL_DEFAULT), FRESHET_OK);
}

static void complete(freshet_agentos_run *run)
{
	done = false;
	assert_int_equal(freshet_agentos_run_complete(run, NONE), FRESHET_OK);
	agentos_world_run_until(&done);
}

static freshet_agentos_options options(void)
{
	freshet_agentos_options o = agentos_world_options();
	o.max_retries = 2;
	o.on_error = on_error;
	return o;
}

static void open_with(const freshet_agentos_options *o, const struct agentos_reply *script)
{
	told[0] = '\0';
	agentos_world.script = script;
	memset(agentos_world.used, 0, sizeof agentos_world.used);
	agentos_world_client(o);
}

static freshet_agentos_stats stats_now(void)
{
	freshet_agentos_stats stats = {.size = sizeof stats};
	freshet_agentos_stats_get(agentos_world.client, &stats);
	agentos_world_check(&stats);
	return stats;
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;
	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		count++;
	return count;
}

/* ---- a batch ---- */

#define ALL_SENT FRESHET_AGENTOS_DROP_CAUSES

static const struct batch_case {
	int status; /* once, or always */
	bool always;
	const char *fields;
	const char *body;
	bool drop_unclear;
	freshet_agentos_drop cause; /* ALL_SENT: none */
	unsigned requests;          /* of events */
	uint64_t unclear;
	freshet_err err;
	freshet_agentos_class class;
	bool transport, protocol;
} batch_cases[] = {
	/* What may pass is tried again, three times in all. */
	{.status = 500, .cause = ALL_SENT, .requests = 2},
	{.status = 503, .cause = ALL_SENT, .requests = 2},
	{.status = 408, .cause = ALL_SENT, .requests = 2},
	{.status = 429, .cause = ALL_SENT, .requests = 2},
	{.status = AGENTOS_WORLD_DROP, .cause = ALL_SENT, .requests = 2},
	{500, true, NULL, NULL, false, FRESHET_AGENTOS_DROPPED_RETRIES, 3, 2, FRESHET_ESERVER, FRESHET_AGENTOS_GENERAL,
		true, false},
	{503, true, NULL, NULL, false, FRESHET_AGENTOS_DROPPED_RETRIES, 3, 0, FRESHET_ESERVER, FRESHET_AGENTOS_GENERAL,
		true, false},
	{429, true, NULL, NULL, false, FRESHET_AGENTOS_DROPPED_RETRIES, 3, 0, FRESHET_ERATE_LIMIT,
		FRESHET_AGENTOS_RATE_LIMIT, false, false},
	/* What may have arrived, where it must not come twice. */
	{500, false, NULL, NULL, true, FRESHET_AGENTOS_DROPPED_UNCLEAR, 1, 2, FRESHET_ESERVER, FRESHET_AGENTOS_GENERAL,
		true, false},
	{AGENTOS_WORLD_DROP, false, NULL, NULL, true, FRESHET_AGENTOS_DROPPED_UNCLEAR, 1, 2, FRESHET_ECLOSED,
		FRESHET_AGENTOS_GENERAL, true, false},
	{.status = 503, .drop_unclear = true, .cause = ALL_SENT, .requests = 2},
	{.status = 429, .drop_unclear = true, .cause = ALL_SENT, .requests = 2},
	/* What no repetition mends. */
	{400, false, NULL, "{\"data\":null,\"error\":\"bad type\"}", false, FRESHET_AGENTOS_DROPPED_REJECTED, 1, 0,
		FRESHET_EVALIDATION, FRESHET_AGENTOS_VALIDATION, false, false},
	{413, false, NULL, NULL, false, FRESHET_AGENTOS_DROPPED_REJECTED, 1, 0, FRESHET_EVALIDATION,
		FRESHET_AGENTOS_VALIDATION, false, false},
	{415, false, NULL, NULL, false, FRESHET_AGENTOS_DROPPED_REJECTED, 1, 0, FRESHET_EVALIDATION,
		FRESHET_AGENTOS_VALIDATION, false, false},
	{422, false, NULL, NULL, false, FRESHET_AGENTOS_DROPPED_REJECTED, 1, 0, FRESHET_EVALIDATION,
		FRESHET_AGENTOS_VALIDATION, false, false},
	{404, false, NULL, NULL, false, FRESHET_AGENTOS_DROPPED_REJECTED, 1, 0, FRESHET_ENOT_FOUND,
		FRESHET_AGENTOS_GENERAL, false, false},
	{409, false, NULL, NULL, false, FRESHET_AGENTOS_DROPPED_REJECTED, 1, 0, FRESHET_ECONFLICT,
		FRESHET_AGENTOS_GENERAL, false, false},
	{418, false, NULL, NULL, false, FRESHET_AGENTOS_DROPPED_REJECTED, 1, 0, FRESHET_EHTTP_STATUS,
		FRESHET_AGENTOS_GENERAL, false, false},
	{302, false, "location: /x\r\n", NULL, false, FRESHET_AGENTOS_DROPPED_REJECTED, 1, 0, FRESHET_EHTTP_REDIRECT,
		FRESHET_AGENTOS_GENERAL, false, false},
	/* A 2xx with an error inside. */
	{200, false, NULL, "{\"data\":null,\"error\":{\"message\":\"no\",\"code\":\"full\",\"details\":[1]}}", false,
		FRESHET_AGENTOS_DROPPED_REJECTED, 1, 0, FRESHET_EBAD_ANSWER, FRESHET_AGENTOS_GENERAL, false, true},
	{200, false, NULL, "{\"error\":\"no\"}", false, FRESHET_AGENTOS_DROPPED_REJECTED, 1, 0, FRESHET_EBAD_ANSWER,
		FRESHET_AGENTOS_GENERAL, false, true},
	{.status = 200, .body = "{\"error\":{\"code\":\"rate_limited\"}}", .cause = ALL_SENT, .requests = 2},
	{200, true, NULL, "{\"error\":{\"code\":\"UNAVAILABLE\"}}", false, FRESHET_AGENTOS_DROPPED_RETRIES, 3, 0,
		FRESHET_EBAD_ANSWER, FRESHET_AGENTOS_GENERAL, false, true},
	/* Where nothing is needed of the answer anything does. */
	{.status = 200, .body = "", .cause = ALL_SENT, .requests = 1},
	{.status = 204, .body = "", .cause = ALL_SENT, .requests = 1},
	{.status = 202, .body = "thanks", .cause = ALL_SENT, .requests = 1},
	{.status = 200, .body = "{\"accepted\":2}", .cause = ALL_SENT, .requests = 1},
	{.status = 200, .body = "[]", .cause = ALL_SENT, .requests = 1},
	{.status = 200, .body = "{\"data\":null,\"error\":null}", .cause = ALL_SENT, .requests = 1},
};

/* All requests of events have the same body and the same key. */
static void check_repetitions(const char *log, unsigned requests)
{
	static const char name[] = "/events ";
	const char *first = strstr(log, name);
	assert_int_equal(count_of(log, name), requests);
	size_t len = strcspn(first, "\n");
	for (const char *at = first; (at = strstr(at, name)) != NULL; at++)
		assert_memory_equal(at, first, len);
	/* Heads: the start, those of events, the end. */
	const char *key = strstr(agentos_world.heads, "/events ");
	key = strstr(key, "idempotency-key: ");
	char line[80];
	snprintf(line, sizeof line, "%.*s", (int)strcspn(key, "\r"), key);
	assert_int_equal(count_of(agentos_world.heads, line), requests);
	assert_int_equal(count_of(agentos_world.heads, "idempotency-key: "), requests + 2);
}

static void try_batch(const struct batch_case *c)
{
	const struct agentos_reply script[] = {
		{.path = "/events",
			.times = c->always ? 0 : 1,
			.status = c->status,
			.fields = c->fields,
			.body = c->body},
		{.path = NULL},
	};
	bool lost = c->cause != ALL_SENT;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	o.drop_unclear = c->drop_unclear;
	open_with(&o, script);
	freshet_agentos_run *run = start();
	emit(run, "a");
	emit(run, "b");
	complete(run);
	check_repetitions(agentos_world_log(), c->requests);
	freshet_agentos_stats stats = agentos_world_finish();
	assert_int_equal(stats.sent, lost ? 0 : 2);
	if (lost) {
		assert_int_equal(stats.dropped[c->cause], 2);
		assert_int_equal(last.outcome.err, c->err);
		assert_int_equal(last.error_class, c->class);
		assert_int_equal(last.transport, c->transport);
		assert_int_equal(last.protocol, c->protocol);
		assert_int_equal(last.outcome.attempts, c->requests);
	}
	assert_int_equal(freshet_agentos_dropped(&stats), lost ? 2 : 0);
	assert_int_equal(stats.unclear, c->unclear);
	assert_int_equal(stats.retries, c->requests - 1);
	assert_int_equal(stats.requests, c->requests + 2);
	assert_int_equal(stats.runs_ended, 1);
	/* Of what was given up the host is told once, and the end comes through. */
	char wanted[256];
	snprintf(wanted, sizeof wanted, "started\n%s%s%sdone ok sent %d dropped %d\n", lost ? "error events " : "",
		lost ? freshet_err_name(c->err) : "", lost ? "\n" : "", lost ? 0 : 2, lost ? 2 : 0);
	assert_string_equal(what_was_told(), wanted);
	agentos_world_close(NULL);
}

static void every_answer_to_a_batch_has_its_consequence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof batch_cases / sizeof batch_cases[0]; i++) {
		if (getenv("VERBOSE") != NULL)
			print_message("row %zu\n", i);
		try_batch(&batch_cases[i]);
	}
}

static void the_words_of_an_error_are_told(void **state)
{
	static const struct agentos_reply script[] = {
		{.path = "start",
			.status = 400,
			.body = "{\"data\":null,\"error\":{\"message\":\"no such\\nagent\",\"code\":\"E7\","
				"\"details\":{\"id\":1}}}"},
		{.path = NULL}};
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	open_with(&o, script);
	complete(start());
	assert_string_equal(what_was_told(), "error run_start FRESHET_EVALIDATION\nlost FRESHET_EVALIDATION\n"
					     "done lost FRESHET_EVALIDATION sent 0 dropped 0\n");
}

/* What the server asks for is waited for, and not the hour that is drawn without it. */
static void retry_after_decides_the_pause(void **state)
{
	static const struct agentos_reply script[] = {
		{.path = "events", .times = 1, .status = 429, .fields = "retry-after: 1\r\n"},
		{.path = "complete", .times = 1, .status = 503, .fields = "retry-after: 1\r\n"},
		{.path = NULL},
	};
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	o.retry_base_ms = o.retry_cap_ms = UINT64_C(1000) * 3600 * 24 * 365;
	open_with(&o, script);
	freshet_agentos_run *run = start();
	emit(run, "a");
	complete(run);
	assert_int_equal(agentos_world_finish().retries, 2);
}

static char other_error[64];

static void on_other_error(freshet_agentos *client, const freshet_agentos_error *e, void *user)
{
	(void)client;
	(void)user;
	snprintf(other_error, sizeof other_error, "%.*s|%.*s|%.*s", (int)e->code.len, e->code.ptr, (int)e->message.len,
		e->message.ptr, (int)e->details.len, e->details.ptr);
}

/* One that asks for too much is cut short. */
static void a_long_retry_after_is_cut_short(void **state)
{
	static const struct agentos_reply script[] = {
		{.path = "events", .times = 1, .status = 429, .fields = "retry-after: 3600\r\n"},
		{.path = "complete", .times = 1, .status = 503, .fields = "retry-after: 3600\r\n"},
		{.path = NULL},
	};
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	o.retry_base_ms = o.retry_cap_ms = UINT64_C(1000) * 3600 * 24 * 365;
	o.retry_asked_ms = 1;
	open_with(&o, script);
	freshet_agentos_run *run = start();
	emit(run, "a");
	complete(run);
	assert_int_equal(agentos_world_finish().retries, 2);
}

/* Which errors inside a 2xx pass, and where an error is looked for, is a matter of names. */
static void errors_may_be_called_otherwise(void **state)
{
	static const char *const codes[] = {"tired", NULL}, *const error[] = {"problem", NULL},
				 *const code[] = {"problem.kind", NULL}, *const message[] = {"problem.words", NULL},
				 *const details[] = {"problem.more", NULL};
	static const freshet_agentos_names names = {.size = sizeof names,
		.error = error,
		.error_code = code,
		.error_message = message,
		.error_details = details,
		.retry_codes = codes};
	static const struct agentos_reply script[] = {
		{.path = "events", .times = 1, .status = 200, .body = "{\"problem\":{\"kind\":\"Tired\"}}"},
		{.path = "events",
			.times = 1,
			.status = 200,
			.body = "{\"error\":\"x\",\"problem\":{\"kind\":\"rate_limited\",\"words\":\"no\",\"more\":[1]}"
				"}"},
		{.path = NULL},
	};
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	o.names = &names;
	o.on_error = on_other_error;
	open_with(&o, script);
	freshet_agentos_run *run = start();
	emit(run, "a");
	complete(run);
	freshet_agentos_stats stats = agentos_world_finish();
	assert_int_equal(stats.retries, 1);
	assert_int_equal(stats.dropped[FRESHET_AGENTOS_DROPPED_REJECTED], 1);
	assert_string_equal(other_error, "rate_limited|no|[1]");
}

/* ---- what comes behind goes on, in order ---- */

static void the_order_of_a_run_is_kept(void **state)
{
	static const struct agentos_reply script[] = {
		{.path = "events", .times = 2, .status = 500},
		{.path = "tasks", .times = 1, .status = AGENTOS_WORLD_DROP},
		{.path = "start", .times = 1, .status = 503},
		{.path = "complete", .times = 1, .status = 502},
		{.path = NULL},
	};
	freshet_agentos_task task;
	char seen[512] = "";
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	o.batch_size = 2;
	open_with(&o, script);
	freshet_agentos_run *run = start();
	emit(run, "a"), emit(run, "b"), emit(run, "c");
	freshet_agentos_task_start(run, Z("t"), NONE, &task);
	emit(run, "d");
	freshet_agentos_task_skip(run, task);
	complete(run);
	/* The last word of each line of the path, with the types of the events. */
	for (const char *line = agentos_world_log(); *line != '\0'; line = strchr(line, '\n') + 1) {
		const char *slash = strstr(line, " {"), *end = strchr(line, '\n');
		while (slash[-1] != '/')
			slash--;
		strncat(seen, slash, strcspn(slash, " "));
		for (const char *type = line; (type = strstr(type, "\"type\":\"")) != NULL && type < end; type++)
			strncat(strcat(seen, " "), type + 8, 1);
		strcat(seen, "; ");
	}
	assert_string_equal(seen, "start; start; events a b; events a b; events a b; events c; tasks; tasks; events d; "
				  "tasks; complete; complete; ");
	assert_string_equal(what_was_told(), "started\ndone ok sent 4 dropped 0\n");
}

/* ---- starts and ends ---- */

static void a_start_that_fails_loses_the_run(void **state)
{
	static const struct {
		int status;
		const char *body;
		freshet_err err;
		bool drop_unclear;
	} cases[] = {
		{500, NULL, FRESHET_ESERVER, false},
		{500, NULL, FRESHET_ESERVER, true},
		{404, NULL, FRESHET_ENOT_FOUND, false},
		{200, "", FRESHET_EBAD_ANSWER, false},
		{200, "no json", FRESHET_EBAD_ANSWER, false},
		{200, "{\"data\":{},\"error\":null}", FRESHET_EBAD_ANSWER, false},
		{200, "{\"data\":{\"run_id\":\"\"},\"error\":null}", FRESHET_EBAD_ANSWER, false},
		{200, "{\"data\":{\"run_id\":[1]},\"error\":null}", FRESHET_EBAD_ANSWER, false},
		{200, "{\"data\":{\"run_id\":\"a\\u0000b\"},\"error\":null}", FRESHET_EBAD_ANSWER, false},
		{200, "{\"data\":\"x\",\"error\":null}", FRESHET_EBAD_ANSWER, false},
	};
	freshet_agentos_task task;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct agentos_reply script[] = {
			{.path = "start", .status = cases[i].status, .body = cases[i].body}, {.path = NULL}};
		agentos_world_open(agentos_world_answer, NULL);
		freshet_agentos_options o = options();
		o.drop_unclear = cases[i].drop_unclear;
		open_with(&o, script);
		freshet_agentos_run *run = start();
		emit(run, "a");
		freshet_agentos_task_start(run, Z("t"), NONE, &task);
		while (stats_now().runs_lost == 0 || stats_now().queued > 0)
			agentos_world_turn();
		/* Further calls do nothing and succeed. */
		emit(run, "b");
		assert_int_equal(freshet_agentos_task_skip(run, task), FRESHET_OK);
		complete(run);
		char wanted[256];
		const char *name = freshet_err_name(cases[i].err);
		snprintf(wanted, sizeof wanted, "error run_start %s\nlost %s\ndone lost %s sent 0 dropped 2\n", name,
			name, name);
		assert_string_equal(what_was_told(), wanted);
		freshet_agentos_stats stats = agentos_world_finish();
		assert_int_equal(stats.dropped[FRESHET_AGENTOS_DROPPED_LOST], 2);
		assert_int_equal(stats.requests, cases[i].status == 500 && !cases[i].drop_unclear ? 3 : 1);
		assert_int_equal(stats.tasks_failed, 2);
		assert_int_equal(stats.ends_failed, 1);
		agentos_world_close(NULL);
	}
}

static void a_conflict_of_an_end_that_is_repeated_is_a_success(void **state)
{
	static const struct agentos_reply repeated[] = {
		{.path = "complete", .times = 1, .status = AGENTOS_WORLD_DROP},
		{.path = "complete", .status = 409},
		{.path = "fail", .times = 1, .status = 500},
		{.path = "fail", .status = 409},
		{.path = NULL},
	};
	static const struct agentos_reply first[] = {{.path = "complete", .status = 409}, {.path = NULL}};
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	/* Ends are repeated in any case. */
	o.drop_unclear = true;
	open_with(&o, repeated);
	complete(start());
	assert_string_equal(what_was_told(), "started\ndone ok sent 0 dropped 0\n");
	assert_int_equal(freshet_agentos_run_fail(start(), Z("x"), NONE), FRESHET_OK);
	agentos_world_run_until(&done);
	assert_string_equal(what_was_told(), "started\ndone ok sent 0 dropped 0\n");
	assert_int_equal(agentos_world_finish().runs_ended, 2);
	open_with(&o, first);
	complete(start());
	assert_string_equal(what_was_told(), "started\nerror run_complete FRESHET_ECONFLICT\n"
					     "done FRESHET_ECONFLICT sent 0 dropped 0\n");
	assert_int_equal(agentos_world_finish().ends_failed, 1);
}

static void a_task_that_is_given_up_is_counted(void **state)
{
	static const struct agentos_reply script[] = {{.path = "tasks", .times = 1, .status = 400}, {.path = NULL}};
	freshet_agentos_task task;
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	open_with(&o, script);
	freshet_agentos_run *run = start();
	freshet_agentos_task_start(run, Z("t"), NONE, &task);
	freshet_agentos_task_complete(run, task, NONE);
	complete(run);
	freshet_agentos_stats stats = agentos_world_finish();
	assert_int_equal(stats.tasks_failed, 1);
	/* Its end creates it. */
	assert_int_equal(stats.tasks_sent, 1);
	/* An answer without an id, where the server's is wanted. */
	o.task_id_source = FRESHET_AGENTOS_TASK_ID_SERVER;
	open_with(&o, NULL);
	run = start();
	freshet_agentos_task_start(run, Z("t"), NONE, &task);
	complete(run);
	assert_int_equal(last.outcome.err, FRESHET_EBAD_ANSWER);
	assert_true(last.protocol);
	assert_int_equal(agentos_world_finish().tasks_failed, 1);
}

/* ---- the key ---- */

static void a_key_that_is_refused_stops_everything_once(void **state)
{
	static const struct agentos_reply refused[] = {{.path = "events", .status = 401}, {.path = NULL}};
	freshet_agentos_task task;
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	open_with(&o, refused);
	freshet_agentos_run *one = start(), *two = start();
	emit(one, "a");
	emit(two, "b");
	while (!stats_now().stopped || stats_now().queued > 0)
		agentos_world_turn();
	emit(one, "c");
	freshet_agentos_task_start(one, Z("t"), NONE, &task);
	freshet_agentos_run *three = start();
	while (stats_now().runs_lost == 0)
		agentos_world_turn();
	assert_string_equal(what_was_told(), "started\nstarted\nerror events FRESHET_EAUTH\nlost FRESHET_EAUTH\n");
	assert_int_equal(last.error_class, FRESHET_AGENTOS_AUTH);
	freshet_agentos_stats stats = stats_now();
	assert_int_equal(stats.dropped[FRESHET_AGENTOS_DROPPED_AUTH], 3);
	unsigned requests = agentos_world.server.requests;
	/* Another key, and what is reported from now on arrives. */
	agentos_world.script = NULL;
	agentos_world.heads_len = 0;
	assert_int_equal(freshet_agentos_set_api_key(agentos_world.client, ""), FRESHET_EINVAL);
	assert_true(stats_now().stopped);
	assert_int_equal(freshet_agentos_set_api_key(agentos_world.client, "aos_agent_two"), FRESHET_OK);
	emit(one, "d");
	complete(one);
	complete(three);
	complete(two);
	assert_non_null(strstr(agentos_world.heads, "authorization: Bearer aos_agent_two\r\n"));
	assert_null(strstr(agentos_world.heads, AGENTOS_WORLD_KEY));
	assert_int_equal(agentos_world.server.requests, requests + 3);
	stats = agentos_world_finish();
	assert_int_equal(stats.sent, 1);
	assert_int_equal(stats.runs_ended, 2);
	assert_false(stats.stopped);
}

static void new_key_on_error(freshet_agentos *client, const freshet_agentos_error *error, void *user)
{
	on_error(client, error, user);
	agentos_world.script = NULL;
	assert_int_equal(freshet_agentos_set_api_key(client, "aos_agent_two"), FRESHET_OK);
}

static void a_key_that_comes_at_once_loses_nothing(void **state)
{
	static const struct agentos_reply refused[] = {{.path = "events", .status = 403}, {.path = NULL}};
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	o.on_error = new_key_on_error;
	open_with(&o, refused);
	freshet_agentos_run *one = start(), *two = start();
	emit(one, "a");
	emit(two, "b");
	complete(one);
	complete(two);
	freshet_agentos_stats stats = agentos_world_finish();
	assert_int_equal(stats.sent, 2);
	assert_int_equal(freshet_agentos_dropped(&stats), 0);
	assert_string_equal(what_was_told(), "started\nstarted\nerror events FRESHET_EAUTH\n"
					     "done ok sent 1 dropped 0\ndone ok sent 1 dropped 0\n");
}

/* ---- how many at once ---- */

static void a_run_has_one_request_in_flight_and_all_have_so_many(void **state)
{
	static const struct agentos_reply hangs[] = {{.path = "events", .status = AGENTOS_WORLD_HANG}, {.path = NULL}};
	freshet_agentos_run *runs[5];
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	o.max_ingest_streams = 3;
	o.batch_size = 1;
	/* Nobody's patience ends, whatever time passes. */
	o.timeout_ms = UINT64_MAX;
	open_with(&o, hangs);
	for (size_t i = 0; i < 5; i++) {
		runs[i] = start();
		emit(runs[i], "a");
		emit(runs[i], "b");
	}
	/* Starts and the first batch of three of them, and then nobody answers. */
	while (agentos_world.server.requests < 6)
		agentos_world_turn();
	for (size_t i = 0; i < 20; i++)
		agentos_world_turn();
	assert_true(stats_now().in_flight == 3);
	assert_int_equal(count_of(agentos_world_log(), "/events "), 3);
	assert_int_equal(stats_now().queued, 10);
}

/* ---- what is more than a batch ---- */

/* An event as long as a request may be, and how long its payload is. */
static int emit_longest(freshet_agentos_run *run)
{
	char payload[1024];
	freshet_err err = FRESHET_EJSON_SIZE;
	int digits = 1000;
	for (; err != FRESHET_OK; digits--) {
		snprintf(payload, sizeof payload, "{\"a\":\"%0*d\"}", digits, 0);
		err = freshet_agentos_emit(run, Z("long"), Z(payload), FRESHET_AGENTOS_LEVEL_DEFAULT);
	}
	return digits;
}

static void what_does_not_fit_into_a_batch_waits_no_longer_than_others(void **state)
{
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	o.max_request_bytes = 1024;
	open_with(&o, NULL);
	freshet_agentos_run *run = start();
	while (freshet_agentos_run_id(run).len == 0)
		agentos_world_turn();
	/* A batch by itself, and nothing more is said after the other one. */
	assert_true(emit_longest(run) > 300);
	emit(run, "short");
	while (stats_now().sent < 2)
		agentos_world_turn();
	assert_int_equal(stats_now().batches, 2);
}

/* ---- hooks ---- */

static freshet_err refuse_request(freshet_outgoing *request, void *user)
{
	(void)user;
	return strcmp(request->key, "events") == 0 ? FRESHET_EUNSUPPORTED : FRESHET_OK;
}

static freshet_err refuse_answer(freshet_incoming *answer, void *user)
{
	(void)user;
	return strcmp(answer->key, "events") == 0 ? FRESHET_EUNSUPPORTED : FRESHET_OK;
}

static void what_a_hook_refuses_is_given_up(void **state)
{
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	for (size_t i = 0; i < 2; i++) {
		freshet_agentos_options o = options();
		if (i == 0)
			o.request_hook = refuse_request;
		else
			o.response_hook = refuse_answer;
		open_with(&o, NULL);
		freshet_agentos_run *run = start();
		emit(run, "a");
		complete(run);
		assert_string_equal(
			what_was_told(), "started\nerror events FRESHET_EUNSUPPORTED\ndone ok sent 0 dropped 1\n");
		freshet_agentos_stats stats = agentos_world_finish();
		assert_int_equal(stats.dropped[FRESHET_AGENTOS_DROPPED_REJECTED], 1);
		assert_int_equal(stats.requests, 2 + i);
	}
}

/* ---- room for what is no event ---- */

static void runs_and_what_is_open_in_them_are_bounded(void **state)
{
	freshet_agentos_run *none;
	freshet_agentos_task task;
	freshet_agentos_span span;
	(void)state;
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	o.max_runs = 2;
	o.max_open = 3;
	open_with(&o, NULL);
	freshet_agentos_run *one = start(), *two = start();
	assert_int_equal(freshet_agentos_run_start(agentos_world.client, NULL, &none), FRESHET_EQUEUE_FULL);
	assert_null(none);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(freshet_agentos_task_start(one, Z("t"), NONE, &task), FRESHET_OK);
	assert_int_equal(freshet_agentos_span_start(one, Z("s"), NULL, &span), FRESHET_EQUEUE_FULL);
	/* Numbers of another run, of another kind, and numbers that are none. */
	assert_int_equal(freshet_agentos_task_skip(two, task), FRESHET_ESTATE);
	assert_int_equal(freshet_agentos_task_skip(one, (freshet_agentos_task){0}), FRESHET_ESTATE);
	assert_int_equal(freshet_agentos_task_skip(one, (freshet_agentos_task){UINT64_MAX}), FRESHET_ESTATE);
	span.number = task.number;
	assert_int_equal(freshet_agentos_span_end(one, span, NULL), FRESHET_ESTATE);
	/* A place is free when the end was sent, and its number is never given again. */
	freshet_agentos_task old = task;
	assert_int_equal(freshet_agentos_task_skip(one, task), FRESHET_OK);
	assert_int_equal(freshet_agentos_task_start(one, Z("t"), NONE, &task), FRESHET_EQUEUE_FULL);
	while (stats_now().tasks_sent < 4)
		agentos_world_turn();
	assert_int_equal(freshet_agentos_task_start(one, Z("t"), NONE, &task), FRESHET_OK);
	assert_int_not_equal(task.number, old.number);
	assert_int_equal(freshet_agentos_task_skip(one, old), FRESHET_ESTATE);
	complete(one);
	complete(two);
	assert_int_equal(freshet_agentos_run_start(agentos_world.client, NULL, &none), FRESHET_OK);
}

static void controls_have_a_bound_of_their_own(void **state)
{
	static const struct agentos_reply hangs[] = {{.path = "start", .status = AGENTOS_WORLD_HANG}, {.path = NULL}};
	freshet_agentos_task task;
	char output[512];
	freshet_err err;
	(void)state;
	snprintf(output, sizeof output, "\"%0400d\"", 0);
	agentos_world_open(agentos_world_answer, NULL);
	freshet_agentos_options o = options();
	o.max_control_bytes = 4096;
	open_with(&o, hangs);
	freshet_agentos_run *run = start();
	do {
		err = freshet_agentos_task_start(run, Z("t"), Z(output), &task);
		assert_true(stats_now().control_bytes <= 4096);
	} while (err == FRESHET_OK);
	assert_int_equal(err, FRESHET_EQUEUE_FULL);
	assert_true(stats_now().control_bytes > 4096 - 1024);
	/* Events have their own room. */
	emit(run, "a");
	/* An end with too much to carry finds none, and the run goes on; one that carries nothing always does. */
	assert_int_equal(freshet_agentos_run_fail(run, Z("failed"), Z(output)), FRESHET_EQUEUE_FULL);
	assert_int_equal(freshet_agentos_run_complete(run, Z(output)), FRESHET_EQUEUE_FULL);
	assert_int_equal(freshet_agentos_run_complete(run, NONE), FRESHET_OK);
	assert_int_equal(stats_now().refused_room, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_to_a_batch_has_its_consequence),
		cmocka_unit_test_teardown(the_words_of_an_error_are_told, agentos_world_close),
		cmocka_unit_test_teardown(retry_after_decides_the_pause, agentos_world_close),
		cmocka_unit_test_teardown(a_long_retry_after_is_cut_short, agentos_world_close),
		cmocka_unit_test_teardown(errors_may_be_called_otherwise, agentos_world_close),
		cmocka_unit_test_teardown(the_order_of_a_run_is_kept, agentos_world_close),
		cmocka_unit_test(a_start_that_fails_loses_the_run),
		cmocka_unit_test_teardown(a_conflict_of_an_end_that_is_repeated_is_a_success, agentos_world_close),
		cmocka_unit_test_teardown(a_task_that_is_given_up_is_counted, agentos_world_close),
		cmocka_unit_test_teardown(a_key_that_is_refused_stops_everything_once, agentos_world_close),
		cmocka_unit_test_teardown(a_key_that_comes_at_once_loses_nothing, agentos_world_close),
		cmocka_unit_test_teardown(a_run_has_one_request_in_flight_and_all_have_so_many, agentos_world_close),
		cmocka_unit_test_teardown(
			what_does_not_fit_into_a_batch_waits_no_longer_than_others, agentos_world_close),
		cmocka_unit_test_teardown(what_a_hook_refuses_is_given_up, agentos_world_close),
		cmocka_unit_test_teardown(runs_and_what_is_open_in_them_are_bounded, agentos_world_close),
		cmocka_unit_test_teardown(controls_have_a_bound_of_their_own, agentos_world_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
