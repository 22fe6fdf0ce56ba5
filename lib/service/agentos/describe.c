/*
 * Lines for logs: hosts, counts and states, never a key or a payload.
 */
#include "client.h"
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

static const char *state_of(const struct agentos_report *report)
{
	if (report->stopped)
		return "stopped: the key was not accepted";
	return report->closing ? "closing" : "open";
}

static const char *kind_of(const struct agentos_key *key)
{
	if (key->field == NULL)
		return "no";
	if (strncmp(key->field, "Bearer aos_agent_", 17) == 0)
		return "agent";
	return strncmp(key->field, "Bearer aos_ws_", 14) == 0 ? "workspace" : "unknown";
}

static size_t length(int written)
{
	return written > 0 ? (size_t)written : 0;
}

size_t freshet_agentos_describe(const freshet_agentos *client, char *to, size_t size)
{
	freshet_agentos_stats stats = {.size = sizeof stats};
	freshet_agentos_stats_get(client, &stats);
	return length(snprintf(to, size,
		"agentos %s, %s, %s key and %s key: %" PRIu64 " runs open, %" PRIu64 " lost; events %" PRIu64
		" emitted, %" PRIu64 " sent, %" PRIu64 " dropped, %" PRIu64 " queued in %zu bytes; %" PRIu32
		" requests in flight, %" PRIu64 " retries",
		client->options.disabled ? "disabled" : client->url, state_of(&client->report),
		kind_of(&client->api_key), kind_of(&client->workspace_key), stats.runs_open, stats.runs_lost,
		stats.emitted, stats.sent, freshet_agentos_dropped(&stats), stats.queued, stats.queued_bytes,
		stats.in_flight, stats.retries));
}

static const char *run_state_of(const freshet_agentos_run *run)
{
	if (run->lost)
		return "lost";
	if (run->ended)
		return "ending";
	return run->id != NULL ? "running" : "starting";
}

size_t freshet_agentos_run_describe(const freshet_agentos_run *run, char *to, size_t size)
{
	const struct agentos_lane *lane = &run->lane;
	return length(snprintf(to, size,
		"run %s, %s: events %" PRIu64 " emitted, %" PRIu64 " sent, %" PRIu64 " dropped, %zu queued; %" PRIu32
		" tasks and spans open",
		run->id != NULL ? run->id : "(no id)", run_state_of(run), lane->emitted, lane->sent, lane->dropped,
		lane->waiting + lane->held, run->open_count));
}
