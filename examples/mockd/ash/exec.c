/*
 * Commands in a session's workspace, and its logs (contract 6.6). No shell is started: a few commands are known, enough
 * to see output on both channels, exit codes, files and time passing. What is not known is not found.
 *
 *	echo WORD... | cat FILE... | ls | pwd | sleep SECONDS | exit CODE | true | false
 *
 * with quotes, ";", "&&", ">&2" and "> FILE".
 */
#include "mockd/ash/ajv.h"
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/exchange.h"
#include "mockd/server.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

#define LOGS_MAX        10000
#define WORDS_MAX       64
#define TIMEOUT_MAX     300000
#define TIMEOUT_DEFAULT 30000

/* One command line on its way. */
struct shell {
	struct ash_session *session;
	struct buffer out;
	struct buffer err;
	int code;
	uint64_t took_ms;
	uint64_t timeout_ms;
	bool over; /* by exit, or by the timeout */
};

struct command {
	char *words[WORDS_MAX];
	size_t count;
	bool to_stderr;
	char *to_file; /* NULL: none */
};

/* A word at the front of the line, with its quotes undone; the line goes on behind it. */
static char *take_word(const char **line)
{
	struct buffer b = {.bytes = NULL};
	char quote = '\0';
	const char *at = *line;
	for (; *at != '\0'; at++) {
		if (quote == '\0' && (isspace((unsigned char)*at) || *at == ';' || *at == '&' || *at == '>'))
			break;
		if (quote == '\0' && (*at == '\'' || *at == '"'))
			quote = *at;
		else if (*at == quote)
			quote = '\0';
		else
			buffer_append(&b, at, 1);
	}
	*line = at;
	char *word = must_copy_span(buffer_span(&b));
	buffer_clear(&b);
	return word;
}

static void skip_blanks(const char **line)
{
	while (**line == ' ' || **line == '\t')
		++*line;
}

static void take_redirection(struct command *c, const char **line)
{
	++*line;
	if (strncmp(*line, "&2", 2) == 0) {
		*line += 2;
		c->to_stderr = true;
		return;
	}
	skip_blanks(line);
	free(c->to_file);
	c->to_file = take_word(line);
}

/* Reads up to the end of the command. */
static void read_command(struct command *c, const char **line)
{
	*c = (struct command){.count = 0};
	for (skip_blanks(line); **line != '\0' && **line != ';' && **line != '&' && **line != '\n'; skip_blanks(line)) {
		if (**line == '>') {
			take_redirection(c, line);
			continue;
		}
		char *word = take_word(line);
		if (c->count < WORDS_MAX)
			c->words[c->count++] = word;
		else
			free(word);
	}
}

static void free_command(struct command *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->words[i]);
	free(c->to_file);
}

static void run_echo(const struct command *c, struct buffer *out)
{
	bool bare = c->count > 1 && strcmp(c->words[1], "-n") == 0;
	for (size_t i = bare ? 2 : 1; i < c->count; i++)
		buffer_format(out, "%s%s", i > (bare ? 2u : 1u) ? " " : "", c->words[i]);
	if (!bare)
		buffer_text(out, "\n");
}

static void run_cat(struct shell *s, const struct command *c, struct buffer *out)
{
	for (size_t i = 1; i < c->count; i++) {
		const struct ash_file *file = ash_tree_find(s->session->tree, c->words[i]);
		if (file != NULL) {
			buffer_append(out, file->bytes, file->len);
			continue;
		}
		buffer_format(&s->err, "cat: %s: No such file or directory\n", c->words[i]);
		s->code = 1;
	}
}

static void run_ls(struct shell *s, struct buffer *out)
{
	for (size_t i = 0; i < s->session->tree->count; i++)
		buffer_format(out, "%s\n", s->session->tree->files[i].path);
}

/* Time passes, up to the timeout, which ends it all. */
static void run_sleep(struct shell *s, const struct command *c)
{
	double seconds = c->count > 1 ? strtod(c->words[1], NULL) : 0;
	double left = (double)(s->timeout_ms - s->took_ms) / 1000;
	if (!(seconds >= 0))
		seconds = 0;
	s->over = seconds > left;
	s->code = s->over;
	s->took_ms += (uint64_t)((s->over ? left : seconds) * 1000);
}

static void run_word(struct shell *s, const struct command *c, struct buffer *out)
{
	const char *name = c->words[0];
	s->code = 0;
	if (strcmp(name, "echo") == 0) {
		run_echo(c, out);
	} else if (strcmp(name, "cat") == 0) {
		run_cat(s, c, out);
	} else if (strcmp(name, "ls") == 0) {
		run_ls(s, out);
	} else if (strcmp(name, "pwd") == 0) {
		buffer_text(out, "/workspace\n");
	} else if (strcmp(name, "sleep") == 0) {
		run_sleep(s, c);
	} else if (strcmp(name, "exit") == 0) {
		s->code = c->count > 1 ? (int)strtol(c->words[1], NULL, 10) & 0xff : 0;
		s->over = true;
	} else if (strcmp(name, "false") == 0) {
		s->code = 1;
	} else if (strcmp(name, "true") != 0) {
		buffer_format(&s->err, "sh: 1: %s: not found\n", name);
		s->code = 127;
	}
}

static void run_command(struct shell *s, const struct command *c)
{
	struct buffer out = {.bytes = NULL};
	run_word(s, c, &out);
	if (c->to_file != NULL && ash_path_is_good(c->to_file))
		ash_tree_write(&s->session->tree, c->to_file, buffer_span(&out), ash_wall_us(s->session->ash));
	else if (c->to_file == NULL)
		buffer_append(c->to_stderr ? &s->err : &s->out, out.bytes, out.len);
	buffer_clear(&out);
}

static void run_line(struct shell *s, const char *line)
{
	bool skip = false;
	while (*line != '\0' && !s->over) {
		struct command c;
		read_command(&c, &line);
		if (c.count > 0 && !skip)
			run_command(s, &c);
		free_command(&c);
		bool and = strncmp(line, "&&", 2) == 0;
		skip = and&&(skip || s->code != 0);
		line += strspn(line, "&;\n");
	}
}

void ash_sessions_exec(struct ash_call *call)
{
	static const char *const needed[] = {"command", NULL};
	struct ajv c;
	ajv_body(&c, call);
	ajv_required(&c, needed);
	const char *command = ajv_string(&c, "command", 0, SIZE_MAX);
	int64_t timeout = ajv_integer(&c, "timeout", 1, TIMEOUT_MAX, TIMEOUT_DEFAULT);
	struct ash_session *session = ajv_end(&c) ? ash_session_ready(call) : NULL;
	if (session == NULL)
		return;
	struct shell s = {.session = session, .timeout_ms = (uint64_t)timeout};
	run_line(&s, command);
	/* Streams that are open on the sandbox take its end for theirs. */
	if (!list_empty(&session->streams))
		ash_session_say(session, ash_block_end(ASH_BLOCK_FOREIGN, NULL));
	if (s.took_ms > 0)
		exchange_delay(call->exchange, s.took_ms);
	ash_answer(call, 200,
		json_pack("{s:i, s:o, s:o}", "exitCode", s.code, "stdout",
			json_stringn(s.out.len > 0 ? s.out.bytes : "", s.out.len), "stderr",
			json_stringn(s.err.len > 0 ? s.err.bytes : "", s.err.len)));
	buffer_clear(&s.out);
	buffer_clear(&s.err);
}

void ash_session_log(struct ash_session *s, const char *level, const char *text)
{
	if (s->log_count == LOGS_MAX) {
		memmove(s->logs, s->logs + 1, --s->log_count * sizeof *s->logs);
		s->log_first++;
	}
	s->logs = must_grow(s->logs, &s->log_capacity, s->log_count + 1, sizeof *s->logs);
	s->logs[s->log_count++] = (struct ash_log){level, text, ash_wall_us(s->ash)};
}

void ash_sessions_logs(struct ash_call *call)
{
	struct ajv c;
	ajv_query(&c, call);
	int64_t after = ajv_integer(&c, "after", -1, INT32_MAX, -1);
	struct ash_session *s = ajv_end(&c) ? ash_session_of(call) : NULL;
	if (s == NULL)
		return;
	json_t *logs = json_array();
	for (size_t i = 0; i < s->log_count; i++) {
		json_int_t index = (json_int_t)(s->log_first + i);
		if (index <= after)
			continue;
		json_array_append_new(logs, json_pack("{s:I, s:s, s:s, s:o}", "index", index, "level", s->logs[i].level,
						    "text", s->logs[i].text, "ts", ash_time(s->logs[i].time_us)));
	}
	ash_answer(call, 200, json_pack("{s:o, s:s}", "logs", logs, "source", "sandbox"));
}
