/*
 * Worker threads beside one loop. The workers do what would hold the loop up, here reading files; each hands its prompt to
 * the loop's thread by freshet_reactor_post. There one session of Agent on Demand is started for each, and followed.
 * usage: AOD_API_URL=https://... AOD_API_TOKEN=... workers THREADS AGENT_ID FILE...
 *
 * The reactor outlives the workers: they are joined before it is freed. Until then each job is in one pair of hands, the
 * worker's before the post and the loop's after it, so that jobs need no lock.
 */
#include <freshet/aod.h>
#include <freshet/freshet.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PROMPT_MAX  4096
#define THREADS_MAX 64
/* Prompts that may wait for the loop. A worker that is faster has to wait: that bounds the memory. */
#define POSTS_MAX 16

struct program;

struct job {
	struct program *program;
	const char *path;
	char prompt[PROMPT_MAX];
	size_t prompt_len;
	unsigned long output; /* bytes that the agent wrote */
};

struct program {
	freshet_reactor *reactor;
	freshet_aod *aod;
	const char *agent_id;
	struct job *jobs;
	size_t job_count;
	atomic_size_t next_job; /* the workers take them in order */
	size_t jobs_over;       /* the loop's */
	size_t jobs_failed;     /* the same */
};

/* ---- on the loop's thread ---- */

static void job_over(struct job *job, const char *words, size_t len, bool failed)
{
	struct program *p = job->program;
	printf("%s: %.*s, %lu bytes\n", job->path, (int)len, words, job->output);
	p->jobs_failed += failed;
	if (++p->jobs_over == p->job_count)
		freshet_reactor_stop(p->reactor);
}

static void job_failed(struct job *job, const char *why)
{
	job_over(job, why, strlen(why), true);
}

static void on_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	struct job *job = user;
	(void)stream;
	if (event->type == FRESHET_AOD_EVENT_OUTPUT)
		job->output += event->output.data.len;
}

static void on_done(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	const freshet_outcome *outcome = &end->error.outcome;
	(void)stream;
	if (outcome->err != FRESHET_OK)
		job_over(user, outcome->text.ptr, outcome->text.len, true);
	else if (end->status != FRESHET_AOD_STATUS_COMPLETED)
		job_failed(user, "the session did not complete");
	else
		job_over(user, "completed", strlen("completed"), false);
}

static void on_created(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	struct job *job = user;
	freshet_aod_stream *stream;
	freshet_aod_stream_options o;
	(void)call;
	if (error != NULL) {
		job_over(job, error->outcome.text.ptr, error->outcome.text.len, true);
		return;
	}
	freshet_aod_stream_options_init(&o);
	o.session_id = ack->id;
	o.callbacks.on_event = on_event;
	o.callbacks.on_done = on_done;
	o.user = job;
	freshet_err err = freshet_aod_stream_open(job->program->aod, &o, &stream);
	if (err != FRESHET_OK)
		job_failed(job, freshet_err_text(err));
}

/* Posted by a worker, which does not touch the job any more. */
static void start_session(freshet_reactor *reactor, void *arg)
{
	struct job *job = arg;
	freshet_aod_create_options o;
	(void)reactor;
	freshet_aod_create_options_init(&o);
	o.agent_id = freshet_str_of(job->program->agent_id);
	o.prompt = (freshet_str){job->prompt, job->prompt_len};
	freshet_err err = freshet_aod_session_create(job->program->aod, &o, on_created, job, NULL);
	if (err != FRESHET_OK)
		job_failed(job, freshet_err_text(err));
}

static void no_prompt(freshet_reactor *reactor, void *arg)
{
	(void)reactor;
	job_failed(arg, "cannot be read");
}

/* ---- on the workers' threads ---- */

static bool make_prompt(struct job *job)
{
	FILE *file = fopen(job->path, "r");
	if (file == NULL)
		return false;
	job->prompt_len = fread(job->prompt, 1, sizeof job->prompt, file);
	bool read = !ferror(file);
	fclose(file);
	return read;
}

/* False when the reactor takes no more. */
static bool hand_over(struct job *job, void (*fn)(freshet_reactor *reactor, void *arg))
{
	static const struct timespec pause = {0, 5000000};
	for (;;) {
		freshet_err err = freshet_reactor_post(job->program->reactor, fn, NULL, job);
		if (err != FRESHET_EPOSTS_FULL && err != FRESHET_ENOMEM)
			return err == FRESHET_OK;
		/* The loop does not keep up, or memory is short: both may pass. */
		nanosleep(&pause, NULL);
	}
}

static void *work(void *user)
{
	struct program *p = user;
	for (;;) {
		size_t i = atomic_fetch_add(&p->next_job, 1);
		if (i >= p->job_count)
			return NULL;
		struct job *job = &p->jobs[i];
		if (!hand_over(job, make_prompt(job) ? start_session : no_prompt))
			return NULL;
	}
}

/* ---- both ---- */

static freshet_err run(struct program *p, size_t thread_count)
{
	pthread_t threads[THREADS_MAX];
	size_t started = 0;
	while (started < thread_count && pthread_create(&threads[started], NULL, work, p) == 0)
		started++;
	/* Fewer threads than asked for are slower, none at all would never come to an end. */
	freshet_err err = started > 0 ? freshet_reactor_run(p->reactor) : FRESHET_ESYSTEM;
	/* Posts are refused from here on, so that no worker goes on in vain. */
	freshet_reactor_close(p->reactor, NULL, NULL);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return err;
}

static freshet_err open_client(struct program *p)
{
	freshet_reactor_options o;
	freshet_reactor_options_init(&o);
	o.posts = true;
	o.max_posts = POSTS_MAX;
	freshet_err err = freshet_reactor_new(&o, &p->reactor);
	/* The URL and the token come from the environment. Certificates are verified. */
	return err == FRESHET_OK ? freshet_aod_new(p->reactor, NULL, &p->aod) : err;
}

static size_t thread_count_of(const char *text)
{
	char *end;
	errno = 0;
	unsigned long count = strtoul(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && count <= THREADS_MAX ? count : 0;
}

int main(int argc, char **argv)
{
	struct program p = {.job_count = argc > 3 ? (size_t)argc - 3 : 0};
	size_t thread_count = argc > 1 ? thread_count_of(argv[1]) : 0;
	if (p.job_count == 0 || thread_count == 0) {
		fprintf(stderr, "usage: workers THREADS AGENT_ID FILE...    with 1 to %d threads\n", THREADS_MAX);
		return 2;
	}
	p.agent_id = argv[2];
	p.jobs = calloc(p.job_count, sizeof *p.jobs);
	freshet_err err = p.jobs != NULL ? open_client(&p) : FRESHET_ENOMEM;
	for (size_t i = 0; i < p.job_count && err == FRESHET_OK; i++) {
		p.jobs[i].program = &p;
		p.jobs[i].path = argv[3 + i];
	}
	if (err == FRESHET_OK)
		err = run(&p, thread_count);
	freshet_reactor_free(p.reactor);
	free(p.jobs);
	if (err != FRESHET_OK)
		fprintf(stderr, "workers: %s\n", freshet_err_text(err));
	return err == FRESHET_OK && p.jobs_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
