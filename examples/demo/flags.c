#include "demo/flags.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ids of rows and sessions, records and streams: what a laptop holds without a thought. */
#define SESSIONS_MAX 1000000

enum flag_kind { FLAG_TEXT, FLAG_U32, FLAG_U64, FLAG_SWITCH };

static const struct flag {
	const char *name;
	enum flag_kind kind;
	size_t offset;
	const char *value; /* what the help calls it */
	const char *help;
} table[] = {
	{"--platform", FLAG_TEXT, offsetof(struct flags, names), "NAMES",
		"of aod, ash, sudoiq, agentos, with commas: sessions of each in turn; default all"},
	{"--sessions", FLAG_U32, offsetof(struct flags, sessions), "N", "how many; default 1000"},
	{"--cuts-per-minute", FLAG_U32, offsetof(struct flags, cuts_per_minute), "N",
		"connections and streams that the emulator cuts, at random; default 60"},
	{"--seed", FLAG_U64, offsetof(struct flags, seed), "N",
		"repeats the scripts and cuts of an earlier run; default 1"},
	{"--tls", FLAG_SWITCH, offsetof(struct flags, tls), "", "over TLS, with throw-away certificates"},
	{"--http1", FLAG_SWITCH, offsetof(struct flags, http1), "",
		"over HTTP/1.1, a connection for each session, instead of HTTP/2"},
	{"--url", FLAG_TEXT, offsetof(struct flags, url), "URL",
		"a real server of the platform instead of the emulator"},
	{"--token", FLAG_TEXT, offsetof(struct flags, token), "TOKEN",
		"for --url; default: AOD_API_TOKEN, ASH_API_KEY, SUDOIQ_API_KEY, or AGENTOS_API_KEY"},
	{"--agent", FLAG_TEXT, offsetof(struct flags, agent), "AGENT",
		"for --url, its id or, on Ash, its name; default: the first of the server\n"
		"                         (Sudoiq and AgentOS list none)"},
	{"--plain", FLAG_SWITCH, offsetof(struct flags, plain), "", "a line each second, also in a terminal"},
	{"--mockd", FLAG_TEXT, offsetof(struct flags, mockd), "FILE", "the emulator's program (demo.sh knows it)"},
	{"--make-certs", FLAG_TEXT, offsetof(struct flags, make_certs), "FILE",
		"the script that makes them (likewise)"},
};

#define FLAG_COUNT (sizeof table / sizeof table[0])

static void print_help(void)
{
	printf("usage: demo.sh [FLAG]...\n"
	       "Starts many agent sessions on one thread, follows each one's events to its end through cuts of the\n"
	       "connection, and holds what it saw against the emulator's own ledger.\n\n");
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		char left[40];
		snprintf(left, sizeof left, "%s %s", table[i].name, table[i].value);
		printf("  %-22s %s\n", left, table[i].help);
	}
	printf("  %-22s %s\n", "--help", "this text");
	printf("\nThe last line sums up. lost: rows of a stream, tool calls, answers to them and texts of results, "
	       "reported\n"
	       "events, tasks, spans and ends, decisions and replies that the ledger has and the sessions have not, "
	       "or\n"
	       "the other way round where it is the sessions that send. duplicated: the same, seen twice, run twice,\n"
	       "taken twice, or unknown to the other side. What a platform gives nobody again after a cut is told in "
	       "a\n"
	       "line of its own and is neither.\n");
}

static bool read_number(const char *text, uint64_t most, uint64_t *number)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	*number = value;
	return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && value <= most;
}

static bool set_flag(const struct flag *flag, const char *value, struct flags *flags)
{
	void *place = (char *)flags + flag->offset;
	uint64_t number;
	switch (flag->kind) {
	case FLAG_SWITCH: *(bool *)place = true; return true;
	case FLAG_TEXT: *(const char **)place = value; return true;
	case FLAG_U64: return read_number(value, UINT64_MAX, place);
	case FLAG_U32:
		if (!read_number(value, UINT32_MAX, &number))
			return false;
		*(uint32_t *)place = (uint32_t)number;
		return true;
	}
	return false;
}

static const struct flag *find_flag(const char *name)
{
	for (size_t i = 0; i < FLAG_COUNT; i++)
		if (strcmp(name, table[i].name) == 0)
			return &table[i];
	return NULL;
}

static int bad_usage(const char *argument, const char *why)
{
	fprintf(stderr, "demo: %s: %s (see --help)\n", argument, why);
	return 2;
}

/* Names separated by commas, in any order; without any all of them. False when one of them is none. */
static bool choose_platforms(struct flags *flags)
{
	const char *name = flags->names;
	for (size_t i = 0; i < PLATFORMS; i++)
		flags->wanted[i] = name == NULL;
	while (name != NULL) {
		size_t len = strcspn(name, ",");
		const struct platform *platform = platform_named(name, len);
		for (size_t i = 0; i < PLATFORMS; i++)
			flags->wanted[i] |= platforms[i] == platform;
		if (platform == NULL || name[len] == '\0')
			return platform != NULL;
		name += len + 1;
	}
	return true;
}

static size_t count_wanted(const struct flags *flags)
{
	size_t count = 0;
	for (size_t i = 0; i < PLATFORMS; i++)
		count += flags->wanted[i];
	return count;
}

/* What goes together. */
static int check(const struct flags *flags)
{
	if (flags->url != NULL && count_wanted(flags) != 1)
		return bad_usage("--url", "is the address of one platform");
	if (flags->sessions == 0 || flags->sessions > SESSIONS_MAX)
		return bad_usage("--sessions", "from 1 to 1,000,000");
	if (flags->url == NULL && (flags->token != NULL || flags->agent != NULL))
		return bad_usage(flags->token != NULL ? "--token" : "--agent", "goes with --url");
	if (flags->url != NULL && flags->tls)
		return bad_usage("--tls", "is for the emulator; write https:// in --url");
	if (flags->url == NULL && flags->mockd == NULL)
		return bad_usage("--mockd", "is missing; start examples/demo.sh, which gives it");
	if (flags->tls && flags->make_certs == NULL)
		return bad_usage("--make-certs", "is missing; start examples/demo.sh, which gives it");
	return -1;
}

int flags_read(int argc, char **argv, struct flags *flags)
{
	*flags = (struct flags){.sessions = 1000, .cuts_per_minute = 60, .seed = 1};
	for (int i = 1; i < argc; i++) {
		const char *argument = argv[i];
		if (strcmp(argument, "--help") == 0) {
			print_help();
			return EXIT_SUCCESS;
		}
		const struct flag *flag = find_flag(argument);
		if (flag == NULL)
			return bad_usage(argument, "no such flag");
		if (flag->kind != FLAG_SWITCH && ++i == argc)
			return bad_usage(argument, "a value is missing");
		if (!set_flag(flag, argv[i], flags))
			return bad_usage(argument, "the value makes no sense");
	}
	if (!choose_platforms(flags))
		return bad_usage("--platform", "names with commas between them, of aod, ash, sudoiq, agentos");
	return check(flags);
}
