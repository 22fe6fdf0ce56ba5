/*
 * The one list of what can go wrong. docs/errors.md tells for each what to do about it.
 */
#ifndef FRESHET_ERROR_H
#define FRESHET_ERROR_H

#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* name, number, text. Numbers are part of the ABI: they are never reused. */
#define FRESHET_ERR_MAP(X)                                                                                             \
	X(NOMEM, -1, "out of memory")                                                                                  \
	X(CANCELED, -2, "closed by the application")                                                                   \
	X(INVAL, -3, "an argument is not valid")                                                                       \
	X(STATE, -4, "not possible in this state")                                                                     \
	X(UNSUPPORTED, -5, "not supported")                                                                            \
	X(SYSTEM, -6, "a system call failed")                                                                          \
	X(DESCRIPTORS, -7, "no file descriptor is left for a connection")                                              \
	X(DEADLINE, -10, "the deadline of the whole exchange passed")                                                  \
	X(CONNECT_TIMEOUT, -11, "no connection within the connect limit")                                              \
	X(HEADERS_TIMEOUT, -12, "no response headers within their limit")                                              \
	X(IDLE_TIMEOUT, -13, "silence longer than the idle limit")                                                     \
	X(QUEUE_FULL, -15, "too many requests wait for a connection")                                                  \
	X(POSTS_FULL, -16, "too many posted calls wait for their turn")                                                \
	X(RESOLVE, -20, "the host name does not resolve")                                                              \
	X(CONNECT, -21, "no address of the host accepts a connection")                                                 \
	X(CLOSED, -22, "the connection was closed")                                                                    \
	X(PING_TIMEOUT, -23, "the peer stopped answering PING")                                                        \
	X(PROXY, -24, "the proxy cannot be reached or does not speak HTTP")                                            \
	X(PROXY_REFUSED, -25, "the proxy refused to connect to the server")                                            \
	X(PROXY_AUTH, -26, "the proxy wants credentials")                                                              \
	X(TLS, -30, "TLS failed")                                                                                      \
	X(TLS_HOST, -31, "the certificate is for another host")                                                        \
	X(TLS_EXPIRED, -32, "the certificate has expired")                                                             \
	X(TLS_NOT_YET_VALID, -33, "the certificate is not valid yet")                                                  \
	X(TLS_SELF_SIGNED, -34, "the certificate is self-signed")                                                      \
	X(TLS_ISSUER, -35, "the certificate's issuer is unknown")                                                      \
	X(TLS_PURPOSE, -36, "the certificate is not for servers")                                                      \
	X(TLS_VERIFY, -37, "the certificate was refused")                                                              \
	X(TLS_ALPN, -38, "the server does not speak the wanted protocol")                                              \
	X(TLS_PIN, -39, "the server's public key is not one of those that are pinned")                                 \
	X(HTTP_STATUS, -40, "the server answered with an error status")                                                \
	X(HTTP_PROTOCOL, -41, "the peer broke the HTTP protocol")                                                      \
	X(HTTP_RESET, -42, "the peer reset the stream")                                                                \
	X(HTTP_REFUSED, -43, "the peer refused the stream unprocessed")                                                \
	X(HTTP_GOAWAY, -44, "the peer is going away")                                                                  \
	X(HTTP_HEADERS, -45, "the response headers are larger than allowed")                                           \
	X(HTTP_BODY, -46, "the response body is larger than allowed")                                                  \
	X(HTTP_TRUNCATED, -47, "the response body ended early")                                                        \
	X(HTTP_REDIRECT, -48, "the server redirects elsewhere")                                                        \
	X(CONTENT_TYPE, -49, "the answer is not an event stream")                                                      \
	X(HTTP_REDIRECTS, -50, "more redirects than allowed")                                                          \
	X(UPLOAD, -51, "the request body could not be read from its source")                                           \
	X(UPLOAD_LENGTH, -52, "the request body is not as long as promised")                                           \
	X(HTTP_CODING, -53, "the compressed response body is damaged or incomplete")                                   \
	X(SSE_LINE, -60, "a line of the event stream is longer than allowed")                                          \
	X(SSE_EVENT, -61, "an event is larger than allowed")                                                           \
	X(SSE_ID, -62, "an event id is longer than allowed or cannot be sent back")                                    \
	X(JSON_SYNTAX, -70, "not valid JSON")                                                                          \
	X(JSON_DEPTH, -71, "JSON nested deeper than allowed")                                                          \
	X(JSON_UTF8, -72, "JSON text with invalid UTF-8")                                                              \
	X(JSON_STRING, -73, "a JSON string with an invalid escape or control character")                               \
	X(JSON_NUMBER, -74, "a JSON number that is malformed or out of range")                                         \
	X(JSON_TRUNCATED, -75, "JSON text that ends early")                                                            \
	X(JSON_TRAILING, -76, "text after the end of the JSON value")                                                  \
	X(JSON_TYPE, -77, "the JSON value has another type")                                                           \
	X(JSON_MISSING, -78, "the JSON member is missing")                                                             \
	X(JSON_SIZE, -79, "JSON text larger than allowed")                                                             \
	X(AUTH, -90, "the credentials were not accepted")                                                              \
	X(NOT_FOUND, -91, "no such object")                                                                            \
	X(CONFLICT, -92, "the state of the object forbids it")                                                         \
	X(VALIDATION, -93, "the server refused the request's content")                                                 \
	X(RATE_LIMIT, -94, "too many requests or active sessions")                                                     \
	X(SERVER, -95, "the server failed")                                                                            \
	X(BAD_ANSWER, -96, "the server's answer is not what its contract says")

/* What a function or an exchange came to: FRESHET_OK or one of the negative codes of the list. */
typedef enum freshet_err {
	FRESHET_OK = 0,
#define FRESHET_ERR_ENUM(name, number, text) FRESHET_E##name = number,
	FRESHET_ERR_MAP(FRESHET_ERR_ENUM)
#undef FRESHET_ERR_ENUM
} freshet_err;

/* The text of a code: static, without a line end, never NULL, also for numbers that are no code. */
FRESHET_API const char *freshet_err_text(freshet_err err);

/* The name of a code as the program spells it ("FRESHET_ENOMEM"): static, never NULL. */
FRESHET_API const char *freshet_err_name(freshet_err err);

#ifdef __cplusplus
}
#endif

#endif
