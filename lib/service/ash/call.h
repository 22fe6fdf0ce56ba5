/*
 * One call: a request written from the table of operations, and its answer, read and given to the callback.
 */
#ifndef ASH_CALL_H
#define ASH_CALL_H

#include "endpoint.h"

#include "guest/route.h"

/* Any callback; each kind of answer knows which one it is. */
typedef void ash_any_fn(void);

/* What became of a call. `objects` is NULL on failure. */
typedef void ash_deliver_fn(freshet_ash_call *call, const freshet_ash_error *error, const void *objects, size_t count);

enum ash_form {
	ASH_FORM_OBJECTS, /* structs of a shape */
	ASH_FORM_JSON,    /* a freshet_str */
	ASH_FORM_DONE,    /* an int64_t: the member if there is one */
	ASH_FORM_BYTES,   /* a freshet_ash_bytes: the body as it came */
};

struct ash_answer {
	enum ash_form form;
	const struct ash_shape *shape; /* of OBJECTS */
	ash_deliver_fn *deliver;
};

struct freshet_ash_call {
	freshet_ash *client;
	freshet_request *request;
	const struct ash_endpoint *endpoint;
	ash_any_fn *done;
	void *user;
	struct ash_command command; /* the session; entered by an exec */
};

/*
 * A request in the making. The first error sticks and makes what follows do nothing; ash_request_send tells it and gives
 * everything back.
 */
struct ash_request {
	freshet_ash *client;
	const struct ash_endpoint *endpoint;
	freshet_err err;
	struct guest_text path;        /* with its query */
	freshet_json_writer *writer;   /* of the body; NULL: none */
	size_t max_body;               /* of the request; 0: no bound */
	uint64_t deadline_ms;          /* 0: the client's */
	bool finished;                 /* the body is complete */
	bool command;                  /* enter a command on the session */
	char session[GUEST_UUID_SIZE]; /* the {id} of the path */
};

/* The deadline of calls that start a sandbox, run a command or carry files. */
#define ASH_LONG_MS 600000

/* Records that are asked for at once where all are read: what the server gives at most. */
#define ASH_PAGE 1000

#define ASH_NONE ((freshet_str){NULL, 0})

/* Begins with the path, its placeholders filled in by what is given, in their order. */
void ash_request_begin(struct ash_request *q, freshet_ash *client, enum ash_operation operation, freshet_str first,
	freshet_str second);

/* A parameter of the query, unless its ptr is NULL. */
void ash_query(struct ash_request *q, const char *name, freshet_str value);
void ash_query_int(struct ash_request *q, const char *name, int64_t value);

/* `after` and `limit`; 0 leaves them out. */
void ash_query_page(struct ash_request *q, int64_t after, uint32_t limit);

/* Begins the body, an object: the members follow, and ash_request_send ends it. */
void ash_body(struct ash_request *q);

/* Members of the body. Those with a pointer are left out when it is NULL. */
void ash_put_str(struct ash_request *q, const char *name, freshet_str value);
void ash_put_id(struct ash_request *q, const char *name, freshet_str value); /* and must be a UUID */
void ash_put_raw(struct ash_request *q, const char *name, freshet_str json);
void ash_put_int(struct ash_request *q, const char *name, int64_t value);
void ash_put_bool(struct ash_request *q, const char *name, bool value);
void ash_put_number(struct ash_request *q, const char *name, freshet_ash_number value);
void ash_put_strs(struct ash_request *q, const char *name, const freshet_str *items, size_t count);
void ash_put_pairs(struct ash_request *q, const char *name, const freshet_ash_pair *pairs, size_t count);
void ash_put_base64(struct ash_request *q, const char *name, freshet_str bytes);
void ash_put_uploads(struct ash_request *q, const char *name, const freshet_ash_upload *files, size_t count);

/* Begins the body with the members of a JSON object that the caller brings. */
void ash_body_raw(struct ash_request *q, freshet_str object);

/* What must be there: FRESHET_EINVAL when its ptr is NULL or it is empty. */
void ash_need(struct ash_request *q, freshet_str value);
void ash_need_array(struct ash_request *q, const void *items);
void ash_need_name(struct ash_request *q, freshet_str name); /* as {name} */
void ash_request_fail(struct ash_request *q, freshet_err err);

/* The finished body, empty when there is none; valid until ash_request_clear. Again: the same. */
freshet_err ash_request_body(struct ash_request *q, freshet_str *body);
void ash_request_clear(struct ash_request *q);

/* Sends the request as a call. `out` may be NULL. */
freshet_err ash_request_send(struct ash_request *q, ash_any_fn *done, void *user, freshet_ash_call **out);

#endif
