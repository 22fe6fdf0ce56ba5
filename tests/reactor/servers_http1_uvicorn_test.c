/*
 * uvicorn with a small ASGI application as a live server of events: what it writes is what is seen, through cuts and clean
 * ends.
 */
#include "support/live.h"
#include "support/test.h"

#include <stdlib.h>

/* Debian's own: another python on the PATH does not see its packages. */
static const char program[] = "/usr/bin/python3";
static const char script[] = FRESHET_SOURCE_DIR "/tests/support/live_server.py";

static void followed(void **state)
{
	struct live_server s;
	(void)state;
	live_start(&s, program, script, "60");
	live_follow(&s, "whole", 0);
	/* 39 or 40 events of each answer are whole, so 300 take eight of them. */
	live_follow(&s, "cut", 7);
	live_follow(&s, "end", 7);
	live_stop(&s);
}

static void asked(void **state)
{
	struct live_server s;
	(void)state;
	live_start(&s, program, script, "60");
	live_upload(&s);
	live_nothing(&s);
	live_stop(&s);
}

static void closing_kept_connections(void **state)
{
	struct live_server s;
	(void)state;
	live_start(&s, program, script, "0");
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
	if (system("/usr/bin/python3 -c 'import uvicorn' 2>/dev/null") != 0) {
		printf("SKIPPED: no uvicorn for /usr/bin/python3 (package python3-uvicorn)\n");
		return TEST_SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
