/*
 * What the clients of services have in common where the wire of a service is not published: its endpoints can be replaced
 * by key, and hooks see and change what is sent and what is read. Each service's header lists its keys.
 */
#ifndef FRESHET_SERVICE_H
#define FRESHET_SERVICE_H

#include <freshet/error.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One endpoint under another method or path. In the path `{name}` stands for a value that the request knows, which is
 * percent-encoded (RFC 3986, section 2.3); one may be left out or stand twice. It begins with "/" and may have a query.
 * A key or a name that the service does not know for it is refused with FRESHET_EINVAL when the client is made.
 */
typedef struct freshet_route {
	const char *key;    /* required */
	const char *method; /* optional: instead of the service's */
	const char *path;   /* optional: instead of the service's; the path prefix comes before it */
} freshet_route;

/* A request about to be sent. */
typedef struct freshet_outgoing {
	const char *key;               /* of its endpoint */
	const char *method;            /* these may be changed */
	const char *path;              /* with the query; behind the path of the base URL */
	const freshet_header *headers; /* beside those of every request; the credentials and keys among them */
	size_t header_count;
	freshet_str body; /* may hold prompts and secrets */
	uint32_t attempt; /* 1: the first. Of a stream: always 1, it subscribes again by itself with the same request */
} freshet_outgoing;

/*
 * Changes a request by pointing its fields to memory of the hook's own, which stays as it is until the hook is called
 * again or its loop turns. It is called anew for each attempt, inside the call that sends or from the loop, and must not
 * call the library. What it answers other than FRESHET_OK becomes the end of the request.
 */
typedef freshet_err freshet_request_hook(freshet_outgoing *request, void *user);

/* A whole answer that was not looked at yet. */
typedef struct freshet_incoming {
	const char *key; /* of the endpoint that was asked */
	const freshet_header *headers;
	size_t header_count;
	int status;       /* these may be changed */
	freshet_str body; /* may hold outputs and secrets */
} freshet_incoming;

/*
 * Changes an answer before it is judged and read: the status, and the body by pointing it to memory of the hook's own,
 * which stays as it is until the hook is called again or its loop turns. It must not call the library. What it answers
 * other than FRESHET_OK becomes the end of the request.
 */
typedef freshet_err freshet_response_hook(freshet_incoming *answer, void *user);

#ifdef __cplusplus
}
#endif

#endif
