/*
 * What the files of this service share: the client, and what lives as long as it does.
 */
#ifndef SUDOIQ_CLIENT_H
#define SUDOIQ_CLIENT_H

#include "auth.h"
#include "names.h"
#include "routes.h"
#include "tools.h"

#include "guest/call.h"
#include "guest/map.h"
#include "guest/options.h"

#include <freshet/stream.h>
#include <freshet/sudoiq.h>
#include <freshet/timer.h>

struct sudoiq_port;
struct sudoiq_task;

/* Times, bounds and ways, as the options say, defaults filled in. */
struct sudoiq_settings {
	freshet_sudoiq_stream_mode stream_mode;
	freshet_sudoiq_unknown_tool unknown_tool;
	freshet_sudoiq_batch batch;
	uint64_t timeout_ms;
	uint64_t response_timeout_ms;
	uint64_t tool_timeout_ms;
	uint64_t token_renew_ms;
	uint32_t max_stream_retries;
	uint32_t max_parallel_tools;
	uint32_t max_runs;
	uint32_t max_known_runs;
	uint32_t max_run_calls;
	size_t max_args;
	size_t max_result;
	size_t max_answer;
	uint32_t max_page;
	bool retry_start;
	bool cancel_on_timeout;
	bool omit_is_error;
	bool send_tool_telemetry;
	struct guest_backoff backoff;        /* of requests */
	struct guest_backoff stream_backoff; /* of what follows a run, where the core does not do it */
};

/* What the client knows of runs: every task by agent and id; those that nobody follows also in a row, oldest first. */
struct sudoiq_tasks {
	struct guest_map map;
	struct sudoiq_task *oldest;
	struct sudoiq_task *newest;
	size_t idle_count; /* in the row */
	/* Those that have something to do in the next turn, first come first. */
	struct sudoiq_task *ready;
	struct sudoiq_task *last_ready;
	bool ending; /* there will be no next turn */
};

struct freshet_sudoiq {
	struct guest guest;
	struct sudoiq_settings settings;
	struct sudoiq_names names;
	struct guest_scratch scratch; /* decoded strings of the answer or event at hand: callbacks never nest */
	struct sudoiq_auth auth;
	struct sudoiq_tools tools;
	struct sudoiq_tasks tasks;
	struct sudoiq_port *port; /* where other threads find the client */
	freshet_timer *soon;      /* what is to be done in a later turn */
	freshet_sudoiq_run *runs; /* all that are open */
	size_t run_count;
	freshet_sudoiq_run *over;           /* of them, those whose on_done is for the next turn */
	freshet_stream_policy start_policy; /* of streams that answer a start: they are not asked for again */
	char *url;
	char *environment; /* NULL: none */
	freshet_sudoiq_record_fn *on_tool_record;
	freshet_sudoiq_lost_fn *on_answers_lost;
	void *user;
	bool closing;
};

/* Has what is ready done in a later turn of the loop. */
void sudoiq_soon(freshet_sudoiq *client);

/* A number for jitter. */
uint64_t sudoiq_random(freshet_sudoiq *client);

#endif
