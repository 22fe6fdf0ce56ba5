/*
 * What an exchange came to. Causes of different kinds stay apart: the library's code, the HTTP status, the HTTP/2 error
 * code, errno and OpenSSL's words each have a field.
 */
#ifndef FRESHET_OUTCOME_H
#define FRESHET_OUTCOME_H

#include <freshet/error.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Valid, spans included, until the callback that it was given to returns. */
typedef struct freshet_outcome {
	freshet_err err;
	freshet_str text;         /* one line for people: what failed, where; no secrets. Never empty */
	int http_status;          /* of the last answer; 0 when there was none */
	bool has_http2_code;      /* the peer sent RST_STREAM or GOAWAY with http2_code */
	uint32_t http2_code;      /* RFC 9113, section 7 */
	int system_errno;         /* 0 when no system call failed */
	unsigned long tls_error;  /* of ERR_get_error; 0 when OpenSSL said nothing */
	long tls_verify;          /* X509_V_ERR_...; 0 when the certificate was not the cause */
	uint64_t position;        /* FRESHET_ESSE_... and FRESHET_EJSON_...: byte of the body */
	uint32_t attempts;        /* how many times it was tried; of a stream: since the last event */
	bool unprocessed;         /* the server surely did not act on the request: sending it again is safe */
	bool has_retry_after;     /* the server sent a Retry-After that can be read */
	uint64_t retry_after_ms;  /* of it; 0 also for "at once" and a date that has passed */
	freshet_str content_type; /* of the last answer */
	freshet_str location;     /* of the last answer, where that was a redirect: as the server wrote it */
	/*
	 * Of an answer that is not what was asked for (to a request, another status than 200; to a stream, anything but an
	 * event stream): its body, up to 64 KiB or what the stream's options allow.
	 */
	freshet_str body;
	bool body_cut; /* there was, or may have been, more of it: it was too long, or its end did not come */
} freshet_outcome;

#ifdef __cplusplus
}
#endif

#endif
