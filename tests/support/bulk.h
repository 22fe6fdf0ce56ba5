/*
 * Stored event streams for servers that nobody here wrote, and many streams at once that read one of them, each held
 * against what was written into it.
 */
#ifndef SUPPORT_BULK_H
#define SUPPORT_BULK_H

#include "support/client.h"
#include "support/files.h"

/* How many read at once. */
#define BULK_STREAMS 50

/* A folder with what a server needs: /large.sse, /small.sse, cert.pem and key.pem for "localhost". */
struct site {
	struct test_folder folder;
	struct golden large; /* 30 MiB and more */
	struct golden small; /* 1 MiB and more: several windows of a stream */
};

void site_make(struct site *site);
void site_remove(struct site *site);
const char *site_file(const struct site *site, const char *name);

/* Options for an endpoint on the site's server; `text` has room for the URL. */
void site_endpoint_options(
	const struct site *site, freshet_endpoint_options *o, const char *scheme, uint16_t port, char text[128]);

/* Ends the test unless the stream ended well and saw all of that. */
void assert_whole(const struct follower *f, const struct golden *golden);

/*
 * Opens so many streams of one of the site's, runs them to their ends and compares; none may need a second try. Returns
 * how many connections that took.
 */
uint64_t bulk_follow(const struct site *site, const freshet_endpoint_options *o, const char *path, size_t streams);

#endif
