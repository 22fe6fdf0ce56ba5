/*
 * Happy path: with TLS a script makes certificates in a folder of their own; mockd is started and prints its address.
 * It runs in a process group of its own, so that Ctrl-C reaches the demo alone, and dies with the demo, however that
 * ends.
 */
#include "demo/emulator.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 40

/* Of a provisioning stage, emulated. */
#define STAGE_MS 800

/* A command under construction; the texts of numbers are its own. */
struct command {
	const char *argv[ARGUMENTS_MAX];
	size_t count;
	char numbers[8][24];
	size_t number_count;
};

static void add(struct command *c, const char *argument)
{
	if (c->count + 1 < ARGUMENTS_MAX)
		c->argv[c->count++] = argument;
}

static void add_flag(struct command *c, const char *flag, const char *value)
{
	add(c, flag);
	add(c, value);
}

static void add_number(struct command *c, const char *flag, uint64_t number)
{
	char *text = c->numbers[c->number_count++ % 8];
	snprintf(text, sizeof c->numbers[0], "%llu", (unsigned long long)number);
	add_flag(c, flag, text);
}

/* In the child: never returns. `out` becomes its standard output. */
static void become(const struct command *c, int out, pid_t parent)
{
	union {
		const char *const *given;
		char *const *wanted;
	} argv = {c->argv};
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	execvp(c->argv[0], argv.wanted);
	fprintf(stderr, "demo: %s: %s\n", c->argv[0], strerror(errno));
	_exit(127);
}

/* Starts the command with `out` for its standard output. 0 when that fails. */
static pid_t spawn(const struct command *c, int out)
{
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid == 0)
		become(c, out, parent);
	return pid > 0 ? pid : 0;
}

static bool ended_well(pid_t pid)
{
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Runs a command that has nothing to say but errors. */
static bool run(const struct command *c)
{
	pid_t pid = spawn(c, STDERR_FILENO);
	return pid != 0 && ended_well(pid);
}

static bool make_certificates(struct emulator *e, const char *script)
{
	struct command c = {.count = 0};
	const char *temporary = getenv("TMPDIR");
	int len =
		snprintf(e->folder, sizeof e->folder, "%s/freshet-demo-XXXXXX", temporary != NULL ? temporary : "/tmp");
	if (len < 0 || (size_t)len >= sizeof e->folder || mkdtemp(e->folder) == NULL) {
		e->folder[0] = '\0';
		return false;
	}
	add(&c, script);
	add(&c, e->folder);
	snprintf(e->ca, sizeof e->ca, "%s/ca.pem", e->folder);
	return run(&c);
}

/* Starts the emulator with a pipe behind its standard output, which stays open as long as it runs. */
static bool start(struct emulator *e, const struct command *c)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	e->pid = spawn(c, ends[1]);
	close(ends[1]);
	e->output = fdopen(ends[0], "r");
	if (e->output == NULL)
		close(ends[0]);
	return e->pid != 0 && e->output != NULL;
}

/* Reads the line with the address. False when the program ends before. */
static bool read_address(struct emulator *e)
{
	static const char mark[] = "listening on ";
	char line[256];
	while (fgets(line, sizeof line, e->output) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strncmp(line, mark, sizeof mark - 1) == 0) {
			snprintf(e->url, sizeof e->url, "%s", line + sizeof mark - 1);
			return true;
		}
	}
	return false;
}

static bool fail(struct emulator *e, const char *what)
{
	fprintf(stderr, "demo: %s\n", what);
	emulator_stop(e);
	return false;
}

bool emulator_start(struct emulator *e, const struct flags *flags)
{
	struct command c = {.count = 0};
	char certificate[sizeof e->ca];
	char key[sizeof e->ca];
	char cuts[32];
	*e = (struct emulator){.pid = 0};
	if (flags->tls && !make_certificates(e, flags->make_certs))
		return fail(e, "the certificates could not be made");
	add(&c, flags->mockd);
	add(&c, "--control");
	add(&c, "--agentos-stream-ids");
	add_flag(&c, "--token", EMULATOR_TOKEN);
	add_number(&c, "--seed", flags->seed);
	add_number(&c, "--clock-scale", CLOCK_SCALE);
	add_number(&c, "--quota", UINT32_MAX);
	add_number(&c, "--stage-ms", STAGE_MS);
	/* They are counted by the emulated clock. */
	snprintf(cuts, sizeof cuts, "%.3f", (double)flags->cuts_per_minute / CLOCK_SCALE);
	add_flag(&c, "--cuts-per-minute", cuts);
	if (flags->http1)
		add(&c, "--no-http2");
	if (flags->tls) {
		snprintf(certificate, sizeof certificate, "%s/server.pem", e->folder);
		snprintf(key, sizeof key, "%s/server.key", e->folder);
		add_flag(&c, "--tls-certificate", certificate);
		add_flag(&c, "--tls-key", key);
	}
	if (!start(e, &c) || !read_address(e))
		return fail(e, "the emulator did not start");
	return true;
}

bool emulator_runs(struct emulator *e)
{
	if (e->pid > 0 && waitpid(e->pid, NULL, WNOHANG) == e->pid)
		e->pid = 0;
	return e->pid > 0;
}

void emulator_stop(struct emulator *e)
{
	if (e->pid > 0) {
		kill(e->pid, SIGTERM);
		ended_well(e->pid);
		e->pid = 0;
	}
	if (e->output != NULL)
		fclose(e->output);
	e->output = NULL;
	if (e->folder[0] != '\0') {
		struct command c = {.argv = {"rm", "-rf", e->folder}, .count = 3};
		run(&c);
		e->folder[0] = '\0';
	}
}
