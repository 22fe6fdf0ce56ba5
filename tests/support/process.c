#include "support/process.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

void process_breathe(void)
{
	poll(NULL, 0, 5);
}

const char *process_find(const char *name)
{
	static char paths[8][256];
	static unsigned used;
	char *path = paths[used++ % 8];
	const size_t size = sizeof paths[0];
	static const char *const more[] = {"/usr/sbin", "/usr/local/sbin", "/sbin"};
	const char *folders = getenv("PATH");
	while (folders != NULL && *folders != '\0') {
		size_t len = strcspn(folders, ":");
		snprintf(path, size, "%.*s/%s", (int)len, folders, name);
		if (access(path, X_OK) == 0)
			return path;
		folders += len + (folders[len] == ':');
	}
	for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
		snprintf(path, size, "%s/%s", more[i], name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

/* In the child: a test that dies takes what it started with it. */
static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

/* The other end closes when the child runs the program: until then it has what the parent listens on as its own. */
static void wait_for_exec(int pipe_end)
{
	char byte;
	while (read(pipe_end, &byte, 1) < 0 && errno == EINTR)
		;
	close(pipe_end);
}

void process_start(struct process *p, const char *const argv[], const char *log)
{
	pid_t parent = getpid();
	int ends[2];
	must(pipe2(ends, O_CLOEXEC) == 0, "pipe");
	p->pid = fork();
	must(p->pid >= 0, "fork");
	if (p->pid > 0) {
		close(ends[1]);
		wait_for_exec(ends[0]);
		return;
	}
	die_with(parent);
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	/* execv promises not to write to them, though its type does not say so. */
	union {
		const char *const *promised;
		char *const *asked;
	} arguments = {argv};
	execv(argv[0], arguments.asked);
	_exit(127);
}

void process_fork(struct process *p, void (*run)(void *user), void *user)
{
	pid_t parent = getpid();
	fflush(NULL);
	p->pid = fork();
	must(p->pid >= 0, "fork");
	if (p->pid > 0)
		return;
	die_with(parent);
	run(user);
	_exit(0);
}

bool process_runs(struct process *p)
{
	if (p->pid != 0 && waitpid(p->pid, NULL, WNOHANG) == p->pid)
		p->pid = 0;
	return p->pid != 0;
}

int process_wait(struct process *p)
{
	int status;
	pid_t pid = p->pid;
	p->pid = 0;
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void process_kill(struct process *p)
{
	if (!process_runs(p))
		return;
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	p->pid = 0;
}

void process_end(struct process *p)
{
	if (!process_runs(p))
		return;
	kill(p->pid, SIGTERM);
	for (int i = 0; i < 1000 && process_runs(p); i++)
		process_breathe();
	process_kill(p);
}

/* The port of the socket with this inode, when it listens. The table's lines: sl local remote state ... inode. */
static uint16_t listening_port(const char *table, unsigned long wanted)
{
	char line[512];
	FILE *file = fopen(table, "r");
	uint16_t found = 0;
	while (file != NULL && found == 0 && fgets(line, sizeof line, file) != NULL) {
		unsigned port, state;
		unsigned long inode;
		int fields = sscanf(line, "%*d: %*[0-9A-F]:%x %*s %x %*s %*s %*s %*d %*d %lu", &port, &state, &inode);
		if (fields == 3 && state == 0x0a && inode == wanted)
			found = (uint16_t)port;
	}
	if (file != NULL)
		fclose(file);
	return found;
}

static uint16_t port_of(pid_t pid)
{
	char path[300], target[64], table[64];
	uint16_t port = 0;
	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	snprintf(table, sizeof table, "/proc/%d/net/tcp", (int)pid);
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder != NULL && port == 0 && (entry = readdir(folder)) != NULL;) {
		unsigned long inode;
		snprintf(path, sizeof path, "/proc/%d/fd/%.16s", (int)pid, entry->d_name);
		ssize_t len = readlink(path, target, sizeof target - 1);
		target[len > 0 ? len : 0] = '\0';
		if (sscanf(target, "socket:[%lu]", &inode) == 1)
			port = listening_port(table, inode);
	}
	if (folder != NULL)
		closedir(folder);
	return port;
}

uint16_t process_port(struct process *p)
{
	uint16_t port = 0;
	while (process_runs(p) && (port = port_of(p->pid)) == 0)
		process_breathe();
	return port;
}

uint16_t free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	must(fd >= 0, "socket");
	must(bind(fd, (struct sockaddr *)&address, size) == 0, "bind");
	must(getsockname(fd, (struct sockaddr *)&address, &size) == 0, "getsockname");
	close(fd);
	return ntohs(address.sin_port);
}

uint16_t process_start_at_port(
	struct process *p, const char *const argv[], const char *log, process_configure *configure, void *user)
{
	for (int tries = 0; tries < 20; tries++) {
		uint16_t port = free_port();
		configure(port, user);
		process_start(p, argv, log);
		if (process_port(p) == port)
			return port;
		process_end(p);
	}
	fprintf(stderr, "%s does not start: see its output\n", argv[0]);
	abort();
}

void process_restart_at_port(struct process *p, const char *const argv[], const char *log, uint16_t port)
{
	process_kill(p);
	for (int tries = 0; tries < 1000; tries++) {
		process_start(p, argv, log);
		if (process_port(p) == port)
			return;
		process_end(p);
		process_breathe();
	}
	fprintf(stderr, "%s does not start again: see its output\n", argv[0]);
	abort();
}
