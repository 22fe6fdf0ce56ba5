/*
 * How long an event takes from the bytes of the stream to two members of its JSON: `type` and one more. freshet's parser
 * and picker, with all rules, the UTF-8 check and every byte of the JSON checked, beside the plain loop with simdjson's
 * on-demand parser, which checks only what it passes. simdjson gets what it likes best: one parser for all events, and
 * readable bytes behind each text, so that nothing is copied for it.
 *
 *	bench_sse_json [--runs N] [--piece BYTES] [--size BYTES] [CORPUS...]
 *
 * One line for each corpus and member: medians of the runs, which alternate between the two.
 */
#include "corpus.h"

#include <freshet/json.h>
#include <freshet/sse.h>

#include <simdjson.h>

#include <algorithm>
#include <ctime>
#include <vector>

/* The second member, and whether it is a string. */
struct member {
	const char *name;
	bool text;
};

static const member numbers = {"id", false};
static const member texts = {"data", true};

/* What a run saw, cheap enough not to count. */
struct seen {
	size_t events;
	uint64_t sum; /* of the numbers, the lengths of the strings and their first bytes */
	uint64_t digest;
	bool check; /* fill in the digest */
	member second;
	simdjson::ondemand::parser *parser;
};

static uint64_t mix(uint64_t digest, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		digest = (digest ^ (unsigned char)bytes[i]) * 0x100000001b3ULL;
	return (digest ^ len) * 0x100000001b3ULL;
}

static inline void note_text(seen *s, const char *text, size_t len)
{
	s->sum += len + (len > 0 ? (unsigned char)text[0] : 0);
	if (s->check)
		s->digest = mix(s->digest, text, len);
}

static inline void note_number(seen *s, uint64_t number)
{
	s->sum += number;
	if (s->check)
		s->digest = mix(s->digest, (const char *)&number, sizeof number);
}

/* An event of the plain loop. */
static inline void see(seen *s, freshet_str, freshet_str, freshet_str data)
{
	s->events++;
	simdjson::ondemand::document doc;
	std::string_view text;
	uint64_t number;
	if (s->parser->iterate(data.ptr, data.len, data.len + simdjson::SIMDJSON_PADDING).get(doc) != simdjson::SUCCESS)
		abort();
	if (doc["type"].get_string().get(text) == simdjson::SUCCESS)
		note_text(s, text.data(), text.size());
	if (s->second.text && doc[s->second.name].get_string().get(text) == simdjson::SUCCESS)
		note_text(s, text.data(), text.size());
	else if (!s->second.text && doc[s->second.name].get_uint64().get(number) == simdjson::SUCCESS)
		note_number(s, number);
}

#include "plain.h"

static_assert(PLAIN_SLACK >= simdjson::SIMDJSON_PADDING, "joined events are padded");

static void run_plain(const corpus *c, size_t piece, seen *s)
{
	struct plain p;
	memset(&p, 0, sizeof p);
	for (size_t at = 0; at < c->len; at += piece)
		plain_feed(&p, c->bytes + at, c->len - at < piece ? c->len - at : piece, s);
	plain_clear(&p);
}

static inline void see_event(
	seen *s, freshet_json_plan *plan, freshet_json_scratch *scratch, const freshet_event *event)
{
	freshet_json_value value[2];
	freshet_str text;
	uint64_t number;
	s->events++;
	freshet_json_scratch_reset(scratch);
	if (freshet_json_pick_utf8(plan, event->data, value, NULL) != FRESHET_OK)
		abort();
	if (freshet_json_string(&value[0], scratch, &text) == FRESHET_OK)
		note_text(s, text.ptr, text.len);
	if (s->second.text && freshet_json_string(&value[1], scratch, &text) == FRESHET_OK)
		note_text(s, text.ptr, text.len);
	else if (!s->second.text && freshet_json_uint64(&value[1], &number) == FRESHET_OK)
		note_number(s, number);
}

static void run_freshet(const corpus *c, size_t piece, seen *s)
{
	const char *paths[] = {"type", s->second.name};
	freshet_json_scratch scratch = {};
	freshet_json_plan *plan;
	freshet_sse_parser *parser;
	freshet_event event;
	if (freshet_json_plan_new(paths, 2, 0, &plan) != FRESHET_OK ||
		freshet_sse_parser_new(NULL, &parser) != FRESHET_OK)
		abort();
	for (size_t at = 0; at < c->len; at += piece) {
		size_t len = c->len - at < piece ? c->len - at : piece;
		freshet_sse_feed(parser, (const uint8_t *)c->bytes + at, len);
		while (freshet_sse_next(parser, &event) == FRESHET_SSE_EVENT)
			see_event(s, plan, &scratch, &event);
	}
	if (freshet_sse_error(parser, NULL) != FRESHET_OK)
		abort();
	freshet_sse_parser_free(parser);
	freshet_json_plan_free(plan);
	freshet_json_scratch_clear(&scratch);
}

typedef void run_fn(const corpus *c, size_t piece, seen *s);

/* Nanoseconds an event over enough passes to be measurable. */
static double measure(run_fn *run, const corpus *c, size_t piece, const member &second)
{
	simdjson::ondemand::parser parser;
	seen s = {0, 0, 0, false, second, &parser};
	timespec from, to;
	double ns;
	clock_gettime(CLOCK_MONOTONIC, &from);
	do {
		run(c, piece, &s);
		clock_gettime(CLOCK_MONOTONIC, &to);
		ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
	} while (ns < 50e6);
	return ns / (double)s.events;
}

static double median(std::vector<double> values)
{
	std::sort(values.begin(), values.end());
	return values[values.size() / 2];
}

static bool same_members(const corpus *c, size_t piece, const member &second)
{
	simdjson::ondemand::parser parser;
	seen ours = {0, 0, 0, true, second, &parser};
	seen plain = ours;
	run_freshet(c, piece, &ours);
	run_plain(c, piece, &plain);
	return ours.events == c->events && plain.events == c->events && ours.digest == plain.digest &&
	       ours.sum == plain.sum;
}

static bool bench(const char *name, const member &second, size_t size, size_t piece, size_t runs)
{
	corpus c;
	std::vector<double> ours, plain;
	corpus_make(&c, name, size);
	corpus_add(&c, std::vector<char>(simdjson::SIMDJSON_PADDING, '\n').data(), simdjson::SIMDJSON_PADDING);
	c.len -= simdjson::SIMDJSON_PADDING;
	bool same = same_members(&c, piece, second);
	for (size_t i = 0; same && i < runs; i++) {
		plain.push_back(measure(run_plain, &c, piece, second));
		ours.push_back(measure(run_freshet, &c, piece, second));
	}
	if (same)
		printf("%-6s type and %-5s freshet %8.1f ns/event   plain loop and simdjson %8.1f ns/event   ratio "
		       "%.2f\n",
			name, second.name, median(ours), median(plain), median(ours) / median(plain));
	else
		printf("%-6s type and %-5s the two do not see the same\n", name, second.name);
	fflush(stdout);
	corpus_free(&c);
	return same;
}

int main(int argc, char **argv)
{
	size_t runs = 7, piece = 16384, size = 4 << 20;
	int i = 1;
	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		size_t value = strtoul(argv[i + 1], NULL, 10);
		if (strcmp(argv[i], "--runs") == 0 && value > 0)
			runs = value;
		else if (strcmp(argv[i], "--piece") == 0 && value > 0)
			piece = value;
		else if (strcmp(argv[i], "--size") == 0 && value > 0)
			size = value;
		else
			break;
	}
	if (i < argc && strncmp(argv[i], "--", 2) == 0) {
		fprintf(stderr, "usage: bench_sse_json [--runs N] [--piece BYTES] [--size BYTES] [CORPUS...]\n");
		return 2;
	}
	std::vector<const char *> names(argv + i, argv + argc);
	if (names.empty())
		names.assign(corpus_names, corpus_names + CORPUS_KINDS);
	bool same = true;
	for (const char *name : names) {
		same &= bench(name, numbers, size, piece, runs);
		same &= bench(name, texts, size, piece, runs);
	}
	return same ? 0 : 1;
}
