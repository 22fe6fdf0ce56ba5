/*
 * An agent that reports what it does to AgentOS: it counts the lines of files, each file a task with a tool call inside of a
 * span, and says at the end what became of its reports. Counting never waits for the platform, and goes on without it.
 * Server certificates are verified by the system's trust (SSL_CERT_FILE).
 * usage: AGENTOS_API_KEY=aos_agent_... AGENTOS_AGENT_ID=... [AGENTOS_BASE_URL=https://...] telemetry FILE [FILE...]
 */
#include <freshet/agentos.h>
#include <freshet/freshet.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define NONE ((freshet_str){NULL, 0})

struct program {
	freshet_agentos *agentos;
	char **files; /* the next one first; NULL at the end */
	freshet_timer *work;
	freshet_agentos_run *run; /* NULL: there is none any more */
	uint64_t lines;
	unsigned unread; /* files that could not be */
	bool unsent;     /* something was not reported */
};

/* A report could not even be written down: says why. The work goes on. */
static void noted(struct program *p, const char *what, freshet_err err)
{
	if (err == FRESHET_OK)
		return;
	fprintf(stderr, "%s: %s\n", what, freshet_err_text(err));
	p->unsent = true;
}

/* ---- what the platform says ---- */

static void on_started(freshet_agentos_run *run, freshet_str run_id, void *user)
{
	(void)run, (void)user;
	fprintf(stderr, "run %.*s\n", (int)run_id.len, run_id.ptr);
}

static void on_lost(freshet_agentos_run *run, const freshet_agentos_error *error, void *user)
{
	(void)run, (void)user;
	fprintf(stderr, "this run will not be seen: %.*s\n", (int)error->outcome.text.len, error->outcome.text.ptr);
}

static void on_error(freshet_agentos *agentos, const freshet_agentos_error *error, void *user)
{
	(void)agentos, (void)user;
	fprintf(stderr, "given up: %s: %.*s\n", error->key != NULL ? error->key : "a report",
		(int)error->outcome.text.len, error->outcome.text.ptr);
}

static void on_closed(const freshet_agentos_stats *stats, void *user)
{
	struct program *p = user;
	fprintf(stderr,
		"%" PRIu64 " events, %" PRIu64 " sent in %" PRIu64 " batches, %" PRIu64 " dropped; %" PRIu64
		" reports of tasks; %" PRIu64 " retries\n",
		stats->emitted, stats->sent, stats->batches, freshet_agentos_dropped(stats), stats->tasks_sent,
		stats->retries);
	for (int i = 0; i < FRESHET_AGENTOS_DROP_CAUSES; i++)
		if (stats->dropped[i] > 0)
			fprintf(stderr, "  %s: %" PRIu64 "\n", freshet_agentos_drop_text((freshet_agentos_drop)i),
				stats->dropped[i]);
	if (stats->sent < stats->emitted || stats->runs_ended < stats->runs || stats->tasks_failed > 0)
		p->unsent = true;
}

/* The end of the run is settled: nothing is left to do but to say how it went. */
static void on_done(freshet_agentos_run *run, const freshet_agentos_run_end *end, void *user)
{
	struct program *p = user;
	(void)run, (void)end;
	p->run = NULL;
	freshet_timer_free(p->work);
	p->work = NULL;
	freshet_agentos_close(p->agentos, 0, on_closed, p);
}

/* ---- the work ---- */

/* Its lines; an errno when it cannot be read. */
static int count_lines(const char *path, uint64_t *lines)
{
	FILE *file = fopen(path, "r");
	int c;
	*lines = 0;
	if (file == NULL)
		return errno;
	while ((c = getc(file)) != EOF)
		*lines += c == '\n';
	int failure = ferror(file) ? errno : 0;
	fclose(file);
	return failure;
}

/* The same as a tool call inside of a span. */
static int use_tool(struct program *p, const char *path, uint64_t *lines)
{
	static const freshet_str tool = {"count_lines", 11};
	freshet_agentos_span_options options;
	freshet_agentos_span_result result;
	freshet_agentos_span span;
	char output[32];
	freshet_agentos_span_options_init(&options);
	freshet_agentos_span_result_init(&result);
	options.kind = "tool";
	noted(p, "the span", freshet_agentos_span_start(p->run, tool, &options, &span));
	noted(p, "the call", freshet_agentos_emit_tool_call(p->run, tool, NONE));
	int failure = count_lines(path, lines);
	if (failure == 0) {
		snprintf(output, sizeof output, "%" PRIu64, *lines);
		noted(p, "the result", freshet_agentos_emit_tool_return(p->run, tool, freshet_str_of(output)));
	} else {
		result.failed = true;
		result.error = freshet_str_of(strerror(failure));
		noted(p, "the failure", freshet_agentos_emit_tool_error(p->run, tool, result.error));
	}
	noted(p, "the span's end", freshet_agentos_span_end(p->run, span, &result));
	return failure;
}

static void do_file(struct program *p, const char *path)
{
	freshet_agentos_task task;
	uint64_t lines;
	noted(p, "the task", freshet_agentos_task_start(p->run, freshet_str_of(path), NONE, &task));
	int failure = use_tool(p, path, &lines);
	if (failure == 0) {
		char output[32];
		snprintf(output, sizeof output, "%" PRIu64, lines);
		printf("%s %s\n", output, path);
		p->lines += lines;
		noted(p, "the task's end", freshet_agentos_task_complete(p->run, task, freshet_str_of(output)));
	} else {
		fprintf(stderr, "%s: %s\n", path, strerror(failure));
		p->unread++;
		noted(p, "the task's end", freshet_agentos_task_fail(p->run, task, freshet_str_of("cannot be read")));
	}
}

static void end_run(struct program *p)
{
	char output[64];
	freshet_err err;
	snprintf(output, sizeof output, "{\"lines\":%" PRIu64 ",\"unread\":%u}", p->lines, p->unread);
	if (p->unread == 0)
		err = freshet_agentos_run_complete(p->run, freshet_str_of(output));
	else
		err = freshet_agentos_run_fail(
			p->run, freshet_str_of("some files cannot be read"), freshet_str_of(output));
	noted(p, "the run's end", err);
	if (err != FRESHET_OK)
		freshet_agentos_close(p->agentos, 0, on_closed, p);
}

/* One file each turn of the loop, so that reports go out meanwhile. */
static void on_work(freshet_timer *timer, void *user)
{
	struct program *p = user;
	if (*p->files == NULL) {
		end_run(p);
		return;
	}
	do_file(p, *p->files++);
	freshet_timer_set(timer, 0);
}

static freshet_err begin(struct program *p, freshet_reactor *reactor)
{
	freshet_agentos_options options;
	freshet_agentos_run_options run;
	freshet_agentos_options_init(&options);
	options.on_error = on_error;
	freshet_err err = freshet_agentos_new_from_env(reactor, &options, &p->agentos);
	if (err != FRESHET_OK)
		return err;
	freshet_agentos_run_options_init(&run);
	run.trigger_type = "manual";
	run.callbacks = (freshet_agentos_run_callbacks){on_started, on_lost, on_done};
	run.user = p;
	err = freshet_agentos_run_start(p->agentos, &run, &p->run);
	if (err == FRESHET_OK)
		err = freshet_timer_new(reactor, on_work, p, &p->work);
	if (err == FRESHET_OK)
		freshet_timer_set(p->work, 0);
	return err;
}

int main(int argc, char **argv)
{
	freshet_reactor *reactor;
	struct program p = {.files = argv + 1};
	if (argc < 2) {
		fprintf(stderr, "usage: telemetry FILE [FILE...]\n");
		return 2;
	}
	freshet_err err = freshet_reactor_new(NULL, &reactor);
	if (err == FRESHET_OK)
		err = begin(&p, reactor);
	if (err == FRESHET_OK)
		err = freshet_reactor_run(reactor); /* until nothing is left to wait for */
	freshet_reactor_free(reactor);
	if (err != FRESHET_OK)
		fprintf(stderr, "%s\n", freshet_err_text(err));
	return err != FRESHET_OK || p.unread > 0 || p.unsent;
}
