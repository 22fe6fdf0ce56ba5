/*
 * Flags: one table gives each its name, its place in the options and its help.
 */
#include "mockd/flags.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum flag_kind { FLAG_TEXT, FLAG_U16, FLAG_U32, FLAG_U64, FLAG_DOUBLE, FLAG_SWITCH };

static const struct flag {
	const char *name;
	enum flag_kind kind;
	size_t offset;
	const char *value; /* what the help calls it */
	const char *help;
} known_flags[] = {
#define PLACE(name, kind, member, value, help)                                                                         \
	{                                                                                                              \
		name, kind, offsetof(struct flags, member), value, help                                                \
	}
#define FLAG(name, kind, member, value, help) PLACE(name, kind, options.member, value, help)
	FLAG("address", FLAG_TEXT, address, "ADDRESS", "listen there; default 127.0.0.1"),
	FLAG("port", FLAG_U16, port, "PORT", "listen there; default 0: the kernel chooses"),
	FLAG("tls-certificate", FLAG_TEXT, tls_certificate, "FILE", "PEM chain: speak TLS"),
	FLAG("tls-key", FLAG_TEXT, tls_key, "FILE", "PEM key of the certificate"),
	FLAG("tls-client-ca", FLAG_TEXT, tls_client_ca, "FILE", "PEM: clients must show a certificate of its issuers"),
	FLAG("no-http1", FLAG_SWITCH, no_http1, NULL, "HTTP/2 alone"),
	FLAG("no-http2", FLAG_SWITCH, no_http2, NULL, "HTTP/1.1 alone"),
	FLAG("keep-alive-ms", FLAG_U32, keep_alive_ms, "MS",
		"an idle HTTP/1.1 connection is closed then; default 5000"),
	FLAG("max-streams", FLAG_U32, max_concurrent_streams, "N", "streams of one HTTP/2 connection; default 1000"),
	FLAG("window", FLAG_U32, initial_window, "BYTES", "credit for a request body; default 65535"),
	FLAG("merge-writes", FLAG_SWITCH, merge_writes, NULL, "several writes share a DATA frame or a chunk"),
	FLAG("clock-scale", FLAG_DOUBLE, clock_scale, "X", "emulated seconds per real second; default 1"),
	FLAG("manual-clock", FLAG_SWITCH, manual_clock, NULL, "time passes only by the control API"),
	FLAG("seed", FLAG_U64, seed, "N", "of ids, texts, random scripts and cuts; default 1"),
	FLAG("quota", FLAG_U32, quota, "N", "active sessions of a user; default 100"),
	FLAG("first-row-id", FLAG_U64, first_row_id, "N", "default 9001"),
	FLAG("row-gap", FLAG_U32, row_gap, "N", "row ids grow by 1 to N; default 3"),
	FLAG("stage-ms", FLAG_U32, stage_ms, "MS", "a provisioning stage takes that long; default 200"),
	FLAG("row-ms", FLAG_U32, row_ms, "MS", "time between rows; default 100"),
	FLAG("poll-ms", FLAG_U32, poll_ms, "MS", "a stream looks for rows that often; default 500"),
	FLAG("poll-rows", FLAG_U32, poll_rows, "N", "rows that it takes each time; default 100"),
	FLAG("heartbeat-ms", FLAG_U32, heartbeat_ms, "MS", "default 15000"),
	FLAG("stale-ms", FLAG_U32, stale_ms, "MS", "default 600000"),
	FLAG("scripts", FLAG_TEXT, scripts, "LIST", "for prompts that name none, such as '90 success; 10 exit code=3'"),
	FLAG("ash-scripts", FLAG_TEXT, ash_scripts, "LIST", "the same for Ash"),
	FLAG("ash-data", FLAG_TEXT, ash_data, "DIRECTORY", "relative paths of Ash's agents lie below it; default ."),
	FLAG("ash-limits", FLAG_SWITCH, ash_limits, NULL,
		"Ash: 1500 requests in 15 minutes, 20 that deploy, 20 sessions"),
	FLAG("ash-tagged", FLAG_SWITCH, ash_tagged, NULL, "Ash as tagged 0.2.0: a message is a string"),
	FLAG("agentos-agent-key", FLAG_TEXT, agentos_agent_key, "KEY", "of AgentOS's first agent"),
	FLAG("agentos-workspace-key", FLAG_TEXT, agentos_workspace_key, "KEY", "of AgentOS's workspace"),
	FLAG("agentos-scripts", FLAG_TEXT, agentos_scripts, "LIST", "like --scripts, for AgentOS"),
	FLAG("agentos-webhook", FLAG_TEXT, agentos_webhook, "URL",
		"where AgentOS's webhooks go; http, on the loopback"),
	FLAG("agentos-webhook-secret", FLAG_TEXT, agentos_webhook_secret, "TEXT", "they are signed with it"),
	FLAG("agentos-number", FLAG_TEXT, agentos_number, "MEMBER", "numbers events in their payloads; default n"),
	FLAG("agentos-renamed", FLAG_SWITCH, agentos_renamed, NULL, "AgentOS: other paths, statuses and members"),
	FLAG("agentos-strict", FLAG_SWITCH, agentos_strict, NULL, "AgentOS: unpublished members are refused"),
	FLAG("agentos-ignore-keys", FLAG_SWITCH, agentos_ignore_keys, NULL, "AgentOS: idempotency keys mean nothing"),
	FLAG("agentos-stream-ids", FLAG_SWITCH, agentos_stream_ids, NULL, "AgentOS: frames have ids"),
	FLAG("agentos-no-streams", FLAG_SWITCH, agentos_no_streams, NULL, "AgentOS: JSON instead of streams"),
	FLAG("agentos-task-ids", FLAG_SWITCH, agentos_task_ids, NULL, "AgentOS: the server makes ids of tasks"),
	FLAG("agentos-keep-texts", FLAG_SWITCH, agentos_keep_texts, NULL, "AgentOS: the ledger keeps what came"),
	FLAG("sudoiq-table", FLAG_TEXT, sudoiq_table, "NAME", "Sudoiq's paths and names: default, or other"),
	FLAG("sudoiq-auth", FLAG_TEXT, sudoiq_auth, "WAY", "bearer, header, token or cookie; default bearer"),
	FLAG("sudoiq-scripts", FLAG_TEXT, sudoiq_scripts, "LIST", "for inputs of Sudoiq that name none"),
	FLAG("sudoiq-webhook", FLAG_TEXT, sudoiq_webhook, "URL", "where Sudoiq's webhooks go; http, on the loopback"),
	FLAG("sudoiq-webhook-secret", FLAG_TEXT, sudoiq_webhook_secret, "TEXT", "they are signed with it"),
	FLAG("webhook-records", FLAG_U32, webhook_records, "N",
		"webhooks that are over and remembered; default 100000"),
	FLAG("events-file", FLAG_TEXT, events_file, "FILE", "what GET /events/file answers"),
	FLAG("control", FLAG_SWITCH, control, NULL, "the control API under /mockd/ is on"),
	PLACE("cuts-per-minute", FLAG_DOUBLE, cuts_per_minute, "X", "random cuts; default 0"),
	PLACE("cuts-connections", FLAG_U32, cuts_connections, "PERCENT", "share of whole connections; default 50"),
	PLACE("proxy", FLAG_SWITCH, proxy, NULL, "a CONNECT proxy that leads here, beside the emulator"),
	PLACE("proxy-port", FLAG_U16, proxy_options.port, "PORT", "its port; default 0: the kernel chooses"),
	PLACE("proxy-credentials", FLAG_TEXT, proxy_options.credentials, "USER:PASSWORD", "it asks for them"),
	PLACE("proxy-fault", FLAG_TEXT, proxy_fault, "TEXT", "such as 'action=cut after=1000 times=2'"),
#undef FLAG
#undef PLACE
};

#define FLAG_COUNT (sizeof known_flags / sizeof known_flags[0])

static void print_help(void)
{
	printf("usage: mockd [--FLAG VALUE]...\n"
	       "Emulates agent platforms over HTTP/1.1 and HTTP/2, with scripts, faults and a ledger. It prints its\n"
	       "address and runs until SIGINT or SIGTERM. Times are of the emulated clock.\n\n");
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		char left[48];
		snprintf(left, sizeof left, "--%s %s", known_flags[i].name,
			known_flags[i].value != NULL ? known_flags[i].value : "");
		printf("  %-26s %s\n", left, known_flags[i].help);
	}
	printf("  %-26s %s\n", "--token TOKEN", "a user's token; may be given several times");
	printf("  %-26s %s\n", "--fault TEXT", "such as 'moment=event at=3 action=cut times=0'; several times");
	printf("  %-26s %s\n", "--webhook-fault TEXT", "such as 'action=duplicate every=3 times=0'; several times");
	printf("  %-26s %s\n", "--proxy-target TARGET",
		"where else it leads: 'host:443=127.0.0.1:8443'; several times");
	printf("  %-26s %s\n", "--platform NAME", "who answers at the root: aod, ash, sudoiq, agentos; default aod");
	printf("  %-26s %s\n", "--dialect R|P|PS|PSI", "the shape of Agent on Demand; default PSI");
	printf("  %-26s %s\n", "--help", "this text");
}

static bool read_number(const char *text, uint64_t most, uint64_t *number)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	*number = value;
	return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && value <= most;
}

/* Sets the option. False when the value is none. */
static bool set_option(const struct flag *flag, const char *value, struct flags *flags)
{
	void *place = (char *)flags + flag->offset;
	uint64_t number;
	char *end;
	switch (flag->kind) {
	case FLAG_SWITCH: *(bool *)place = true; return true;
	case FLAG_TEXT: *(const char **)place = value; return true;
	case FLAG_U16:
		if (!read_number(value, UINT16_MAX, &number))
			return false;
		*(uint16_t *)place = (uint16_t)number;
		return true;
	case FLAG_U32:
		if (!read_number(value, UINT32_MAX, &number))
			return false;
		*(uint32_t *)place = (uint32_t)number;
		return true;
	case FLAG_U64: return read_number(value, UINT64_MAX, place);
	case FLAG_DOUBLE: *(double *)place = strtod(value, &end); return end != value && *end == '\0';
	}
	return false;
}

static bool set_dialect(const char *name, struct mockd_options *options)
{
	static const char *const names[] = {[MOCKD_DIALECT_PSI] = "PSI",
		[MOCKD_DIALECT_PS] = "PS",
		[MOCKD_DIALECT_P] = "P",
		[MOCKD_DIALECT_R] = "R"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(name, names[i]) == 0) {
			options->dialect = (enum mockd_dialect)i;
			return true;
		}
	}
	return false;
}

static bool set_platform(const char *name, struct mockd_options *options)
{
	static const char *const names[] = {[MOCKD_PLATFORM_AOD] = "aod",
		[MOCKD_PLATFORM_ASH] = "ash",
		[MOCKD_PLATFORM_SUDOIQ] = "sudoiq",
		[MOCKD_PLATFORM_AGENTOS] = "agentos"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(name, names[i]) == 0) {
			options->platform = (enum mockd_platform)i;
			return true;
		}
	}
	return false;
}

static const struct flag *find_flag(const char *name)
{
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		if (strcmp(name, known_flags[i].name) == 0)
			return &known_flags[i];
	}
	return NULL;
}

static int bad_usage(const char *argument, const char *why)
{
	fprintf(stderr, "mockd: %s: %s (see --help)\n", argument, why);
	return 2;
}

/* Reads one flag that may be given several times, or that is no option. False when the value makes no sense. */
static bool read_special(const char *name, const char *value, struct flags *flags)
{
	if (strcmp(name, "--dialect") == 0)
		return set_dialect(value, &flags->options);
	if (strcmp(name, "--platform") == 0)
		return set_platform(value, &flags->options);
	if (strcmp(name, "--token") == 0)
		flags->tokens[flags->options.token_count++] = value;
	else if (strcmp(name, "--proxy-target") == 0)
		flags->proxy_targets[flags->proxy_options.target_count++] = value;
	else if (strcmp(name, "--webhook-fault") == 0)
		flags->webhook_faults[flags->webhook_fault_count++] = value;
	else
		flags->faults[flags->fault_count++] = value;
	return true;
}

static bool is_special(const char *name)
{
	return strcmp(name, "--dialect") == 0 || strcmp(name, "--token") == 0 || strcmp(name, "--fault") == 0 ||
	       strcmp(name, "--proxy-target") == 0 || strcmp(name, "--platform") == 0 ||
	       strcmp(name, "--webhook-fault") == 0;
}

static int read_all(int argc, char **argv, struct flags *flags)
{
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i];
		if (strcmp(name, "--help") == 0) {
			print_help();
			return EXIT_SUCCESS;
		}
		const struct flag *flag = strncmp(name, "--", 2) == 0 ? find_flag(name + 2) : NULL;
		if (flag == NULL && !is_special(name))
			return bad_usage(name, "no such flag");
		if ((flag == NULL || flag->kind != FLAG_SWITCH) && ++i == argc)
			return bad_usage(name, "a value is missing");
		if (!(flag != NULL ? set_option(flag, argv[i], flags) : read_special(name, argv[i], flags)))
			return bad_usage(name, "the value makes no sense");
	}
	return -1;
}

int flags_read(int argc, char **argv, struct flags *flags)
{
	*flags = (struct flags){.cuts_connections = 50};
	mockd_options_init(&flags->options);
	flags->tokens = calloc((size_t)argc, sizeof *flags->tokens);
	flags->faults = calloc((size_t)argc, sizeof *flags->faults);
	flags->proxy_targets = calloc((size_t)argc, sizeof *flags->proxy_targets);
	flags->webhook_faults = calloc((size_t)argc, sizeof *flags->webhook_faults);
	if (flags->tokens == NULL || flags->faults == NULL || flags->webhook_faults == NULL ||
		flags->proxy_targets == NULL)
		return EXIT_FAILURE;
	mockd_proxy_options_init(&flags->proxy_options);
	int done = read_all(argc, argv, flags);
	flags->options.tokens = flags->tokens;
	flags->proxy_options.targets = flags->proxy_targets;
	return done;
}

void flags_clear(struct flags *flags)
{
	free(flags->tokens);
	free(flags->faults);
	free(flags->webhook_faults);
	free(flags->proxy_targets);
}
