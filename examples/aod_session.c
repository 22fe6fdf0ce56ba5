/*
 * An agent of Agent on Demand is made, given one prompt after the other in one session, and put away again. What it
 * writes goes to stdout, what happens to stderr. Server certificates are verified by the system's trust (SSL_CERT_FILE).
 * usage: AOD_API_URL=https://... AOD_API_TOKEN=... aod_session PROMPT [PROMPT...]
 */
#include <freshet/aod.h>
#include <freshet/freshet.h>

#include <inttypes.h>
#include <stdio.h>

#define TURN_LIMIT_S 600
#define RUN_LIMIT_MS (2 * TURN_LIMIT_S * UINT64_C(1000))

struct program {
	freshet_aod *aod;
	char **prompts; /* the next one first; NULL at the end */
	char agent[64];
	char session[64]; /* empty: none yet */
	uint64_t cursor;  /* with the session's id all that another process needs to go on from here */
	bool failed;
};

static void clean_up(struct program *p);

/* A call could not be sent, or its answer is an error: says why. False then. */
static bool sent(struct program *p, const char *what, freshet_err err)
{
	if (err == FRESHET_OK)
		return true;
	fprintf(stderr, "%s: %s\n", what, freshet_err_text(err));
	p->failed = true;
	return false;
}

static bool answered(struct program *p, const char *what, const freshet_aod_error *error)
{
	if (error == NULL || error->outcome.err == FRESHET_OK)
		return true;
	fprintf(stderr, "%s: %.*s\n", what, (int)error->outcome.text.len, error->outcome.text.ptr);
	p->failed = true;
	return false;
}

/* ---- turns ---- */

static void on_created(freshet_aod_run *run, const freshet_aod_ack *ack, void *user)
{
	struct program *p = user;
	(void)run;
	snprintf(p->session, sizeof p->session, "%.*s", (int)ack->id.len, ack->id.ptr);
	fprintf(stderr, "session %s\n", p->session);
}

static void on_event(freshet_aod_run *run, const freshet_aod_event *event, void *user)
{
	struct program *p = user;
	p->cursor = freshet_aod_run_cursor(run);
	if (event->type == FRESHET_AOD_EVENT_OUTPUT && event->output.stream == FRESHET_AOD_OUTPUT_STDOUT)
		fwrite(event->output.data.ptr, 1, event->output.data.len, stdout);
	if (event->type == FRESHET_AOD_EVENT_STAGE && event->stage.state == FRESHET_AOD_STAGE_FAILED)
		fprintf(stderr, "stage %.*s failed: %.*s\n", (int)event->stage.name.len, event->stage.name.ptr,
			(int)event->stage.message.len, event->stage.message.ptr);
}

static void on_cut(freshet_aod_run *run, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	(void)run, (void)user;
	fprintf(stderr, "%.*s; again in %" PRIu64 " ms\n", (int)cause->text.len, cause->text.ptr, retry_ms);
}

static void on_prompted(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user);

static void on_turn_done(freshet_aod_run *run, const freshet_aod_run_end *end, void *user)
{
	struct program *p = user;
	(void)run;
	p->cursor = end->cursor;
	if (!answered(p, "the turn", &end->error)) {
		clean_up(p);
		return;
	}
	fprintf(stderr, "turn %" PRId64 ": %.*s, cursor %" PRIu64 "\n", end->session->current_turn,
		(int)end->session->status_name.len, end->session->status_name.ptr, p->cursor);
	if (end->status != FRESHET_AOD_STATUS_COMPLETED)
		p->failed = true;
	if (p->failed || *p->prompts == NULL) {
		clean_up(p);
		return;
	}
	freshet_str prompt = freshet_str_of(*p->prompts++);
	if (!sent(p, "the next prompt",
		    freshet_aod_session_prompt(
			    p->aod, freshet_str_of(p->session), prompt, TURN_LIMIT_S, on_prompted, p, NULL)))
		clean_up(p);
}

static freshet_aod_run_options run_options(struct program *p)
{
	freshet_aod_run_options o;
	freshet_aod_run_options_init(&o);
	o.cursor = p->cursor;
	o.deadline_ms = RUN_LIMIT_MS;
	o.callbacks = (freshet_aod_run_callbacks){on_created, on_event, on_cut, on_turn_done};
	o.user = p;
	return o;
}

static void on_prompted(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	struct program *p = user;
	(void)call, (void)ack;
	freshet_aod_run_options o = run_options(p);
	if (!answered(p, "the next prompt", error) ||
		!sent(p, "the stream", freshet_aod_session_wait(p->aod, freshet_str_of(p->session), &o, NULL)))
		clean_up(p);
}

static void on_agent(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_agent *agent, void *user)
{
	struct program *p = user;
	freshet_aod_create_options session;
	(void)call;
	if (!answered(p, "the agent", error))
		return;
	snprintf(p->agent, sizeof p->agent, "%.*s", (int)agent->id.len, agent->id.ptr);
	freshet_aod_create_options_init(&session);
	session.agent_id = agent->id;
	session.prompt = freshet_str_of(*p->prompts++);
	session.timeout_s = TURN_LIMIT_S;
	freshet_aod_run_options o = run_options(p);
	if (!sent(p, "the session", freshet_aod_session_run(p->aod, &session, &o, NULL)))
		clean_up(p);
}

/* ---- putting away: terminate what still works, delete the session, archive the agent ---- */

static void on_archived(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_agent *agent, void *user)
{
	(void)call, (void)agent;
	answered(user, "archiving the agent", error);
}

static void archive_agent(struct program *p)
{
	sent(p, "archiving the agent",
		freshet_aod_agent_archive(p->aod, freshet_str_of(p->agent), on_archived, p, NULL));
}

static void on_deleted(freshet_aod_call *call, const freshet_aod_error *error, freshet_str detail, void *user)
{
	(void)call, (void)detail;
	answered(user, "deleting the session", error);
	archive_agent(user);
}

static void on_terminated(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	struct program *p = user;
	(void)call, (void)ack;
	if (error == NULL || error->conflict != FRESHET_AOD_CONFLICT_ALREADY_TERMINATED)
		answered(p, "terminating the session", error);
	if (!sent(p, "deleting the session",
		    freshet_aod_session_delete(p->aod, freshet_str_of(p->session), on_deleted, p, NULL)))
		archive_agent(p);
}

static void clean_up(struct program *p)
{
	if (p->session[0] == '\0')
		archive_agent(p);
	else if (!sent(p, "terminating the session",
			 freshet_aod_session_terminate(p->aod, freshet_str_of(p->session), on_terminated, p, NULL)))
		archive_agent(p);
}

int main(int argc, char **argv)
{
	freshet_reactor *reactor;
	freshet_aod_agent_fields agent;
	struct program p = {.prompts = argv + 1};
	if (argc < 2) {
		fprintf(stderr, "usage: aod_session PROMPT [PROMPT...]\n");
		return 2;
	}
	freshet_aod_agent_fields_init(&agent);
	agent.name = freshet_str_of("aod_session example");
	agent.provider = freshet_str_of("anthropic"); /* what servers of today take */
	agent.runtime = freshet_str_of("claude");     /* and what older ones do */
	agent.model = freshet_str_of("anthropic/claude-sonnet-4-5");
	freshet_err err = freshet_reactor_new(NULL, &reactor);
	if (err == FRESHET_OK)
		err = freshet_aod_new(reactor, NULL, &p.aod); /* the URL and the token come from the environment */
	if (err == FRESHET_OK)
		err = freshet_aod_agent_create(p.aod, &agent, on_agent, &p, NULL);
	if (err == FRESHET_OK)
		err = freshet_reactor_run(reactor); /* until nothing is left to wait for */
	freshet_reactor_free(reactor);
	if (!sent(&p, "aod_session", err) || fflush(stdout) != 0)
		return 1;
	return p.failed ? 1 : 0;
}
