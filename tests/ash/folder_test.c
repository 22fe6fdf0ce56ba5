/*
 * A local folder in a request to deploy: what goes along, what stays here, and what cannot be read.
 */
#include "support/ash_world.h"
#include "support/files.h"
#include "support/test.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_folder folder;
static char body[4096];
static bool done;

static void answer(struct h1server_conn *c, const struct h1server_request *q)
{
	assert_true(q->body_len < sizeof body);
	memcpy(body, q->body, q->body_len);
	body[q->body_len] = '\0';
	h1server_reply(c, 201, "content-type: application/json\r\n", "{\"agent\":{\"id\":\"a\"}}");
}

static void on_agent(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_agent *agents,
	size_t count, void *user)
{
	(void)call;
	(void)user;
	assert_null(error);
	assert_int_equal(count, 1);
	assert_true(freshet_str_is(agents[0].id, "a"));
	done = true;
}

static freshet_ash_deploy_options options(void)
{
	freshet_ash_deploy_options o;
	freshet_ash_deploy_options_init(&o);
	o.name = freshet_str_of("helper");
	o.folder = folder.path;
	return o;
}

static freshet_err deploy(const freshet_ash_deploy_options *o)
{
	return freshet_ash_agent_deploy(ash_world.ash, o, on_agent, NULL, NULL);
}

static void put(const char *name, const char *text)
{
	test_file_write(test_folder_file(&folder, name), text, strlen(text));
}

static void make_folder(const char *name)
{
	assert_int_equal(mkdir(test_folder_file(&folder, name), 0700), 0);
}

static int set_up(void **state)
{
	(void)state;
	done = false;
	test_folder_make(&folder);
	ash_world_open(answer, NULL);
	put("CLAUDE.md", "Be kind.");
	return 0;
}

static int tear_down(void **state)
{
	test_folder_remove(&folder);
	return ash_world_close(state);
}

static void files_of_all_depths_go_along(void **state)
{
	const freshet_ash_deploy_options o = options();
	(void)state;
	make_folder("docs");
	make_folder("docs/deep");
	put("docs/deep/a.txt", "abc");
	put("empty", "");
	assert_int_equal(deploy(&o), FRESHET_OK);
	ash_world_run_until(&done);
	assert_non_null(strstr(body, "{\"path\":\"CLAUDE.md\",\"content\":\"QmUga2luZC4=\"}"));
	assert_non_null(strstr(body, "{\"path\":\"docs/deep/a.txt\",\"content\":\"YWJj\"}"));
	assert_non_null(strstr(body, "{\"path\":\"empty\",\"content\":\"\"}"));
}

static void what_is_not_for_the_server_stays(void **state)
{
	static const char *const folders[] = {".git", "node_modules", "__pycache__", ".venv"};
	const freshet_ash_deploy_options o = options();
	char name[64];
	(void)state;
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		make_folder(folders[i]);
		snprintf(name, sizeof name, "%s/secret", folders[i]);
		put(name, "secret");
	}
	put(".env", "secret");
	put("prod.env", "secret");
	assert_int_equal(symlink("/etc/passwd", test_folder_file(&folder, "link")), 0);
	assert_int_equal(symlink("/etc", test_folder_file(&folder, "folder-link")), 0);
	assert_int_equal(mkfifo(test_folder_file(&folder, "pipe"), 0600), 0);
	put("kept.env.txt", "k");
	assert_int_equal(deploy(&o), FRESHET_OK);
	ash_world_run_until(&done);
	assert_string_equal(body + strlen(body) - 2, "]}");
	assert_null(strstr(body, "secret"));
	assert_null(strstr(body, "link"));
	assert_null(strstr(body, "pipe"));
	assert_non_null(strstr(body, "CLAUDE.md"));
	assert_non_null(strstr(body, "kept.env.txt"));
}

static void a_folder_that_is_too_large_is_refused_here(void **state)
{
	static char large[40000];
	freshet_ash_deploy_options o = options();
	(void)state;
	memset(large, 'x', sizeof large - 1);
	put("large", large);
	o.max_upload = 50000;
	assert_int_equal(deploy(&o), FRESHET_EJSON_SIZE);
	o.max_upload = 20000;
	assert_int_equal(deploy(&o), FRESHET_EJSON_SIZE);
	assert_int_equal(ash_world.server.requests, 0);
}

static void what_cannot_be_read_is_told(void **state)
{
	freshet_ash_deploy_options o = options();
	char missing[160];
	(void)state;
	snprintf(missing, sizeof missing, "%s/missing", folder.path);
	o.folder = missing;
	assert_int_equal(deploy(&o), FRESHET_ESYSTEM);
	assert_int_equal(errno, ENOENT);
	snprintf(missing, sizeof missing, "%s/CLAUDE.md", folder.path);
	assert_int_equal(deploy(&o), FRESHET_ESYSTEM);
	assert_int_equal(errno, ENOTDIR);
	o.folder = folder.path;
	o.name = freshet_str_of("no name");
	assert_int_equal(deploy(&o), FRESHET_EINVAL);
	assert_int_equal(ash_world.server.requests, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_of_all_depths_go_along, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_for_the_server_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_folder_that_is_too_large_is_refused_here, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_told, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
