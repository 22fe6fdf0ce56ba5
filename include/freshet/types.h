/*
 * The small types that every header of freshet shares: spans of bytes, headers, the allocator and the log hook.
 */
#ifndef FRESHET_TYPES_H
#define FRESHET_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define FRESHET_API __attribute__((visibility("default")))
#else
#define FRESHET_API
#endif

/*
 * Defines TYPE_init(TYPE *options) for options whose first field is their size: all is 0, which takes every default, and
 * the size is the one that the caller was compiled with. So a library whose options have grown since takes those that are
 * there; one that is older than the caller refuses those that it does not know.
 */
#define FRESHET_OPTIONS_INIT(type)                                                                                     \
	static inline void type##_init(type *options)                                                                  \
	{                                                                                                              \
		memset(options, 0, sizeof *options);                                                                   \
		options->size = sizeof *options;                                                                       \
	}

#ifdef __cplusplus
extern "C" {
#endif

/* A span of bytes that somebody else owns. Not terminated; `ptr` may be NULL when `len` is 0. */
typedef struct freshet_str {
	const char *ptr;
	size_t len;
} freshet_str;

/* The span of a terminated string; NULL gives the empty span. The characters stay the caller's. */
static inline freshet_str freshet_str_of(const char *terminated)
{
	freshet_str s = {terminated, terminated != NULL ? strlen(terminated) : 0};
	return s;
}

/* True when both spans hold the same bytes. */
static inline bool freshet_str_equal(freshet_str a, freshet_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* True when the span holds just the bytes of the terminated string. */
static inline bool freshet_str_is(freshet_str a, const char *terminated)
{
	return freshet_str_equal(a, freshet_str_of(terminated));
}

/* One header field (RFC 9110, section 5). Names are compared without regard to case and sent in lower case. */
typedef struct freshet_header {
	freshet_str name;
	freshet_str value;
	bool secret; /* optional: the value is a credential; it is never logged, described or put into HPACK's table */
} freshet_header;

/*
 * Where the memory of the library comes from. All three are required; `user` goes to each of them.
 * `reallocate` with a NULL pointer allocates; `release` of NULL does nothing. `allocate` may return NULL at any time:
 * every function then fails with FRESHET_ENOMEM and leaves what stood before as it was.
 */
typedef struct freshet_allocator {
	void *(*allocate)(size_t size, void *user);
	void *(*reallocate)(void *memory, size_t size, void *user);
	void (*release)(void *memory, void *user);
	void *user;
} freshet_allocator;

/*
 * Replaces malloc for the whole process; NULL brings malloc back. Call it before anything else of the library and from
 * one thread: memory of one allocator is never given to another. libevent and OpenSSL keep their own allocators.
 */
FRESHET_API void freshet_set_allocator(const freshet_allocator *allocator);

/*
 * Memory from that allocator for code that stands on the library, as the services do: `count` times `size` bytes,
 * zeroed; NULL when there is none or the product overflows.
 */
FRESHET_API void *freshet_mem_new(size_t count, size_t size);

/* NULL is fine. */
FRESHET_API void freshet_mem_free(void *memory);

/* How much a log line matters. */
typedef enum freshet_log_level {
	FRESHET_LOG_ERROR,
	FRESHET_LOG_WARNING,
	FRESHET_LOG_INFO,
	FRESHET_LOG_DEBUG,
} freshet_log_level;

/* Receives one line without a line end. It may be called from any thread that uses the library; it must not call it. */
typedef void freshet_log_fn(freshet_log_level level, const char *line, void *user);

/*
 * Sets where log lines go, for the whole process, and which are wanted: those at `most` and more important ones.
 * NULL (the default) drops them all. Secrets never reach the hook at any level.
 */
FRESHET_API void freshet_set_log(freshet_log_fn *fn, freshet_log_level most, void *user);

/* Somebody listens to lines of that level: what only a line needs is worth building. */
FRESHET_API bool freshet_log_wanted(freshet_log_level level);

/*
 * Gives the hook a line of code that stands on the library, as the services do. Control characters in it, which a server
 * may have sent, become blanks, and a long line is cut. That no secret is in it is the caller's duty. NULL is the empty line.
 */
FRESHET_API void freshet_log(freshet_log_level level, const char *line);

/* The version of the library that runs, as "major.minor.patch". */
FRESHET_API const char *freshet_version(void);

#ifdef __cplusplus
}
#endif

#endif
