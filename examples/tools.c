/*
 * A run of an agent of Sudoiq that has two tools of ours. `add` answers at once; `word_count` reads a file, which would hold
 * the loop up, so each call of it works in a thread of its own and answers from there. What the agent says goes to stdout,
 * what happens to stderr. Server certificates are verified by the system's trust (SSL_CERT_FILE).
 * usage: SUDOIQ_API_KEY=sk_... [SUDOIQ_BASE_URL=https://...] [SUDOIQ_ENVIRONMENT=...] tools AGENT_ID TEXT
 *
 * The tools are registered with the platform under these names; the agent's graph names them. A thread may still be at work
 * when the run is over: what it answers then goes nowhere, and it is joined before the program ends.
 */
#include <freshet/freshet.h>
#include <freshet/json.h>
#include <freshet/sudoiq.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOBS_MAX 32

/* A call of word_count: its thread's, but for `taken`, which is the loop's. */
struct job {
	pthread_t thread;
	freshet_sudoiq_invocation *invocation;
	atomic_bool over; /* nothing but the join is left */
	bool taken;
};

struct program {
	freshet_reactor *reactor;
	freshet_sudoiq *sudoiq;
	struct job jobs[JOBS_MAX];
	bool failed;
};

/* ---- tools ---- */

/* Nothing can be done about an answer that nobody waits for any more. */
static void answer(freshet_sudoiq_invocation *invocation, const char *text)
{
	(void)freshet_sudoiq_invocation_finish(invocation, freshet_str_of(text));
	freshet_sudoiq_invocation_free(invocation);
}

static void refuse(freshet_sudoiq_invocation *invocation, const char *why)
{
	(void)freshet_sudoiq_invocation_fail(invocation, freshet_str_of(why));
	freshet_sudoiq_invocation_free(invocation);
}

/* add {"a": NUMBER, "b": NUMBER} */
static void add(freshet_sudoiq_invocation *invocation, void *user)
{
	freshet_str args = freshet_sudoiq_invocation_get(invocation)->args;
	freshet_json_value a, b;
	double x = 0, y = 0;
	char sum[64];
	(void)user;
	if (freshet_json_get(args, "a", &a, NULL) != FRESHET_OK || freshet_json_double(&a, &x) != FRESHET_OK ||
		freshet_json_get(args, "b", &b, NULL) != FRESHET_OK || freshet_json_double(&b, &y) != FRESHET_OK) {
		refuse(invocation, "a and b must be numbers");
		return;
	}
	snprintf(sum, sizeof sum, "%g", x + y);
	answer(invocation, sum);
}

/* The words of a file; -1: it cannot be read. */
static long count_words(const char *path)
{
	FILE *file = fopen(path, "r");
	long words = 0;
	bool inside = false;
	if (file == NULL)
		return -1;
	for (int c = getc(file); c != EOF; c = getc(file)) {
		words += !inside && !isspace(c);
		inside = !isspace(c);
	}
	bool failed = ferror(file) != 0;
	fclose(file);
	return failed ? -1 : words;
}

/* On a thread of its own: of the library only what may be called from there. */
static void *work(void *arg)
{
	struct job *job = arg;
	freshet_str args = freshet_sudoiq_invocation_get(job->invocation)->args;
	freshet_json_value value;
	freshet_json_scratch scratch;
	freshet_str given = {NULL, 0};
	char path[4096], words[32];
	long count = -1;
	freshet_json_scratch_init(&scratch, NULL, 0);
	if (freshet_json_get(args, "path", &value, NULL) == FRESHET_OK &&
		freshet_json_string(&value, &scratch, &given) == FRESHET_OK && given.len < sizeof path) {
		snprintf(path, sizeof path, "%.*s", (int)given.len, given.ptr);
		count = count_words(path);
	}
	freshet_json_scratch_clear(&scratch);
	snprintf(words, sizeof words, "%ld", count);
	freshet_err err = count < 0 ? freshet_sudoiq_invocation_post_fail(
					      job->invocation, freshet_str_of("the file cannot be read"))
				    : freshet_sudoiq_invocation_post_finish(job->invocation, freshet_str_of(words));
	if (err != FRESHET_OK && err != FRESHET_ESTATE)
		fprintf(stderr, "an answer is lost: %s\n", freshet_err_text(err));
	freshet_sudoiq_invocation_free(job->invocation);
	atomic_store(&job->over, true);
	return NULL;
}

/* A place for a call: one that was never taken, or whose thread is at its end. NULL: all are at work. */
static struct job *find_place(struct program *p)
{
	for (struct job *job = p->jobs; job < p->jobs + JOBS_MAX; job++) {
		if (job->taken && !atomic_load(&job->over))
			continue;
		if (job->taken)
			pthread_join(job->thread, NULL);
		job->taken = false;
		return job;
	}
	return NULL;
}

/* word_count {"path": TEXT} */
static void word_count(freshet_sudoiq_invocation *invocation, void *user)
{
	struct job *job = find_place(user);
	if (job == NULL) {
		refuse(invocation, "too many files at once");
		return;
	}
	job->invocation = invocation;
	atomic_store(&job->over, false);
	if (pthread_create(&job->thread, NULL, work, job) == 0)
		job->taken = true;
	else
		refuse(invocation, "no thread is left");
}

static void join_all(struct program *p)
{
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (p->jobs[i].taken)
			pthread_join(p->jobs[i].thread, NULL);
}

static void on_record(freshet_sudoiq *client, const freshet_sudoiq_tool_record *record, void *user)
{
	(void)client, (void)user;
	fprintf(stderr, "tool %.*s: %s\n", (int)record->name.len, record->name.ptr,
		freshet_sudoiq_tool_outcome_name(record->outcome));
}

/* ---- the run ---- */

static void on_event(freshet_sudoiq_run *run, const freshet_sudoiq_event *event, void *user)
{
	(void)run, (void)user;
	switch (event->type) {
	case FRESHET_SUDOIQ_EVENT_STARTED: fprintf(stderr, "run %" PRId64 "\n", event->task_id); break;
	case FRESHET_SUDOIQ_EVENT_DELTA: fwrite(event->delta.text.ptr, 1, event->delta.text.len, stdout); break;
	case FRESHET_SUDOIQ_EVENT_STATUS:
		fprintf(stderr, "%.*s\n", (int)event->status->status.len, event->status->status.ptr);
		break;
	case FRESHET_SUDOIQ_EVENT_ERROR:
		fprintf(stderr, "error: %.*s\n", (int)event->error.text.len, event->error.text.ptr);
		break;
	default: break;
	}
}

static void on_done(freshet_sudoiq_run *run, const freshet_sudoiq_run_end *end, void *user)
{
	struct program *p = user;
	const freshet_outcome *outcome = &end->error.outcome;
	(void)run;
	p->failed = outcome->err != FRESHET_OK || end->phase != FRESHET_SUDOIQ_COMPLETED;
	if (outcome->err != FRESHET_OK)
		fprintf(stderr, "%.*s\n", (int)outcome->text.len, outcome->text.ptr);
	else
		printf("\n%s: %.*s\n", freshet_sudoiq_phase_name(end->phase), (int)end->status->result.len,
			end->status->result.len > 0 ? end->status->result.ptr : "");
	freshet_reactor_stop(p->reactor);
}

static freshet_err start_run(struct program *p, const char *agent, const char *text)
{
	static const freshet_sudoiq_run_callbacks callbacks = {on_event, on_done};
	const freshet_sudoiq_input input = {freshet_str_of("1"), freshet_str_of(text)};
	const freshet_sudoiq_tool tools[] = {
		{.name = freshet_str_of("add"), .handler = add},
		{.name = freshet_str_of("word_count"), .handler = word_count, .user = p},
	};
	freshet_sudoiq_start o;
	freshet_err err = freshet_sudoiq_set_tools(p->sudoiq, tools, sizeof tools / sizeof tools[0], false);
	if (err != FRESHET_OK)
		return err;
	freshet_sudoiq_start_init(&o);
	o.agent_id = freshet_str_of(agent);
	o.string_inputs = &input;
	o.string_input_count = 1;
	return freshet_sudoiq_execute_agent(p->sudoiq, &o, &callbacks, p, NULL);
}

static freshet_err open_client(struct program *p)
{
	freshet_reactor_options r;
	freshet_sudoiq_options o;
	freshet_reactor_options_init(&r);
	r.posts = true;
	freshet_err err = freshet_reactor_new(&r, &p->reactor);
	if (err != FRESHET_OK)
		return err;
	freshet_sudoiq_options_init(&o);
	freshet_sudoiq_options_from_env(&o);
	if (o.default_environment == NULL)
		o.default_environment = "playground";
	o.on_tool_record = on_record;
	return freshet_sudoiq_new(p->reactor, &o, &p->sudoiq);
}

int main(int argc, char **argv)
{
	static struct program p;
	if (argc != 3) {
		fprintf(stderr, "usage: tools AGENT_ID TEXT\n");
		return 2;
	}
	freshet_err err = open_client(&p);
	if (err == FRESHET_OK)
		err = start_run(&p, argv[1], argv[2]);
	if (err == FRESHET_OK)
		err = freshet_reactor_run(p.reactor);
	if (err != FRESHET_OK)
		fprintf(stderr, "tools: %s\n", freshet_err_text(err));
	/* Threads that are still at work keep nothing of the reactor. */
	freshet_reactor_free(p.reactor);
	join_all(&p);
	return err != FRESHET_OK || p.failed ? 1 : 0;
}
