/*
 * nghttpd, the server of nghttp2's authors, serves stored event streams to many streams at once.
 */
#include "support/bulk.h"
#include "support/process.h"
#include "support/test.h"

static struct site site;
static const char *program;

static int set_up(void **state)
{
	static const char types[] = "text/event-stream sse\n";
	(void)state;
	site_make(&site);
	test_file_write(site_file(&site, "mime.types"), types, sizeof types - 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	site_remove(&site);
	return 0;
}

/* `option`: NULL, or one more. The kernel chooses the port. */
static uint16_t start(struct process *p, bool tls, const char *option)
{
	char types[256];
	const char *argv[12];
	size_t n = 0;
	snprintf(types, sizeof types, "--mime-types-file=%s", site_file(&site, "mime.types"));
	argv[n++] = program;
	argv[n++] = types;
	argv[n++] = "-d";
	argv[n++] = site.folder.path;
	if (option != NULL)
		argv[n++] = option;
	if (!tls)
		argv[n++] = "--no-tls";
	argv[n++] = "0";
	if (tls) {
		argv[n++] = site_file(&site, "key.pem");
		argv[n++] = site_file(&site, "cert.pem");
	}
	argv[n] = NULL;
	process_start(p, argv, site_file(&site, "log"));
	uint16_t port = process_port(p);
	assert_int_not_equal(port, 0);
	return port;
}

static uint64_t follow_all(bool tls, const char *option, const char *path, size_t streams)
{
	struct process p;
	char url[128];
	freshet_endpoint_options o;
	site_endpoint_options(&site, &o, tls ? "https" : "http", start(&p, tls, option), url);
	uint64_t connections = bulk_follow(&site, &o, path, streams);
	assert_true(process_runs(&p));
	process_end(&p);
	return connections;
}

static void over_tls(void **state)
{
	(void)state;
	assert_int_equal(follow_all(true, NULL, "/large.sse", BULK_STREAMS), 1);
}

static void with_prior_knowledge(void **state)
{
	(void)state;
	assert_int_equal(follow_all(false, NULL, "/small.sse", BULK_STREAMS), 1);
}

/* Few streams a connection: as many connections as that takes, and all of them open together. */
static void few_streams_a_connection(void **state)
{
	(void)state;
	assert_int_equal(follow_all(true, "--max-concurrent-streams=4", "/small.sse", 50), 13);
	assert_int_equal(follow_all(false, "--max-concurrent-streams=1", "/small.sse", 64), 64);
}

/* Padded frames, no table for headers, fields after the body, a body of unknown length. */
static void odd_frames(void **state)
{
	static const char *const options[] = {
		"--padding=255", "--encoder-header-table-size=0", "--trailer=sum: 1", "--no-content-length"};
	(void)state;
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		assert_int_equal(follow_all(false, options[i], "/small.sse", 8), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_tls),
		cmocka_unit_test(with_prior_knowledge),
		cmocka_unit_test(few_streams_a_connection),
		cmocka_unit_test(odd_frames),
	};
	program = process_find("nghttpd");
	if (program == NULL) {
		printf("skipped: this machine has no nghttpd (Debian package nghttp2-server)\n");
		return TEST_SKIPPED;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
