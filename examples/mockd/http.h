/*
 * The inner interface of the emulator. A platform sees requests and answers, never a connection or a protocol:
 *
 *	protocol (http2, http1) -> request -> router -> platform -> answer or feed -> body -> protocol
 *
 * A platform answers each request exactly once, inside `handle`, either with a whole answer or with a feed: an object
 * that gives the pieces of an event stream when the protocol can send them, and that is told when the exchange is over.
 * An answer that cannot be given yet is promised with a feed that only hears of the exchange's end.
 */
#ifndef MOCKD_HTTP_H
#define MOCKD_HTTP_H

#include "mockd/mockd.h"

#include <freshet/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;

struct field {
	freshet_str name; /* lower case */
	freshet_str value;
};

/* Spans are valid while the request is being handled. */
struct request {
	freshet_str method;
	freshet_str path;  /* without the query; percent-encoding as it came */
	freshet_str query; /* without the question mark; empty when there is none */
	const struct field *fields;
	size_t field_count;
	freshet_str body;
	bool body_too_large; /* longer than the platform takes; `body` holds only the beginning */
};

/* Django's default, which the platforms keep: 2.5 MiB. */
#define REQUEST_BODY_MAX 2621440u

/* The first field of that name, or NULL. */
const freshet_str *request_field(const struct request *r, const char *name);

/* The value of a query parameter with percent-encoding and "+" undone, terminated; free it. NULL when it is not there. */
char *request_query(const struct request *r, const char *name);

/* `fallback` when the parameter is absent or no number. */
uint64_t request_query_number(const struct request *r, const char *name, uint64_t fallback);

#define ANSWER_FIELDS_MAX 10

/* A field of an answer; both are terminated. */
struct header {
	const char *name; /* NULL: no field */
	const char *value;
};

/* The head of an answer, which is copied. */
struct answer {
	int status;
	const char *content_type;                /* NULL: none */
	struct header fields[ANSWER_FIELDS_MAX]; /* up to the first without a name */
	size_t flood;                            /* bytes of fields that mean nothing */
	bool until_close;                        /* over HTTP/1.1 the body ends with the connection and has no length */
};

/* Bytes of each of the fields that mean nothing. */
#define FLOOD_VALUE 1000u

/* What a piece is, for faults that aim at one kind. */
enum piece_kind {
	PIECE_BODY,       /* of a whole answer */
	PIECE_START,      /* first frame of a connection */
	PIECE_ID,         /* an `id:` line whose `data:` line is the next piece */
	PIECE_EVENT,      /* the rest of a frame, or a whole frame without an id */
	PIECE_TURN_START, /* a frame that announces the turn of the row after it */
	PIECE_HEARTBEAT,
	PIECE_TERMINAL_ID, /* the `id:` line of the last frame */
	PIECE_TERMINAL,    /* the last frame, or the rest of it */
};

#define PIECE_SPANS 3

/* What the platform writes in one go: a DATA frame or a chunk of its own. */
struct piece {
	freshet_str spans[PIECE_SPANS]; /* in order; valid until the next call of any feed */
	uint64_t row;                   /* the row that it belongs to; 0: none */
	enum piece_kind kind;
	bool last; /* the body ends with it */
};

enum feed_state {
	FEED_PIECE, /* the piece is filled in */
	FEED_WAIT,  /* nothing now; exchange_wake when there is */
	FEED_END,   /* the body is complete */
	FEED_CUT,   /* the platform breaks off: the client sees an incomplete body */
};

struct feed {
	const struct feed_ops *ops;
	struct exchange *exchange; /* set by exchange_stream */
	bool merge;                /* several pieces may share a DATA frame */
};

/* None of these may answer, wake or close an exchange. */
struct feed_ops {
	/* The piece at hand, the same one until `advance`. */
	enum feed_state (*peek)(struct feed *feed, struct piece *piece);
	/* The piece at hand has been taken. */
	void (*advance)(struct feed *feed);
	/* The exchange is over, for whatever reason; the last call. Frees the feed. */
	void (*close)(struct feed *feed);
	/* True when it streams the session of that id. NULL: it streams none. */
	bool (*names)(const struct feed *feed, const char *session);
};

/* Answers with a whole body, which is copied. With HEAD only the head is sent. */
void exchange_answer(struct exchange *x, const struct answer *a, freshet_str body);

/* Answers with the feed, which belongs to the exchange from now on. */
void exchange_stream(struct exchange *x, const struct answer *a, struct feed *feed);

/*
 * The answer comes later, by exchange_answer_later, unless the exchange is over before: then the feed hears of it. It is
 * not asked for pieces.
 */
void exchange_promise(struct exchange *x, struct feed *feed);

/* Answers what was promised; the feed that stood for it is closed first. Not from inside `handle`. */
void exchange_answer_later(struct exchange *x, const struct answer *a, freshet_str body);

/* The feed, which answered FEED_WAIT, has something again. Cheap, and harmless when it has nothing. */
void exchange_wake(struct exchange *x);

/* A part of the emulator that answers the paths under `mount`. */
struct platform {
	const char *mount; /* "/mockd", or "" for the root; the longest one that fits wins */
	void (*handle)(struct platform *platform, struct exchange *x, const struct request *r);
	void (*free)(struct platform *platform);
	/* Deletes the session of that id, whatever its state; false when there is none. NULL: it has no sessions. */
	bool (*delete_session)(struct platform *platform, const char *id);
	/* Its part of the ledger; NULL: it has none. `session` NULL: all of them. False when there is no such session. */
	bool (*ledger)(struct platform *platform, const char *session, mockd_ledger_fn *fn, void *user);
	bool (*ledger_rows)(struct platform *platform, const char *session, mockd_ledger_row_fn *fn, void *user);
	size_t body_max; /* bytes of a request body that it is shown; 0: REQUEST_BODY_MAX */
	/* True for paths that it answers whatever the mounts say; the query may follow. NULL: none. */
	bool (*claims)(const struct platform *platform, freshet_str path);
	/* Its part of the control API: true when it has answered. NULL: it has none. */
	bool (*control)(struct platform *platform, struct exchange *x, const struct request *r);
	/* Changes a setting; false when it has none of that name, or the value makes no sense. NULL: it has none. */
	bool (*set)(struct platform *platform, const char *name, uint64_t value);
};

#endif
