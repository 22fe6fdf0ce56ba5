/*
 * A session of Ash is held against the ledger and against the platform's store.
 *
 * The ledger has all that the agent said, by turns. What a stream showed must be the beginning of a turn, without a gap
 * and without a row more; the whole of it when the stream told the turn's end. What comes behind a cut the platform
 * gives nobody again, but for what it had stored: every piece of an agent's message that lies in the store must have
 * been seen exactly once, on the stream or by reading the store after the break.
 */
#include "demo/audit.h"

#include "demo/ash/ash.h"
#include "demo/ash/pieces.h"

#include <stdlib.h>

#define PAGE 1000

/* Rows [from, to) that belong to one turn. */
struct span {
	uint32_t from;
	uint32_t to;
};

static bool next_turn(const struct record *r, struct span *turn)
{
	turn->from = turn->to;
	while (turn->to < r->count && r->rows[turn->to].turn == r->rows[turn->from].turn)
		turn->to++;
	return turn->to > turn->from;
}

/* What was seen of a turn, in the order of the ledger: a row that is passed over is lost, one that is not there too much. */
static void compare_turn(
	struct audit *a, const struct record *ledger, struct span made, const struct record *seen, struct span shown)
{
	uint32_t at = made.from;
	for (uint32_t i = shown.from; i < shown.to; i++) {
		uint32_t found = at;
		while (found < made.to && ledger->rows[found].hash != seen->rows[i].hash)
			found++;
		if (found == made.to) {
			a->duplicated++;
			continue;
		}
		a->lost += found - at;
		at = found + 1;
	}
	if (seen->rows[shown.to - 1].last)
		a->lost += made.to - at;
	else
		a->cut_off += made.to - at;
}

/* A turn that no stream showed anything of was cut at once: its first row is another than that of the next one shown. */
static void compare_rows(struct audit *a, const struct record *ledger, const struct session *s)
{
	const struct record *seen = &s->record;
	struct span made = {0, 0};
	struct span shown = {0, 0};
	bool more = next_turn(seen, &shown);
	while (next_turn(ledger, &made)) {
		if (!more || ledger->rows[made.from].hash != seen->rows[shown.from].hash) {
			a->cut_off += made.to - made.from;
			continue;
		}
		compare_turn(a, ledger, made, seen, shown);
		more = next_turn(seen, &shown);
	}
	a->duplicated += more ? seen->count - shown.from : 0;
}

/* ---- the store ---- */

static void sort(struct record *r)
{
	if (r->count > 0)
		qsort(r->rows, r->count, sizeof(struct row), audit_compare_rows);
}

/* Passes over the rows that are equal to the given one, and counts them. */
static uint32_t take_equal(const struct record *r, uint32_t *at, const struct row *row)
{
	uint32_t from = *at;
	while (*at < r->count && audit_compare_rows(&r->rows[*at], row) == 0)
		(*at)++;
	return *at - from;
}

static const struct row *least(const struct row *a, const struct record *r, uint32_t at)
{
	if (at == r->count || (a != NULL && audit_compare_rows(a, &r->rows[at]) <= 0))
		return a;
	return &r->rows[at];
}

/* What streams showed may be missing in the store: a message is stored when all of it was written. */
static void compare_pieces(struct audit *a, struct record *store, struct talk *t)
{
	uint32_t at[3] = {0, 0, 0};
	const struct row *row;
	sort(store);
	sort(&t->shown);
	sort(&t->recovered);
	while ((row = least(least(least(NULL, store, at[0]), &t->shown, at[1]), &t->recovered, at[2])) != NULL) {
		uint32_t stored = take_equal(store, &at[0], row);
		uint32_t shown = take_equal(&t->shown, &at[1], row);
		uint32_t recovered = take_equal(&t->recovered, &at[2], row);
		uint32_t wanted = stored > shown ? stored - shown : 0;
		a->lost += wanted > recovered ? wanted - recovered : 0;
		a->duplicated += recovered > wanted ? recovered - wanted : 0;
	}
	a->recovered += t->recovered.count;
	a->duplicated += t->repeated;
}

static void read_store(struct audit *a, struct session *s);

/* True when a cut is to blame, and not the server. */
static bool was_cut(struct ash_site *site, const freshet_ash_error *error)
{
	int status = error->outcome.http_status;
	return (status == 0 || status == 200) && ++site->store_failures < AUDIT_ATTEMPTS_MAX;
}

static void store_unreadable(struct audit *a, const freshet_ash_error *error)
{
	char text[160];
	freshet_str why = error->outcome.text;
	snprintf(text, sizeof text, "the store of a session cannot be read: status %d, %.*s",
		error->outcome.http_status, (int)why.len, why.ptr);
	audit_end(a, text);
}

static void store_arrived(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_record *records,
	size_t count, void *user)
{
	struct audit *a = user;
	struct session *s = audit_suspect(a);
	struct ash_site *site = ash_of(s);
	bool good = true;
	(void)call;
	if (a->fleet->closing)
		return;
	if (error != NULL && was_cut(site, error)) {
		read_store(a, s);
		return;
	}
	if (error != NULL) {
		store_unreadable(a, error);
		return;
	}
	site->store_failures = 0;
	for (size_t i = 0; i < count && good; i++) {
		site->store_read = records[i].sequence;
		good = pieces_of_record(&site->store, &records[i]);
	}
	if (!good) {
		audit_end(a, "out of memory");
	} else if (count == PAGE) {
		read_store(a, s);
	} else {
		compare_pieces(a, &site->store, talk_of(s));
		record_clear(&site->store);
		site->store_read = 0;
		audit_next(a);
	}
}

static void read_store(struct audit *a, struct session *s)
{
	struct ash_site *site = ash_of(s);
	freshet_err err = freshet_ash_session_records(site->client, freshet_str_of(s->id), site->store_read, PAGE,
		(freshet_str){NULL, 0}, store_arrived, a, NULL);
	if (err != FRESHET_OK)
		audit_end(a, freshet_err_text(err));
}

/* ---- both ---- */

static void rows_arrived(struct audit *a, struct session *s, struct record *ledger)
{
	compare_rows(a, ledger, s);
	read_store(a, s);
}

void ash_examine(struct audit *a, struct session *s)
{
	audit_rows(a, s, rows_arrived);
}
