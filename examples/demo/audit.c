/*
 * Happy path: the ledger has one entry for each session, and its row count and hash over all ids and data are those of
 * the record. Where they are not, the session's rows are fetched and compared one by one, so that what is told is a
 * count and not a suspicion. Platforms have more to look at than rows: see the audit.c of each.
 */
#include "demo/audit.h"

#include <freshet/freshet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The ledger of a million sessions. */
#define LEDGER_MAX ((size_t)1024 * 1024 * 1024)

FRESHET_JSON_PLAN(entry_plan, "session", "rows", "hash", "status");
FRESHET_JSON_PLAN(row_plan, "id", "data", "turn");

void audit_end(struct audit *a, const char *trouble)
{
	snprintf(a->trouble, sizeof a->trouble, "%s", trouble);
	a->finished = trouble[0] == '\0';
	a->on_done(a->user);
}

void audit_ask(struct audit *a, const char *path, freshet_request_done_fn *done)
{
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = path;
	o.max_body = LEDGER_MAX;
	o.max_attempts = AUDIT_ATTEMPTS_MAX;
	o.on_done = done;
	o.user = a;
	freshet_err err = freshet_request_send(a->fleet->control, &o, NULL);
	if (err != FRESHET_OK)
		audit_end(a, freshet_err_text(err));
}

bool audit_answered(struct audit *a, const freshet_response *response)
{
	char text[160];
	if (a->fleet->closing)
		return false;
	if (response->outcome.err == FRESHET_OK && response->status == 200)
		return true;
	snprintf(text, sizeof text, "status %d, %.*s", response->status, (int)response->outcome.text.len,
		response->outcome.text.ptr);
	audit_end(a, text);
	return false;
}

/* ---- row by row ---- */

int audit_compare_rows(const void *left, const void *right)
{
	const struct row *a = left;
	const struct row *b = right;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return a->hash < b->hash ? -1 : a->hash > b->hash;
}

/* Both sorted: what only the ledger has is lost, what only the record has came twice, or is not what was sent. */
static void compare_sorted(struct audit *a, const struct record *ledger, const struct record *seen)
{
	uint32_t i = 0;
	uint32_t k = 0;
	while (i < ledger->count || k < seen->count) {
		int order = i == ledger->count ? 1
			    : k == seen->count ? -1
					       : audit_compare_rows(&ledger->rows[i], &seen->rows[k]);
		a->lost += order < 0;
		a->duplicated += order > 0;
		i += order <= 0;
		k += order >= 0;
	}
}

void audit_compare_all(struct audit *a, struct session *s, struct record *ledger)
{
	struct record *seen = &s->record;
	uint64_t wrong = a->lost + a->duplicated;
	if (ledger->count > 0)
		qsort(ledger->rows, ledger->count, sizeof(struct row), audit_compare_rows);
	if (seen->count > 0)
		qsort(seen->rows, seen->count, sizeof(struct row), audit_compare_rows);
	compare_sorted(a, ledger, seen);
	a->disordered += a->lost + a->duplicated == wrong;
	audit_next(a);
}

/* The rows of a session's ledger. False when there is no memory or it is no ledger. */
static bool read_rows(struct record *ledger, freshet_str body)
{
	freshet_json_value data = {0};
	freshet_json_value element;
	freshet_json_value v[3];
	freshet_json_each each;
	freshet_json_scratch scratch = {0};
	bool good = freshet_json_get(body, "data", &data, NULL) == FRESHET_OK &&
		    freshet_json_each_begin(&each, &data) == FRESHET_OK;
	while (good && freshet_json_each_next(&each, NULL, &element)) {
		uint64_t id = 0;
		uint64_t turn = 0;
		freshet_str row = {NULL, 0};
		freshet_json_scratch_reset(&scratch);
		good = freshet_json_pick(&row_plan, element.raw, v, NULL) == FRESHET_OK &&
		       freshet_json_uint64(&v[0], &id) == FRESHET_OK &&
		       freshet_json_string(&v[1], &scratch, &row) == FRESHET_OK && record_add(ledger, id, row);
		if (good && freshet_json_uint64(&v[2], &turn) == FRESHET_OK)
			ledger->rows[ledger->count - 1].turn = (uint32_t)turn;
	}
	freshet_json_scratch_clear(&scratch);
	return good;
}

static void rows_arrived(freshet_request *request, const freshet_response *response, void *user)
{
	struct audit *a = user;
	struct record ledger = {.rows = NULL};
	(void)request;
	if (!audit_answered(a, response))
		return;
	if (read_rows(&ledger, response->body))
		a->with_rows(a, audit_suspect(a), &ledger);
	else
		audit_end(a, "the rows of a session cannot be read");
	record_clear(&ledger);
}

void audit_rows(struct audit *a, struct session *s, audit_rows_fn *then)
{
	char path[96];
	a->with_rows = then;
	snprintf(path, sizeof path, "/mockd/ledger?session=%s", s->id);
	audit_ask(a, path, rows_arrived);
}

bool audit_rows_differ(const struct session *s, const struct entry *entry)
{
	char hash[24];
	snprintf(hash, sizeof hash, "%llu", (unsigned long long)(s->record.count > 0 ? s->record.hash : HASH_START));
	return entry->rows != s->record.count || !freshet_str_is(entry->hash, hash);
}

/* ---- suspect by suspect ---- */

struct session *audit_suspect(const struct audit *a)
{
	return a->suspects[a->next_suspect];
}

static void examine(struct audit *a)
{
	if (a->next_suspect == a->suspect_count) {
		audit_end(a, "");
		return;
	}
	struct session *s = audit_suspect(a);
	s->site->platform->examine(a, s);
}

/* Says of a session what is wrong with it, unless something worse was said before. */
static void blame(struct session *s, const char *what)
{
	if (s->trouble == NULL)
		s->trouble = strdup(what);
}

void audit_next(struct audit *a)
{
	char what[96];
	if (a->lost + a->duplicated > a->told_lost + a->told_duplicated) {
		snprintf(what, sizeof what, "%llu lost, %llu duplicated", (unsigned long long)(a->lost - a->told_lost),
			(unsigned long long)(a->duplicated - a->told_duplicated));
		blame(audit_suspect(a), what);
	}
	a->told_lost = a->lost;
	a->told_duplicated = a->duplicated;
	a->next_suspect++;
	examine(a);
}

/* ---- session by session ---- */

static int compare_sessions(const void *left, const void *right)
{
	const struct session *const *a = left;
	const struct session *const *b = right;
	return strcmp((*a)->id, (*b)->id);
}

static struct session *find_session(const struct audit *a, freshet_str id)
{
	struct session key;
	struct session *wanted = &key;
	snprintf(key.id, sizeof key.id, "%.*s", (int)id.len, id.ptr);
	struct session **found = bsearch(&wanted, a->by_id, a->by_id_count, sizeof(struct session *), compare_sessions);
	return found != NULL ? *found : NULL;
}

static void compare_entry(struct audit *a, const struct entry *entry)
{
	struct session *s = find_session(a, entry->session);
	a->rows += entry->rows;
	if (s == NULL) {
		a->strays++;
		a->lost += entry->rows;
		return;
	}
	const struct platform *p = s->site->platform;
	a->sessions++;
	if (!freshet_str_is(entry->status, p->end_in_ledger(s))) {
		a->wrong_ends++;
		blame(s, "its end is another in the ledger");
	}
	if (p->is_suspect(s, entry))
		a->suspects[a->suspect_count++] = s;
}

static bool read_entry(freshet_str text, freshet_json_scratch *scratch, struct entry *entry)
{
	freshet_json_value v[4];
	return freshet_json_pick(&entry_plan, text, v, NULL) == FRESHET_OK &&
	       freshet_json_string(&v[0], scratch, &entry->session) == FRESHET_OK &&
	       freshet_json_uint64(&v[1], &entry->rows) == FRESHET_OK &&
	       freshet_json_string(&v[2], scratch, &entry->hash) == FRESHET_OK &&
	       freshet_json_string(&v[3], scratch, &entry->status) == FRESHET_OK;
}

static bool read_ledger(struct audit *a, freshet_str body)
{
	freshet_json_value list = {0};
	freshet_json_value element;
	freshet_json_each each;
	freshet_json_scratch scratch = {0};
	bool good = freshet_json_get(body, "sessions", &list, NULL) == FRESHET_OK &&
		    freshet_json_each_begin(&each, &list) == FRESHET_OK;
	while (good && freshet_json_each_next(&each, NULL, &element)) {
		struct entry entry;
		freshet_json_scratch_reset(&scratch);
		good = read_entry(element.raw, &scratch, &entry);
		if (good)
			compare_entry(a, &entry);
	}
	freshet_json_scratch_clear(&scratch);
	return good;
}

static void ledger_arrived(freshet_request *request, const freshet_response *response, void *user)
{
	struct audit *a = user;
	(void)request;
	if (!audit_answered(a, response))
		return;
	bool good = read_ledger(a, response->body);
	a->told_lost = a->lost;
	if (good)
		examine(a);
	else
		audit_end(a, "it is no ledger");
}

static bool sort_sessions(struct audit *a)
{
	struct fleet *f = a->fleet;
	a->by_id = calloc(f->count, sizeof(struct session *));
	a->suspects = calloc(f->count, sizeof(struct session *));
	if (a->by_id == NULL || a->suspects == NULL)
		return false;
	for (uint32_t i = 0; i < f->count; i++)
		if (f->sessions[i].id[0] != '\0')
			a->by_id[a->by_id_count++] = &f->sessions[i];
	qsort(a->by_id, a->by_id_count, sizeof(struct session *), compare_sessions);
	return true;
}

void audit_start(struct audit *a, struct fleet *fleet, void (*on_done)(void *user), void *user)
{
	*a = (struct audit){.fleet = fleet, .on_done = on_done, .user = user};
	if (sort_sessions(a))
		audit_ask(a, "/mockd/ledger", ledger_arrived);
	else
		audit_end(a, "out of memory");
}

bool audit_passed(const struct audit *a)
{
	uint64_t wrong = a->lost + a->duplicated + a->disordered + a->strays + a->wrong_ends;
	return a->finished && wrong == 0 && a->sessions == a->fleet->count;
}

void audit_clear(struct audit *a)
{
	free(a->by_id);
	free(a->suspects);
	*a = (struct audit){.fleet = NULL};
}
