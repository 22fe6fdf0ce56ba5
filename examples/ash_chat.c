/*
 * A conversation with an agent of Ash in the terminal: lines of stdin are what is said, the agent's text goes to stdout
 * as it comes, its tool calls and what else happens to stderr. The loop is the program's own and reads stdin, too, so
 * nothing waits for anything but the loop. Server certificates are verified by the system's trust (SSL_CERT_FILE).
 *
 * Lines are worked off one after the other; more is read when the turn is over. Ctrl-C interrupts the turn, a second one
 * ends the program, as /quit and the end of input do. The session stays and can be entered again. A turn that fails is
 * told, and the conversation goes on; the program fails when it cannot enter a session, read or write.
 * usage: ASH_SERVER_URL=https://... ASH_API_KEY=... ash_chat AGENT | ash_chat --session ID
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <freshet/ash.h>
#include <freshet/ash_turn.h>
#include <freshet/freshet.h>
#include <freshet/json.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LINE    (1024 * 1024)
#define INTERRUPTED 130 /* exit code of programs that Ctrl-C ended */

struct program {
	struct event_base *base;
	struct event *readable; /* stdin; awaited only when there is no line to work off */
	struct event *interrupt;
	struct evbuffer *input;
	freshet_reactor *reactor;
	freshet_ash *ash;
	freshet_ash_chat *chat;       /* NULL until a session is entered */
	freshet_json_scratch scratch; /* for texts of stored events */
	bool busy;                    /* a call or a turn is under way */
	bool talking;                 /* it is a turn */
	bool interrupting;            /* Ctrl-C came in this turn */
	bool mid_line;                /* the agent's text has not ended its line */
	bool input_over;
	bool leaving;
	int code;
};

static void next_line(struct program *p);

/* ---- the end ---- */

static void on_reactor_closed(void *user)
{
	struct program *p = user;
	p->reactor = NULL;
	event_base_loopbreak(p->base);
}

/* The turn that is open, if any, is told its end before the loop is left. */
static void leave(struct program *p, int code)
{
	if (p->leaving)
		return;
	p->leaving = true;
	p->code = code;
	freshet_reactor_close(p->reactor, on_reactor_closed, p);
}

/* ---- what is shown ---- */

/* Text of others must not lead the terminal: control characters but LF and tab are shown as a question mark. */
static void put(FILE *file, freshet_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		unsigned char next = i + 1 < text.len ? (unsigned char)text.ptr[i + 1] : 0;
		bool c1 = c == 0xc2 && next >= 0x80 && next < 0xa0; /* U+0080..U+009F, two bytes in UTF-8 */
		i += c1;
		putc(c1 || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ? '?' : c, file);
	}
}

static void end_text_line(struct program *p)
{
	if (p->mid_line)
		putc('\n', stdout);
	p->mid_line = false;
	if (fflush(stdout) != 0)
		leave(p, EXIT_FAILURE);
}

static void show_text(struct program *p, freshet_str text)
{
	if (text.len == 0)
		return;
	put(stdout, text);
	p->mid_line = text.ptr[text.len - 1] != '\n';
	if (fflush(stdout) != 0)
		leave(p, EXIT_FAILURE);
}

/* [what: detail] */
static void notice(struct program *p, const char *what, freshet_str detail)
{
	end_text_line(p);
	fprintf(stderr, "[%s%s", what, detail.len > 0 ? ": " : "");
	put(stderr, detail);
	fputs("]\n", stderr);
}

static void notice_error(struct program *p, const char *what, const freshet_ash_error *error)
{
	notice(p, what, error->message.len > 0 ? error->message : error->outcome.text);
}

/* Something is under way now; or it is not, and why is told. */
static bool begun(struct program *p, const char *what, freshet_err err)
{
	p->busy = err == FRESHET_OK;
	if (!p->busy)
		notice(p, what, freshet_str_of(freshet_err_text(err)));
	return p->busy;
}

/* ---- turns ---- */

static void show_tool(struct program *p, freshet_str name, freshet_str input)
{
	end_text_line(p);
	fputs("[tool ", stderr);
	put(stderr, name);
	fputs(" ", stderr);
	put(stderr, input);
	fputs("]\n", stderr);
}

static void show_message(struct program *p, const freshet_ash_agent_message *message)
{
	if (message->kind == FRESHET_ASH_MESSAGE_ASSISTANT)
		end_text_line(p); /* its text was shown piece by piece */
	if (message->error.len > 0)
		notice(p, "the model", message->error);
	if (message->kind == FRESHET_ASH_MESSAGE_RESULT && message->is_error)
		notice(p, "no success", message->errors.len > 0 ? message->errors : message->subtype);
}

/* After a break: what the server has stored since. Text that was shown in part comes again, whole. */
static void show_record(struct program *p, const freshet_ash_record *record)
{
	FRESHET_JSON_PLAN(plan, "text", "toolName", "input");
	freshet_json_value value[3];
	freshet_str text;
	if (freshet_json_pick(&plan, record->data, value, NULL) != FRESHET_OK)
		return;
	freshet_json_scratch_reset(&p->scratch);
	if (record->type == FRESHET_ASH_RECORD_TEXT &&
		freshet_json_string(&value[0], &p->scratch, &text) == FRESHET_OK) {
		notice(p, "from the store", freshet_str_of(""));
		show_text(p, text);
		end_text_line(p);
	} else if (record->type == FRESHET_ASH_RECORD_TOOL_START &&
		   freshet_json_string(&value[1], &p->scratch, &text) == FRESHET_OK) {
		show_tool(p, text, value[2].raw);
	}
}

static void try_interrupt(struct program *p)
{
	freshet_err err = freshet_ash_chat_interrupt(p->chat);
	if (err != FRESHET_OK && err != FRESHET_ESTATE) /* ESTATE: the message is on its way; tried again then */
		notice(p, "interrupting", freshet_str_of(freshet_err_text(err)));
}

static void on_event(freshet_ash_chat *chat, const freshet_ash_event *event, void *user)
{
	struct program *p = user;
	(void)chat;
	if (p->interrupting && event->type == FRESHET_ASH_EVENT_SESSION_START)
		try_interrupt(p);
	switch (event->type) {
	case FRESHET_ASH_EVENT_TEXT_DELTA: show_text(p, event->delta.text); break;
	case FRESHET_ASH_EVENT_TOOL_USE: show_tool(p, event->tool_use.name, event->tool_use.input); break;
	case FRESHET_ASH_EVENT_MESSAGE: show_message(p, &event->message); break;
	case FRESHET_ASH_EVENT_RECORD: show_record(p, event->record); break;
	case FRESHET_ASH_EVENT_ERROR: notice(p, "error", event->error.text); break;
	default:
		if (event->err != FRESHET_OK)
			notice(p, "an event cannot be read", freshet_str_of(freshet_err_text(event->err)));
	}
}

static void on_turn(freshet_ash_chat *chat, const freshet_ash_turn_end *end, void *user)
{
	static const char *const states[] = {
		[FRESHET_ASH_TURN_UNKNOWN] = "the end is not known; the next message starts the agent anew",
		[FRESHET_ASH_TURN_UNSENT] = "not sent",
		[FRESHET_ASH_TURN_REFUSED] = "refused",
		[FRESHET_ASH_TURN_COMPLETED] = "completed",
		[FRESHET_ASH_TURN_FAILED] = "failed",
		[FRESHET_ASH_TURN_RECOVERED] = "completed after a break",
		[FRESHET_ASH_TURN_DISTURBED] = "another program spoke; the next message starts the agent anew",
		[FRESHET_ASH_TURN_INTERRUPTED] = "interrupted",
	};
	struct program *p = user;
	(void)chat;
	p->busy = p->talking = p->interrupting = false;
	if (p->leaving)
		return;
	if (end->error.outcome.err != FRESHET_OK)
		notice_error(p, states[end->state], &end->error);
	else
		notice(p, states[end->state], freshet_str_of(""));
	next_line(p);
}

static void say(struct program *p, freshet_str text)
{
	freshet_ash_turn_options o;
	freshet_ash_turn_options_init(&o);
	o.partial = true;
	p->talking = begun(p, "not sent", freshet_ash_chat_say(p->chat, text, &o));
}

static void on_interrupt(evutil_socket_t number, short what, void *user)
{
	struct program *p = user;
	(void)number, (void)what;
	if (!p->talking || p->interrupting) {
		if (p->talking)
			notice(p, "the agent may be still at work", freshet_str_of(""));
		leave(p, INTERRUPTED);
		return;
	}
	p->interrupting = true;
	notice(p, "interrupting", freshet_str_of("once more to leave"));
	try_interrupt(p);
}

/* ---- sessions ---- */

static freshet_str session_id(const struct program *p)
{
	return freshet_str_of(freshet_ash_chat_session(p->chat));
}

static void go_on_in(struct program *p, freshet_str id)
{
	static const freshet_ash_chat_callbacks callbacks = {on_event, on_turn};
	freshet_ash_chat *chat;
	freshet_err err = freshet_ash_chat_new(p->ash, id, &callbacks, p, &chat);
	if (err != FRESHET_OK) {
		notice(p, "no session", freshet_str_of(freshet_err_text(err)));
		return;
	}
	notice(p, "session", id);
	freshet_ash_chat_free(p->chat); /* no turn is open here */
	p->chat = chat;
}

/* A session was made, found or forked. */
static void on_entered(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *session,
	size_t count, void *user)
{
	struct program *p = user;
	(void)call, (void)count;
	p->busy = false;
	if (p->leaving)
		return;
	if (error != NULL)
		notice_error(p, "no session", error);
	else
		go_on_in(p, session->id);
	if (p->chat == NULL)
		leave(p, EXIT_FAILURE);
	else
		next_line(p);
}

static void on_changed(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *session,
	size_t count, void *user)
{
	struct program *p = user;
	(void)call, (void)count;
	p->busy = false;
	if (p->leaving)
		return;
	if (error != NULL)
		notice_error(p, "the session", error);
	else
		notice(p, "the session is now", session->status_name);
	next_line(p);
}

static void pause_session(struct program *p)
{
	begun(p, "/pause", freshet_ash_session_pause(p->ash, session_id(p), on_changed, p, NULL));
}

static void resume_session(struct program *p)
{
	begun(p, "/resume", freshet_ash_session_resume(p->ash, session_id(p), on_changed, p, NULL));
}

static void fork_session(struct program *p)
{
	begun(p, "/fork", freshet_ash_session_fork(p->ash, session_id(p), on_entered, p, NULL));
}

static void quit(struct program *p)
{
	leave(p, EXIT_SUCCESS);
}

static freshet_err enter(struct program *p, const char *agent, const char *session)
{
	freshet_ash_session_options o;
	p->busy = true;
	if (session != NULL)
		return freshet_ash_session_get(p->ash, freshet_str_of(session), on_entered, p, NULL);
	freshet_ash_session_options_init(&o);
	o.agent = freshet_str_of(agent);
	return freshet_ash_session_create(p->ash, &o, on_entered, p, NULL);
}

/* ---- input ---- */

static void take_line(struct program *p, const char *line, size_t len)
{
	static const struct {
		const char *name;
		void (*run)(struct program *p);
	} commands[] = {
		{"/pause", pause_session}, {"/resume", resume_session}, {"/fork", fork_session}, {"/quit", quit}};
	if (len == 0)
		return;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(line, commands[i].name) == 0) {
			commands[i].run(p);
			return;
		}
	}
	if (line[0] == '/')
		notice(p, "there are", freshet_str_of("/pause, /resume, /fork, /quit"));
	else
		say(p, (freshet_str){line, len});
}

static void await_input(struct program *p)
{
	if (p->input_over) {
		leave(p, EXIT_SUCCESS);
		return;
	}
	const char *cause = NULL;
	if (evbuffer_get_length(p->input) > MAX_LINE)
		cause = "a line is too long";
	else if (event_add(p->readable, NULL) != 0)
		cause = "it cannot be awaited";
	if (cause != NULL) {
		notice(p, "stdin", freshet_str_of(cause));
		leave(p, EXIT_FAILURE);
	} else if (isatty(STDIN_FILENO)) {
		fputs("> ", stderr);
	}
}

/* Works off what was typed until something is under way: its end calls this again. */
static void next_line(struct program *p)
{
	while (!p->busy && !p->leaving) {
		size_t len;
		char *line = evbuffer_readln(p->input, &len, EVBUFFER_EOL_CRLF);
		if (line == NULL) {
			await_input(p);
			return;
		}
		take_line(p, line, len);
		free(line);
	}
}

/* One read of a descriptor that is readable does not block, and leaves the terminal as the shell set it up. */
static void on_readable(evutil_socket_t fd, short what, void *user)
{
	struct program *p = user;
	char bytes[4096];
	(void)what;
	ssize_t len = read(fd, bytes, sizeof bytes);
	p->input_over = len == 0;
	int failed = 0;
	if (len > 0)
		failed = evbuffer_add(p->input, bytes, (size_t)len);
	else if (len == 0 && evbuffer_get_length(p->input) > 0)
		failed = evbuffer_add(p->input, "\n", 1); /* the last line may have no end of its own */
	else if (len < 0)
		failed = errno != EAGAIN && errno != EINTR;
	if (failed != 0) {
		notice(p, "stdin", freshet_str_of(strerror(errno)));
		leave(p, EXIT_FAILURE);
		return;
	}
	next_line(p);
}

/* ---- the loop ---- */

/* A loop that can watch a file, too, where stdin is one. */
static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;
	if (config != NULL && event_config_require_features(config, EV_FEATURE_FDS) == 0)
		base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	return base;
}

static freshet_err set_up(struct program *p)
{
	freshet_reactor_options options;
	p->base = new_base();
	p->input = evbuffer_new();
	if (p->base == NULL || p->input == NULL)
		return FRESHET_ENOMEM;
	p->readable = event_new(p->base, STDIN_FILENO, EV_READ, on_readable, p);
	p->interrupt = evsignal_new(p->base, SIGINT, on_interrupt, p);
	if (p->readable == NULL || p->interrupt == NULL)
		return FRESHET_ENOMEM;
	if (event_add(p->interrupt, NULL) != 0)
		return FRESHET_ESYSTEM;
	freshet_reactor_options_init(&options);
	options.base = p->base;
	freshet_err err = freshet_reactor_new(&options, &p->reactor);
	return err == FRESHET_OK ? freshet_ash_new(p->reactor, NULL, &p->ash) : err; /* URL and key: environment */
}

static void tear_down(struct program *p)
{
	freshet_reactor_free(p->reactor); /* only where something failed: else it has closed */
	freshet_ash_chat_free(p->chat);
	freshet_json_scratch_clear(&p->scratch);
	if (p->readable != NULL)
		event_free(p->readable);
	if (p->interrupt != NULL)
		event_free(p->interrupt);
	if (p->input != NULL)
		evbuffer_free(p->input);
	if (p->base != NULL)
		event_base_free(p->base);
}

int main(int argc, char **argv)
{
	struct program p = {.code = EXIT_SUCCESS};
	bool known = argc == 3 && strcmp(argv[1], "--session") == 0;
	if (!known && (argc != 2 || argv[1][0] == '-')) {
		fprintf(stderr, "usage: ash_chat AGENT | ash_chat --session ID\n");
		return 2;
	}
	freshet_err err = set_up(&p);
	if (err == FRESHET_OK)
		err = enter(&p, argv[1], known ? argv[2] : NULL);
	if (err == FRESHET_OK && event_base_dispatch(p.base) < 0)
		err = FRESHET_ESYSTEM;
	p.leaving = true; /* for callbacks that come while it is torn down */
	tear_down(&p);
	if (err != FRESHET_OK)
		fprintf(stderr, "ash_chat: %s\n", freshet_err_text(err));
	return err == FRESHET_OK ? p.code : EXIT_FAILURE;
}
