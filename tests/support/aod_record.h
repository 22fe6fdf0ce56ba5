/*
 * What a test keeps of the service's callbacks: of a call the one answer, of a stream everything that it showed.
 *
 *	create_session(world.agent, "script:success rows=3");      answer.err, answer.id
 *	watch_from(&w, answer.id, 0);
 *	world_run_until(&w.done);                                  w.kinds, w.status
 */
#ifndef SUPPORT_AOD_RECORD_H
#define SUPPORT_AOD_RECORD_H

#include "support/aod_world.h"

/* ---- calls: one at a time ---- */

/* Copied, so that it can be looked at after the callback. */
struct answer {
	bool done;
	unsigned count; /* callbacks */
	freshet_err err;
	int status;
	char text[256];
	char detail[256];
	char content_type[64];
	char body[64];
	freshet_aod_conflict conflict;
	size_t issues;
	char issue[160]; /* the first: type, place */
	bool has_limit;
	int64_t limit, active;
	char id[MOCKD_ID_SIZE];
	freshet_aod_status session_status;
	char words[512]; /* of the answer, by its callback */
	freshet_aod_call *call;
};

extern struct answer answer;

/* Forgets the last answer. */
void begin_call(void);

/* Fails the test unless the call was sent; returns with its answer. */
void wait_for_answer(freshet_err sent);

/* Callbacks that keep the answer. */
void keep_ack(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user);
void keep_session(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_session *session, void *user);
void keep_sessions(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_session *sessions,
	size_t count, void *user);
void keep_turns(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_turn *turns, size_t count,
	void *user);
void keep_detail(freshet_aod_call *call, const freshet_aod_error *error, freshet_str detail, void *user);

/* Whole calls, with their answers. */
void create_session(const char *agent, const char *prompt);
void get_session(const char *id);
void prompt_session(const char *id, const char *text);
void terminate_session(const char *id);
void delete_session(const char *id);

/* ---- streams ---- */

struct watch {
	char id[MOCKD_ID_SIZE];
	freshet_aod_stream *stream;
	char kinds[4096]; /* the events, one letter each: s(tart) g(stage) t(urn) o(utput) e(xit) ... */
	uint64_t last_id;
	unsigned outputs;
	unsigned cuts;
	unsigned opened;
	bool done;
	unsigned dones;
	freshet_aod_status status;
	bool has_exit_code;
	int64_t exit_code;
	freshet_err err;
	uint64_t cursor;
	uint64_t duplicates;
	uint32_t reconnects;
	void (*act)(struct watch *w, const freshet_aod_event *event); /* in on_event; NULL: nothing */
};

/* Their user is the watch. */
extern const freshet_aod_stream_callbacks watch_callbacks;

/* Opens the stream of the session behind the cursor; `w` is zeroed but for `act` and `last_id`. */
void watch_from(struct watch *w, const char *id, uint64_t cursor);

#endif
