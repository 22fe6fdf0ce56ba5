/*
 * Reporting: the runs of a client and what sends for them. A run's reports are events, which lie in the queue, and controls
 * (start, task, span, end), which are barriers between them: each is sent alone, after all that came before it is settled.
 */
#ifndef AGENTOS_REPORT_H
#define AGENTOS_REPORT_H

#include "queue.h"

#include "guest/call.h"
#include "guest/writing.h"

#include <freshet/json.h>
#include <freshet/timer.h>

struct agentos_open;

/* What stands around an event or a control in a body at most: names, brackets, the ids of a run and a task. */
#define AGENTOS_AROUND 512

/* The longest id that the server may give, as JSON. */
#define AGENTOS_ID_MAX 130

enum agentos_control_kind {
	CONTROL_START,
	CONTROL_TASK_START,
	CONTROL_TASK_END,
	CONTROL_SPAN,
	CONTROL_END,
	CONTROL_FLUSH, /* nothing is sent: `done` is called */
};

struct agentos_control {
	struct agentos_control *next;
	enum agentos_control_kind kind;
	size_t route;
	uint64_t after;            /* the number of the event before which it stands */
	struct agentos_open *open; /* the task; a reference */
	/* Of a flush. */
	freshet_agentos_flush_fn *done;
	void *user;
	uint64_t waiting; /* events at the call, those in flight included */
	uint64_t sent;    /* of the run at the call */
	size_t len;
	char text[]; /* the body without what is not known yet; report_body.c puts it together */
};

/* What of a run is being sent: a batch or a control, from its first attempt until it is settled. */
struct agentos_attempt {
	struct guest_call call; /* while in flight */
	freshet_agentos_run *run;
	struct guest_text body;
	struct agentos_control *control; /* the first of the run's; NULL: the events that are held */
	size_t route;
	uint64_t key_version; /* of the credentials that the last one took */
	uint32_t sent;        /* how many there were */
	uint32_t failures;    /* of them: came to nothing */
	bool in_flight;
	bool paused;               /* the run's timer is that of the pause before the next one */
	bool unclear;              /* one of them may have arrived */
	char key[GUEST_UUID_SIZE]; /* the same for all of them */
};

struct freshet_agentos_run {
	freshet_agentos *client;
	struct guest_link node;  /* among the runs of the client */
	struct guest_link ready; /* among those that have something to do */
	struct agentos_lane lane;
	struct agentos_control *controls; /* oldest first */
	struct agentos_control *last_control;
	struct agentos_attempt *attempt;
	freshet_timer *timer;         /* of a pause before another attempt, else of events that wait for more */
	struct agentos_place *places; /* of tasks and spans; NULL while there are none */
	uint32_t place_count;
	uint32_t free_place; /* from 1; 0: none */
	uint32_t open_count; /* those whose end waits included */
	uint32_t serial;     /* of the last one */
	char *id;            /* decoded and terminated; NULL: not started */
	char *id_json;       /* the same as JSON text, in the same memory */
	uint64_t due;        /* events before this number need not wait for more */
	freshet_agentos_run_callbacks callbacks;
	void *user;
	uint64_t input_tokens;
	uint64_t output_tokens;
	freshet_err lost_err; /* why, when it is lost */
	bool lost;
	bool ended; /* complete or fail was called */
};

struct agentos_report {
	struct agentos_queue queue;
	struct guest_link runs;
	struct guest_link ready;
	freshet_timer *soon;         /* the next turn looks at those that are ready */
	freshet_timer *closing_over; /* the deadline of a close */
	freshet_json_writer *writer; /* of what is reported */
	freshet_agentos_stats stats; /* all that the queue does not count */
	size_t controls;             /* that wait */
	bool closing;                /* nothing new is taken */
	bool halted;                 /* nothing is sent any more */
	bool stopped;                /* the key was not accepted */
};

/* The run whose member it is. */
#define agentos_run_of(link, member) guest_client(link, freshet_agentos_run, member)

/* ---- report.c: all runs ---- */

/* FRESHET_ENOMEM; agentos_report_clear is due in any case. */
freshet_err agentos_report_init(freshet_agentos *client, freshet_reactor *reactor);
void agentos_report_clear(freshet_agentos *client);

/* There is another key. */
void agentos_report_restart(freshet_agentos *client);

/* Sends what waits; when all is settled, or the time is over, the client's endpoint is closed. */
void agentos_report_close(freshet_agentos *client, uint64_t timeout_ms);

/* Nothing is taken or sent any more. */
void agentos_report_halt(freshet_agentos *client);

/* The endpoint has gone: drops and counts what is left and ends every run. */
void agentos_report_end(freshet_agentos *client);

/* Every run is looked at on the next turn. */
void agentos_report_ready(freshet_agentos *client);

/* A call was refused: counts why. Returns `err`. */
freshet_err agentos_refused(freshet_agentos *client, freshet_err err);

/* ---- sender.c: what is sent when ---- */

/* Something of the run changed: it is looked at on the next turn. */
void agentos_run_ready(freshet_agentos_run *run);

/* An event was put into its list. */
void agentos_run_emitted(freshet_agentos_run *run);

/* The timers of the report and of a run. */
void agentos_soon(freshet_timer *timer, void *client);
void agentos_run_timer(freshet_timer *timer, void *run);

/* ---- body.c: what is sent ---- */

/* Puts the body of the attempt together. FRESHET_ENOMEM. */
freshet_err agentos_attempt_write(struct agentos_attempt *attempt);

/* ---- settle.c: what became of it ---- */

/* The attempt of a run has its answer. */
void agentos_attempt_done(struct guest_call *call, const freshet_response *response);

/* It could not even be sent: it is tried again, or given up. */
void agentos_attempt_unsent(struct agentos_attempt *attempt, freshet_err err);

/*
 * Whatever the run has is dropped for the cause, and its controls come to `err`. True when its end was among them: then it
 * is gone. Nothing of it may be in flight.
 */
bool agentos_run_empty(freshet_agentos_run *run, freshet_agentos_drop cause, freshet_err err);

/* The client is disabled: the first control has come to what it should. True when the run is gone. */
bool agentos_control_pretend(freshet_agentos_run *run);

/* The first control is a flush, and has been reached. */
void agentos_flush_reached(freshet_agentos_run *run);

/* ---- run.c: runs and their controls ---- */

/*
 * Puts a control with the text that the writer has into the run's line. With `always` it finds room in any case.
 * FRESHET_EQUEUE_FULL, FRESHET_ENOMEM, the error of the writer.
 */
freshet_err agentos_control_put(
	freshet_agentos_run *run, enum agentos_control_kind kind, size_t route, struct agentos_open *open, bool always);

/* Takes the first control out of the run's line and frees it. */
void agentos_control_pop(freshet_agentos_run *run);

/* The id that the server gave. FRESHET_ENOMEM, FRESHET_EBAD_ANSWER (none, or too long). */
freshet_err agentos_run_name(freshet_agentos_run *run, const freshet_json_value *id);

/* The last callback, and the run is gone. `error` NULL: its end was confirmed. */
void agentos_run_finish(freshet_agentos_run *run, const freshet_agentos_error *error);

/* FRESHET_ESTATE when nothing can be reported on the run any more. */
freshet_err agentos_run_is_open(const freshet_agentos_run *run);

/* ---- event.c: events and what is written into them ---- */

/* A text to begin; the writer of the client. */
freshet_json_writer *agentos_write(freshet_agentos *client);

/* The first character that is no white space, which tells the type of a value; 0: there is none. */
char agentos_json_first(freshet_str json);

/* A member with that JSON value; nothing when it is empty. */
void agentos_write_json(freshet_json_writer *writer, const char *name, freshet_str json);

/* The members of a JSON object but for those that are named; the list ends with NULL. FRESHET_EINVAL, FRESHET_EJSON_... */
freshet_err agentos_write_members(freshet_json_writer *writer, freshet_str object, const char *const *named);

/* Up to its payload, which is to be one value; then agentos_event_end. */
freshet_json_writer *agentos_event_begin(freshet_agentos_run *run, freshet_str type, freshet_agentos_level level);

/* The payload is written, or could not be (`err`): the event is taken, or refused and counted. */
freshet_err agentos_event_end(freshet_agentos_run *run, freshet_err err);

/* `input_tokens` and `output_tokens`, and what stands beside them. */
freshet_err agentos_write_usage(freshet_json_writer *writer, const freshet_agentos_usage *usage);
void agentos_count_usage(freshet_agentos_run *run, const freshet_agentos_usage *usage);

/* ---- open.c: tasks and spans that are open ---- */

/* Referred to by its place in the run, while it is open, and by its controls. */
struct agentos_open {
	uint64_t number;
	uint32_t references;
	bool is_span;
	bool ended;
	char id[GUEST_UUID_SIZE + 2]; /* as JSON */
	char *server_id;              /* the server's, as JSON; NULL: none */
	char parent[20];              /* of a span: the id of its parent, as JSON */
	uint64_t started_ms;
	int64_t started_at; /* wall clock */
	size_t name_len;    /* the text is name, kind, attributes */
	size_t kind_len;
	size_t attributes_len;
	char text[];
};

struct agentos_place {
	struct agentos_open *open; /* NULL: free */
	uint32_t next_free;        /* from 1; 0: none */
};

/* What is known of it at its start. */
struct agentos_opening {
	bool is_span;
	freshet_str name;
	freshet_str kind;
	freshet_str attributes;
};

/* FRESHET_EQUEUE_FULL (max_open), FRESHET_ENOMEM, FRESHET_ESYSTEM. */
freshet_err agentos_open_new(
	freshet_agentos_run *run, const struct agentos_opening *opening, struct agentos_open **out);

/* The one that is still open; NULL: there is none. */
struct agentos_open *agentos_open_find(const freshet_agentos_run *run, uint64_t number, bool is_span);

/* It is no more open; it goes with its last control. */
void agentos_open_end(freshet_agentos_run *run, struct agentos_open *open);

/* A reference less. */
void agentos_open_drop(freshet_agentos_run *run, struct agentos_open *open);

/* All of a run that goes. */
void agentos_open_clear(freshet_agentos_run *run);

/* The tasks that are still open get the end that the option says. */
freshet_err agentos_tasks_close(freshet_agentos_run *run);

#endif
