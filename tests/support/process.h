/*
 * A program that a test runs beside itself: started, asked for the port it listens on, ended by its pid.
 */
#ifndef SUPPORT_PROCESS_H
#define SUPPORT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a test program returns when it could test nothing; ctest then counts it as skipped. */
#define TEST_SKIPPED 77

struct process {
	pid_t pid; /* 0: none */
};

/*
 * The path of a program, looked for in PATH and the folders of system programs; NULL when the machine has none. Good
 * until a few later calls.
 */
const char *process_find(const char *name);

/* Runs it with its output in the file `log`. It dies with the test. */
void process_start(struct process *p, const char *const argv[], const char *log);

/* Runs the function in a child of the test's own. */
void process_fork(struct process *p, void (*run)(void *user), void *user);

bool process_runs(struct process *p);

/* Waits until it ends by itself: its exit status, or -1 when it was killed. */
int process_wait(struct process *p);

/* Asks it to end and waits until it has; what does not end is killed. Harmless when there is none. */
void process_end(struct process *p);

/* Kills it: for servers that would first wait for their clients. Harmless when there is none. */
void process_kill(struct process *p);

/* Waits until the process listens on a TCP port of the loopback and tells it; 0 when it ended before. */
uint16_t process_port(struct process *p);

/* A port of the loopback that nobody listens on now. Somebody may come first: whoever takes it must be ready to retry. */
uint16_t free_port(void);

/*
 * Starts a program that must be told its port. `configure` writes what it reads, for each port that is tried: one that was
 * free a moment ago, and another when it is taken meanwhile. Returns the port; ends the test when the program does not
 * start.
 */
typedef void process_configure(uint16_t port, void *user);
uint16_t process_start_at_port(
	struct process *p, const char *const argv[], const char *log, process_configure *configure, void *user);

/*
 * Kills the process without a word and starts it again at the port that it had. Somebody may hold that for a moment, as the
 * port of a connection of his: it is tried until it is free.
 */
void process_restart_at_port(struct process *p, const char *const argv[], const char *log, uint16_t port);

/* Waits a little while for something that another process does; no test passes or fails by it alone. */
void process_breathe(void);

#endif
