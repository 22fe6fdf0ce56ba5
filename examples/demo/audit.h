/*
 * What the clients saw, held against the emulator's ledger of what every session produced.
 */
#ifndef DEMO_AUDIT_H
#define DEMO_AUDIT_H

#include "demo/fleet.h"

#include <freshet/request.h>

struct audit;

/* Gets the rows that the ledger has of a session. */
typedef void audit_rows_fn(struct audit *a, struct session *s, struct record *ledger);

struct audit {
	struct fleet *fleet;
	struct session **by_id; /* all sessions that have an id, sorted */
	uint32_t by_id_count;
	struct session **suspects; /* those whose rows must be compared one by one */
	uint32_t suspect_count;
	uint32_t next_suspect;
	bool finished;     /* the ledger was read and compared */
	char trouble[160]; /* why it could not be; empty otherwise */
	uint64_t sessions; /* compared */
	uint64_t rows;     /* in the ledger */
	uint64_t lost;     /* rows, tool calls, answers, ... that are on one side alone, or not as they are */
	uint64_t
		duplicated; /* the same that were seen, run or taken more than once, or that the ledger does not have */
	uint64_t calls;     /* of tools, in the ledger */
	uint64_t told_lost; /* what of lost and duplicated was said of a session, or is of none */
	uint64_t told_duplicated;
	uint64_t cut_off;    /* rows of Ash behind cuts, which the platform gives nobody again */
	uint64_t recovered;  /* pieces of them that its store had */
	uint64_t unheard;    /* frames of AgentOS behind cuts and approvals, likewise */
	uint64_t disordered; /* sessions whose rows were all seen, but in another order */
	uint64_t strays;     /* sessions on the emulator that nobody here followed */
	uint64_t wrong_ends; /* sessions that ended otherwise than was seen */
	audit_rows_fn *with_rows;
	void (*on_done)(void *user);
	void *user;
};

/* Begins; on_done comes once, from the loop, unless the client is closed before. */
void audit_start(struct audit *a, struct fleet *fleet, void (*on_done)(void *user), void *user);
void audit_clear(struct audit *a);

/* True when everything was compared and nothing is wrong. */
bool audit_passed(const struct audit *a);

/* ---- the steps of an audit ---- */

/* The cuts go on while the ledger is read, and what platforms have themselves. */
#define AUDIT_ATTEMPTS_MAX 100

/* What the ledger says of a session. */
struct entry {
	freshet_str session;
	freshet_str hash; /* in decimal digits */
	freshet_str status;
	uint64_t rows;
};

/* Asks for a path of the emulator's control API; `user` of `done` is the audit. */
void audit_ask(struct audit *a, const char *path, freshet_request_done_fn *done);

/* True when there is an answer to read; otherwise the audit has ended, unless all is being closed. */
bool audit_answered(struct audit *a, const freshet_response *response);

/* The session that is examined at present. */
struct session *audit_suspect(const struct audit *a);

/* It has been compared. */
void audit_next(struct audit *a);

/* The audit has ended; `trouble` is empty when everything could be compared. */
void audit_end(struct audit *a, const char *trouble);

/* ---- by rows ---- */

/* True when the rows of the entry are not those that were seen, in their order. */
bool audit_rows_differ(const struct session *s, const struct entry *entry);

/* Asks for the rows that the ledger has of a session; `then` goes on with the audit. */
void audit_rows(struct audit *a, struct session *s, audit_rows_fn *then);

/* Every row must have been seen exactly once; goes on. */
void audit_compare_all(struct audit *a, struct session *s, struct record *ledger);

/* Orders rows by id, then by data. */
int audit_compare_rows(const void *left, const void *right);

#endif
