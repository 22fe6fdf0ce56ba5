/*
 * A small backend on libevent's evhttp that starts runs of a Sudoiq agent and never follows them: what becomes of them it
 * hears by webhooks, and the tools that they ask for it runs here. Its own pages and the webhook share one server, one loop
 * and one thread. Server certificates are verified by the system's trust (SSL_CERT_FILE).
 *
 *	POST /jobs             the body is the input of a run: 202 at once, {"job":1}
 *	GET  /jobs?id=1        how things stand; with &wait=1 the answer comes when the run is over
 *	POST /hooks/sudoiq     the webhook; a proxy in front of the program gives it a public address and TLS
 *
 * A delivery that comes before the start of its run was answered is sent away to come again. The first Ctrl-C lets the
 * runs that are open come to their ends and takes no more; the second ends the program, and tells which are left.
 * usage: SUDOIQ_BASE_URL=https://... SUDOIQ_API_KEY=... SUDOIQ_ENVIRONMENT=... WEBHOOK_SECRET=... webhook_server AGENT [PORT]
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <freshet/freshet.h>
#include <freshet/sudoiq.h>
#include <freshet/webhook.h>

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_JOBS  100000
#define MAX_INPUT (64 * 1024)

/* One run. */
struct job {
	struct program *program;
	int64_t task_id; /* 0 until the start is answered */
	bool over;
	freshet_sudoiq_status *status; /* the last that was told; NULL: none yet */
	char *failure;                 /* why it could not be started; NULL: it could */
	struct evhttp_request *waits;  /* who asked to be told the end; NULL: nobody */
};

struct program {
	struct event_base *base;
	struct event *interrupt;
	struct evhttp *http;
	freshet_reactor *reactor;
	freshet_sudoiq *sudoiq;
	freshet_webhook *webhook;
	freshet_json_writer *writer;
	const char *agent;
	struct job **jobs; /* a job's number is its place, counted from 1 */
	size_t job_count;
	void *tasks;     /* those that have a task id, by it (tsearch) */
	size_t starting; /* whose start is not answered */
	size_t open;     /* that are not over */
	bool ending;     /* no more are taken */
	bool leaving;
	int code;
};

/* ---- the end ---- */

static void on_reactor_closed(void *user)
{
	struct program *p = user;
	p->reactor = NULL;
	event_base_loopexit(p->base, NULL);
}

/* The webhook goes first, so that nothing new comes; then what is under way. */
static void leave(struct program *p, int code)
{
	if (p->leaving)
		return;
	p->leaving = true;
	p->code = code;
	freshet_webhook_free(p->webhook);
	p->webhook = NULL;
	freshet_reactor_close(p->reactor, on_reactor_closed, p);
}

static void on_idle(evutil_socket_t fd, short what, void *user)
{
	(void)fd, (void)what;
	leave(user, EXIT_SUCCESS);
}

/* On the next turn: the last delivery is to be answered first. */
static void leave_when_idle(struct program *p)
{
	static const struct timeval at_once = {0, 0};
	if (!p->ending || p->open > 0 || p->leaving)
		return;
	if (event_base_once(p->base, -1, EV_TIMEOUT, on_idle, p, &at_once) != 0)
		leave(p, EXIT_SUCCESS);
}

static void on_interrupt(evutil_socket_t signal_number, short what, void *user)
{
	struct program *p = user;
	(void)signal_number, (void)what;
	if (p->ending)
		leave(p, EXIT_FAILURE);
	p->ending = true;
	if (p->open > 0)
		fprintf(stderr, "%zu runs are open; Ctrl-C again leaves them\n", p->open);
	leave_when_idle(p);
}

/* ---- answers ---- */

static void reply(struct evhttp_request *request, int status, freshet_str text)
{
	struct evbuffer *body = evbuffer_new();
	if (body != NULL)
		evbuffer_add(body, text.ptr, text.len);
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "application/json");
	evhttp_send_reply(request, status, NULL, body);
	if (body != NULL)
		evbuffer_free(body);
}

/* Sends what the writer holds. */
static void reply_written(struct program *p, struct evhttp_request *request, int status)
{
	freshet_str text;
	if (freshet_json_writer_text(p->writer, &text) == FRESHET_OK)
		reply(request, status, text);
	else
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
}

static void reply_error(struct program *p, struct evhttp_request *request, int status, const char *error)
{
	freshet_json_writer_reset(p->writer);
	freshet_json_write_object(p->writer);
	freshet_json_write_key(p->writer, "error");
	freshet_json_write_string(p->writer, freshet_str_of(error));
	freshet_json_write_end(p->writer);
	reply_written(p, request, status);
}

static void write_job(freshet_json_writer *w, const struct job *job)
{
	const freshet_sudoiq_status *status = job->status;
	freshet_json_writer_reset(w);
	freshet_json_write_object(w);
	freshet_json_write_key(w, "over");
	freshet_json_write_bool(w, job->over);
	freshet_json_write_key(w, "task_id");
	freshet_json_write_int64(w, job->task_id);
	freshet_json_write_key(w, "status");
	freshet_json_write_string(w, status != NULL ? status->status : freshet_str_of("starting"));
	if (status != NULL && status->result.len > 0) {
		freshet_json_write_key(w, "result");
		freshet_json_write_raw(w, status->result);
	}
	if (job->failure != NULL || (status != NULL && status->error_message.len > 0)) {
		freshet_json_write_key(w, "error");
		freshet_json_write_string(
			w, job->failure != NULL ? freshet_str_of(job->failure) : status->error_message);
	}
	freshet_json_write_end(w);
}

static void reply_job(struct program *p, struct evhttp_request *request, const struct job *job)
{
	write_job(p->writer, job);
	reply_written(p, request, HTTP_OK);
}

/* ---- jobs ---- */

static void end_job(struct job *job)
{
	struct program *p = job->program;
	struct evhttp_request *waits = job->waits;
	if (job->over)
		return;
	job->over = true;
	job->waits = NULL;
	p->open--;
	if (waits != NULL)
		reply_job(p, waits, job);
	leave_when_idle(p);
}

static struct job *new_job(struct program *p)
{
	if (p->job_count == MAX_JOBS)
		return NULL;
	struct job **jobs = realloc(p->jobs, (p->job_count + 1) * sizeof(struct job *));
	struct job *job = calloc(1, sizeof *job);
	if (jobs != NULL)
		p->jobs = jobs;
	if (jobs == NULL || job == NULL) {
		free(job);
		return NULL;
	}
	job->program = p;
	p->jobs[p->job_count++] = job;
	p->open++;
	return job;
}

static int compare_tasks(const void *left, const void *right)
{
	const struct job *a = left, *b = right;
	return (a->task_id > b->task_id) - (a->task_id < b->task_id);
}

static struct job *find_task(const struct program *p, const freshet_sudoiq_status *status)
{
	const struct job wanted = {.task_id = status->task_id};
	struct job *const *found = tfind(&wanted, &p->tasks, compare_tasks);
	return found != NULL && freshet_str_is(status->agent_id, p->agent) ? *found : NULL;
}

/* The tree has nothing but pointers to jobs. */
static void keep_job(void *job)
{
	(void)job;
}

static void free_jobs(struct program *p)
{
	tdestroy(p->tasks, keep_job);
	for (size_t i = 0; i < p->job_count; i++) {
		struct job *job = p->jobs[i];
		if (!job->over && job->task_id != 0)
			fprintf(stderr, "left: task %" PRId64 "\n", job->task_id);
		freshet_sudoiq_status_free(job->status);
		free(job->failure);
		free(job);
	}
	free(p->jobs);
}

/* ---- starts ---- */

static void on_started(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_status *status, void *user)
{
	struct job *job = user;
	struct program *p = job->program;
	(void)call;
	p->starting--;
	job->task_id = error == NULL ? status->task_id : 0;
	if (error == NULL && tsearch(job, &p->tasks, compare_tasks) != NULL) {
		printf("started: task %" PRId64 "\n", job->task_id);
		return;
	}
	freshet_str text = error != NULL ? error->outcome.text : freshet_str_of(freshet_err_text(FRESHET_ENOMEM));
	job->failure = strndup(text.ptr, text.len);
	end_job(job);
}

static freshet_err start(struct job *job, freshet_str input)
{
	freshet_sudoiq_input slot = {freshet_str_of("1"), input};
	freshet_sudoiq_start o;
	freshet_sudoiq_start_init(&o);
	o.agent_id = freshet_str_of(job->program->agent);
	o.string_inputs = &slot;
	o.string_input_count = 1;
	job->program->starting++;
	freshet_err err = freshet_sudoiq_start_agent_run(job->program->sudoiq, &o, on_started, job, NULL);
	if (err != FRESHET_OK) {
		job->program->starting--;
		job->failure = strdup(freshet_err_text(err));
		end_job(job);
	}
	return err;
}

/* The caller is answered at once; the start goes on behind. */
static void post_job(struct program *p, struct evhttp_request *request)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(request);
	size_t len = evbuffer_get_length(body);
	if (len == 0 || len > MAX_INPUT) {
		reply_error(p, request, HTTP_BADREQUEST, "the body is the input: neither nothing nor too much");
		return;
	}
	struct job *job = p->ending ? NULL : new_job(p);
	if (job == NULL) {
		reply_error(p, request, HTTP_SERVUNAVAIL, "no more runs are taken");
		return;
	}
	const char *input = (const char *)evbuffer_pullup(body, -1);
	if (input == NULL || start(job, (freshet_str){input, len}) != FRESHET_OK) {
		end_job(job);
		reply_error(p, request, HTTP_SERVUNAVAIL, "it cannot be started");
		return;
	}
	freshet_json_writer_reset(p->writer);
	freshet_json_write_object(p->writer);
	freshet_json_write_key(p->writer, "job");
	freshet_json_write_uint64(p->writer, p->job_count);
	freshet_json_write_end(p->writer);
	reply_written(p, request, 202);
}

/* ---- pages ---- */

static void get_job(struct program *p, struct evhttp_request *request)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
	struct evkeyvalq parameters;
	if (evhttp_parse_query_str(query != NULL ? query : "", &parameters) != 0) {
		reply_error(p, request, HTTP_BADREQUEST, "this query cannot be read");
		return;
	}
	const char *id = evhttp_find_header(&parameters, "id");
	size_t number = id != NULL ? strtoul(id, NULL, 10) : 0;
	bool waits = evhttp_find_header(&parameters, "wait") != NULL;
	evhttp_clear_headers(&parameters);
	struct job *job = number > 0 && number <= p->job_count ? p->jobs[number - 1] : NULL;
	if (job == NULL)
		reply_error(p, request, HTTP_NOTFOUND, "there is no such job");
	else if (waits && !job->over && job->waits == NULL)
		job->waits = request;
	else
		reply_job(p, request, job);
}

static void on_jobs(struct evhttp_request *request, void *user)
{
	struct program *p = user;
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_POST: post_job(p, request); break;
	case EVHTTP_REQ_GET: get_job(p, request); break;
	default: evhttp_send_error(request, HTTP_BADMETHOD, NULL); break;
	}
}

/* ---- tools and webhooks ---- */

/* A tool of this program, as {"meter":"7"} calls it. One that takes long would keep the invocation and finish it later. */
static void on_read_meter(freshet_sudoiq_invocation *invocation, void *user)
{
	const freshet_sudoiq_invocation_info *info = freshet_sudoiq_invocation_get(invocation);
	(void)user;
	printf("tool: task %" PRId64 ", call %.*s\n", info->task_id, (int)info->call_id.len, info->call_id.ptr);
	freshet_err err = freshet_sudoiq_invocation_finish(invocation, freshet_str_of("64 percent"));
	if (err != FRESHET_OK)
		fprintf(stderr, "tool: %s\n", freshet_err_text(err));
	freshet_sudoiq_invocation_free(invocation);
}

/* Stores what was told and has its tools run; what cannot be done now is told again later. */
static freshet_webhook_verdict on_delivery(freshet_webhook *webhook, const freshet_webhook_delivery *d, void *user)
{
	struct program *p = user;
	freshet_sudoiq_status *status;
	struct job *job = find_task(p, d->sudoiq);
	(void)webhook;
	if (job == NULL)
		return p->starting > 0 ? FRESHET_WEBHOOK_REJECTED : FRESHET_WEBHOOK_IGNORED;
	if (freshet_sudoiq_status_copy(d->sudoiq, &status) != FRESHET_OK)
		return FRESHET_WEBHOOK_REJECTED;
	freshet_err err = freshet_sudoiq_feed(p->sudoiq, status, NULL);
	if (err != FRESHET_OK) {
		fprintf(stderr, "webhook: %s\n", freshet_err_text(err));
		freshet_sudoiq_status_free(status);
		return FRESHET_WEBHOOK_REJECTED;
	}
	freshet_sudoiq_status_free(job->status);
	job->status = status;
	if (freshet_sudoiq_phase_is_terminal(status->phase))
		end_job(job);
	return FRESHET_WEBHOOK_TAKEN;
}

static freshet_err add_webhook(struct program *p, const char *secret)
{
	const freshet_str secrets[] = {freshet_str_of(secret)};
	freshet_webhook_options o;
	freshet_webhook_evhttp_options server;
	freshet_webhook_options_init(&o);
	o.platform = FRESHET_WEBHOOK_SUDOIQ;
	o.secrets = secrets;
	o.secret_count = 1;
	freshet_webhook_evhttp_options_init(&server);
	server.path = "/hooks/sudoiq";
	server.on_delivery = on_delivery;
	server.user = p;
	freshet_err err = freshet_webhook_new(&o, &p->webhook);
	return err == FRESHET_OK ? freshet_webhook_evhttp(p->webhook, p->http, &server) : err;
}

/* ---- the program ---- */

/* On the loopback, where the proxy of the host finds it. */
static freshet_err listen_at(struct program *p, uint16_t port)
{
	struct sockaddr_in address;
	socklen_t len = sizeof address;
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(p->http, "127.0.0.1", port);
	if (bound == NULL || evhttp_set_cb(p->http, "/jobs", on_jobs, p) != 0)
		return FRESHET_ESYSTEM;
	if (getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len) != 0)
		return FRESHET_ESYSTEM;
	printf("listening on http://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
	return FRESHET_OK;
}

static freshet_err set_up_client(struct program *p)
{
	const freshet_sudoiq_tool tool = {.name = freshet_str_of("read_meter"), .handler = on_read_meter};
	freshet_reactor_options reactor;
	freshet_sudoiq_options o;
	freshet_reactor_options_init(&reactor);
	reactor.base = p->base;
	freshet_err err = freshet_reactor_new(&reactor, &p->reactor);
	if (err != FRESHET_OK)
		return err;
	freshet_sudoiq_options_init(&o);
	freshet_sudoiq_options_from_env(&o);
	err = freshet_sudoiq_new(p->reactor, &o, &p->sudoiq);
	return err == FRESHET_OK ? freshet_sudoiq_set_tools(p->sudoiq, &tool, 1, false) : err;
}

static freshet_err set_up(struct program *p, const char *secret, uint16_t port)
{
	p->base = event_base_new();
	p->http = p->base != NULL ? evhttp_new(p->base) : NULL;
	p->interrupt = p->base != NULL ? evsignal_new(p->base, SIGINT, on_interrupt, p) : NULL;
	if (p->http == NULL || p->interrupt == NULL)
		return FRESHET_ENOMEM;
	if (event_add(p->interrupt, NULL) != 0)
		return FRESHET_ESYSTEM;
	freshet_err err = freshet_json_writer_new(NULL, &p->writer);
	if (err == FRESHET_OK)
		err = set_up_client(p);
	if (err == FRESHET_OK)
		err = add_webhook(p, secret);
	return err == FRESHET_OK ? listen_at(p, port) : err;
}

static void tear_down(struct program *p)
{
	p->leaving = true;                /* for callbacks that come now */
	freshet_webhook_free(p->webhook); /* only where something failed, as the next */
	freshet_reactor_free(p->reactor);
	freshet_json_writer_free(p->writer);
	if (p->http != NULL)
		evhttp_free(p->http);
	if (p->interrupt != NULL)
		event_free(p->interrupt);
	if (p->base != NULL)
		event_base_free(p->base);
	free_jobs(p);
}

/* 0 lets the kernel choose. */
static bool read_port(const char *text, uint16_t *port)
{
	char *end;
	errno = 0;
	unsigned long number = strtoul(text, &end, 10);
	*port = (uint16_t)number;
	return errno == 0 && *end == '\0' && end != text && number <= UINT16_MAX;
}

int main(int argc, char **argv)
{
	struct program p = {.code = EXIT_SUCCESS};
	const char *secret = getenv("WEBHOOK_SECRET");
	uint16_t port;
	if (argc < 2 || argc > 3 || secret == NULL || secret[0] == '\0' ||
		!read_port(argc == 3 ? argv[2] : "0", &port)) {
		fprintf(stderr, "usage: WEBHOOK_SECRET=... webhook_server AGENT [PORT]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	p.agent = argv[1];
	freshet_err err = set_up(&p, secret, port);
	if (err == FRESHET_OK && event_base_dispatch(p.base) < 0)
		err = FRESHET_ESYSTEM;
	tear_down(&p);
	if (err != FRESHET_OK)
		fprintf(stderr, "webhook_server: %s\n", freshet_err_text(err));
	return err == FRESHET_OK ? p.code : EXIT_FAILURE;
}
