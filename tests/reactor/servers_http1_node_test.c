/*
 * Node's http module as a live server of events: what it writes is what is seen, through cuts, clean ends and bodies that
 * end with their connection.
 */
#include "support/live.h"
#include "support/test.h"

static const char *program;
static const char script[] = FRESHET_SOURCE_DIR "/tests/support/live_server.js";

static void followed(void **state)
{
	struct live_server s;
	(void)state;
	live_start(&s, program, script, "60000");
	live_follow(&s, "whole", 0);
	live_follow(&s, "to-close", 0);
	/* 39 or 40 events of each answer are whole, so 300 take eight of them. */
	live_follow(&s, "cut", 7);
	live_follow(&s, "end", 7);
	live_stop(&s);
}

static void asked(void **state)
{
	struct live_server s;
	(void)state;
	live_start(&s, program, script, "60000");
	live_get(&s, "/hints", "after hints");
	live_get(&s, "/trailers", "before trailers");
	live_upload(&s);
	live_nothing(&s);
	live_stop(&s);
}

static void closing_kept_connections(void **state)
{
	struct live_server s;
	(void)state;
	live_start(&s, program, script, "1");
	live_short_keep_alive(&s);
	live_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(followed),
		cmocka_unit_test(asked),
		cmocka_unit_test(closing_kept_connections),
	};
	program = process_find("node");
	if (program == NULL) {
		printf("SKIPPED: no node on this machine (package nodejs)\n");
		return TEST_SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
