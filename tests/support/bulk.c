#include "support/bulk.h"

#include "support/certs.h"
#include "support/test.h"

const char *site_file(const struct site *site, const char *name)
{
	return test_folder_file(&site->folder, name);
}

void site_make(struct site *site)
{
	test_folder_make(&site->folder);
	golden_make(&site->large, 11, (size_t)30 * 1024 * 1024);
	golden_make(&site->small, 12, (size_t)1024 * 1024);
	test_file_write(site_file(site, "large.sse"), site->large.text, site->large.len);
	test_file_write(site_file(site, "small.sse"), site->small.text, site->small.len);
	cert_write_site(&site->folder);
}

void site_remove(struct site *site)
{
	golden_clear(&site->large);
	golden_clear(&site->small);
	test_folder_remove(&site->folder);
}

void site_endpoint_options(
	const struct site *site, freshet_endpoint_options *o, const char *scheme, uint16_t port, char text[128])
{
	client_endpoint_options(
		o, &(struct client_url){scheme, "localhost", port, site_file(site, "authority.pem")}, text);
}

void assert_whole(const struct follower *f, const struct golden *golden)
{
	if (f->end.outcome.err != FRESHET_OK)
		fail_msg("%s: %s", freshet_err_name(f->end.outcome.err), f->end.text);
	assert_int_equal(f->dones, 1);
	assert_int_equal(f->opens, 1);
	assert_int_equal(f->cuts, 0);
	assert_int_equal(f->seen.events, golden->whole.events);
	assert_int_equal(f->end_events, golden->whole.events);
	assert_true(f->seen.hash == golden->whole.hash);
}

/* Followers that wait for one another: no event comes before all of them are open. */
struct crowd {
	struct client client;
	struct follower *followers;
	size_t count;
};

static bool all_open(void *user)
{
	const struct crowd *crowd = user;
	return crowd->client.open == crowd->count;
}

static void follow_together(struct crowd *crowd, freshet_endpoint *e, const char *path)
{
	for (size_t i = 0; i < crowd->count; i++)
		client_follow_paused(&crowd->client, e, path, &crowd->followers[i]);
	client_run(&crowd->client, all_open, crowd);
	for (size_t i = 0; i < crowd->count; i++)
		freshet_stream_resume(crowd->followers[i].stream);
	client_run(&crowd->client, NULL, NULL);
}

uint64_t bulk_follow(const struct site *site, const freshet_endpoint_options *o, const char *path, size_t streams)
{
	freshet_endpoint *e;
	freshet_counters counters;
	const struct golden *golden = strcmp(path, "/large.sse") == 0 ? &site->large : &site->small;
	struct crowd crowd = {.followers = calloc(streams, sizeof *crowd.followers), .count = streams};
	assert_non_null(crowd.followers);
	client_start(&crowd.client, NULL);
	assert_int_equal(freshet_endpoint_new(crowd.client.reactor, o, &e), FRESHET_OK);
	follow_together(&crowd, e, path);
	for (size_t i = 0; i < streams; i++)
		assert_whole(&crowd.followers[i], golden);
	counters = client_counters(&crowd.client);
	assert_int_equal(counters.events, golden->whole.events * streams);
	assert_int_equal(counters.reconnects, 0);
	assert_int_equal(counters.discarded_bytes, 0);
	client_stop(&crowd.client);
	free(crowd.followers);
	return counters.connections_opened;
}
