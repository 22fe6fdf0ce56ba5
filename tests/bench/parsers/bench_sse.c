/*
 * How long an event takes in freshet's event-stream parser, with all rules and the UTF-8 check, beside a plain loop that
 * a competent C programmer would write: memchr for each line end and each colon, events given as they lie in the piece,
 * a straddling one joined, and no UTF-8 check. Both are fed the same stream in the same pieces and must give the same
 * events.
 *
 *	bench_sse [--runs N] [--piece BYTES] [--size BYTES] [CORPUS...]
 *
 * One line for each corpus: medians of the runs, which alternate between the two.
 */
#include "corpus.h"

#include <freshet/sse.h>

#include <time.h>

/* What a run saw, cheap enough not to count. */
struct seen {
	size_t events;
	size_t bytes;
	uint64_t digest; /* only when checking */
	bool check;
};

static uint64_t mix(uint64_t digest, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		digest = (digest ^ (unsigned char)bytes[i]) * 0x100000001b3ULL;
	return (digest ^ len) * 0x100000001b3ULL;
}

static inline void see(struct seen *seen, freshet_str id, freshet_str type, freshet_str data)
{
	seen->events++;
	seen->bytes += id.len + type.len + data.len;
	if (seen->check) {
		seen->digest = mix(seen->digest, id.ptr, id.len);
		seen->digest = mix(seen->digest, type.ptr, type.len);
		seen->digest = mix(seen->digest, data.ptr, data.len);
	}
}

#include "plain.h"

static void run_plain(const struct corpus *c, size_t piece, struct seen *seen)
{
	struct plain p;
	memset(&p, 0, sizeof p);
	for (size_t at = 0; at < c->len; at += piece)
		plain_feed(&p, c->bytes + at, c->len - at < piece ? c->len - at : piece, seen);
	plain_clear(&p);
}

static void run_freshet(const struct corpus *c, size_t piece, struct seen *seen)
{
	freshet_sse_parser *parser;
	freshet_event event;
	if (freshet_sse_parser_new(NULL, &parser) != FRESHET_OK)
		abort();
	for (size_t at = 0; at < c->len; at += piece) {
		size_t len = c->len - at < piece ? c->len - at : piece;
		freshet_sse_feed(parser, (const uint8_t *)c->bytes + at, len);
		while (freshet_sse_next(parser, &event) == FRESHET_SSE_EVENT)
			see(seen, event.id, event.type, event.data);
	}
	if (freshet_sse_error(parser, NULL) != FRESHET_OK)
		abort();
	freshet_sse_parser_free(parser);
}

typedef void run_fn(const struct corpus *c, size_t piece, struct seen *seen);

/* Nanoseconds an event over enough passes to be measurable. */
static double measure(run_fn *run, const struct corpus *c, size_t piece)
{
	struct seen seen = {0};
	struct timespec from, to;
	double ns;
	clock_gettime(CLOCK_MONOTONIC, &from);
	do {
		run(c, piece, &seen);
		clock_gettime(CLOCK_MONOTONIC, &to);
		ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
	} while (ns < 50e6);
	return ns / (double)seen.events;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare_doubles);
	return values[count / 2];
}

static bool same_events(const struct corpus *c, size_t piece)
{
	struct seen ours = {.check = true}, plain = {.check = true};
	run_freshet(c, piece, &ours);
	run_plain(c, piece, &plain);
	return ours.events == c->events && plain.events == c->events && ours.digest == plain.digest;
}

#define MAX_RUNS 101

static bool is_corpus(const char *name)
{
	for (size_t i = 0; i < CORPUS_KINDS; i++)
		if (strcmp(corpus_names[i], name) == 0)
			return true;
	fprintf(stderr, "bench_sse: no corpus %s\n", name);
	return false;
}

static bool bench(const char *name, size_t size, size_t piece, size_t runs)
{
	struct corpus c;
	double ours[MAX_RUNS], plain[MAX_RUNS];
	corpus_make(&c, name, size);
	bool same = same_events(&c, piece);
	for (size_t i = 0; same && i < runs; i++) {
		plain[i] = measure(run_plain, &c, piece);
		ours[i] = measure(run_freshet, &c, piece);
	}
	if (same) {
		double a = median(ours, runs), b = median(plain, runs);
		printf("%-6s freshet %8.1f ns/event   plain loop %8.1f ns/event   ratio %.2f   (%zu events of %zu "
		       "bytes)\n",
			name, a, b, a / b, c.events, c.len / c.events);
	} else {
		printf("%-6s the two do not see the same events\n", name);
	}
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
		if (strcmp(argv[i], "--runs") == 0 && value > 0 && value <= MAX_RUNS)
			runs = value;
		else if (strcmp(argv[i], "--piece") == 0 && value > 0)
			piece = value;
		else if (strcmp(argv[i], "--size") == 0 && value > 0)
			size = value;
		else
			break;
	}
	bool same = true;
	if (i < argc && strncmp(argv[i], "--", 2) == 0) {
		fprintf(stderr, "usage: bench_sse [--runs N] [--piece BYTES] [--size BYTES] [CORPUS...]\n");
		return 2;
	}
	for (size_t kind = 0; i == argc && kind < CORPUS_KINDS; kind++)
		same &= bench(corpus_names[kind], size, piece, runs);
	for (; i < argc; i++)
		same &= is_corpus(argv[i]) && bench(argv[i], size, piece, runs);
	return same ? 0 : 1;
}
