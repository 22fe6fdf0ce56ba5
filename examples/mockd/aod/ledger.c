/*
 * AoD's part of the ledger. It is read from the rows that the sessions hold; hashes go on from where they were last
 * asked for. Of a deleted session the sums stay.
 */
#include "mockd/aod/aod.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

/* What stays of a deleted session. */
struct aod_trace {
	struct list node;
	char session[UUID_TEXT + 1];
	char *prompt;
	struct mockd_ledger_entry entry; /* its strings are those above */
};

/* The payload of the row's data line, in a buffer that is filled anew. */
static freshet_str payload(struct aod *a, const struct aod_row *row, struct buffer *b)
{
	static const char field[] = "data: ";
	struct piece piece;
	aod_row_frame(row, &a->scratch, &piece);
	b->len = 0;
	for (size_t i = 0; i < PIECE_SPANS; i++)
		buffer_append(b, piece.spans[i].ptr, piece.spans[i].len);
	size_t around = sizeof field - 1;
	return (freshet_str){b->bytes + around, b->len - around - 2};
}

static void bring_up_to_date(struct aod_session *s)
{
	struct buffer b = {.bytes = NULL};
	for (; s->hashed < s->row_count; s->hashed++) {
		const struct aod_row *row = &s->rows[s->hashed];
		freshet_str data = payload(s->aod, row, &b);
		s->hash = mockd_hash_row(s->hash, row->id, data.ptr, data.len);
		if (row->kind == AOD_ROW_STAGE || row->kind == AOD_ROW_UNKNOWN)
			continue;
		s->text_hash = mockd_hash_row(s->text_hash, row->id, row->text->raw.ptr, row->text->raw.len);
		s->output_rows++;
	}
	buffer_clear(&b);
}

/* `id` is where the entry's session points. */
static struct mockd_ledger_entry entry_of(struct aod_session *s, char id[UUID_TEXT + 1])
{
	bring_up_to_date(s);
	uuid_write(s->id, id);
	return (struct mockd_ledger_entry){.platform = "aod",
		.session = id,
		.prompt = s->turns[0].prompt,
		.status = aod_status_name(s->status),
		.has_code = s->code.known,
		.code = s->code.value,
		.turns = s->turn_count,
		.rows = s->row_count,
		.first_row = s->row_count > 0 ? s->rows[0].id : 0,
		.last_row = s->row_count > 0 ? s->rows[s->row_count - 1].id : 0,
		.hash = s->hash,
		.output_rows = s->output_rows,
		.text_hash = s->text_hash};
}

void aod_ledger_keep(struct aod_session *s)
{
	struct aod_trace *t = must_alloc(sizeof *t);
	t->entry = entry_of(s, t->session);
	t->entry.deleted = true;
	t->entry.prompt = t->prompt = must_copy(s->turns[0].prompt);
	list_push_back(&s->aod->deleted, &t->node);
}

void aod_ledger_clear(struct aod *a)
{
	struct list *node;
	while ((node = list_pop_front(&a->deleted)) != NULL) {
		struct aod_trace *t = container_of(node, struct aod_trace, node);
		free(t->prompt);
		free(t);
	}
}

static void report(struct aod_session *s, mockd_ledger_fn *fn, void *user)
{
	char id[UUID_TEXT + 1];
	struct mockd_ledger_entry entry = entry_of(s, id);
	fn(&entry, user);
}

static void report_all(struct aod *a, mockd_ledger_fn *fn, void *user)
{
	for (size_t i = 0; i < a->user_count; i++) {
		list_each (node, &a->users[i].sessions)
			report(container_of(node, struct aod_session, node), fn, user);
	}
	list_each (node, &a->deleted)
		fn(&container_of(node, struct aod_trace, node)->entry, user);
}

static bool report_deleted(struct aod *a, const char *session, mockd_ledger_fn *fn, void *user)
{
	list_each (node, &a->deleted) {
		struct aod_trace *t = container_of(node, struct aod_trace, node);
		if (strcmp(t->session, session) != 0)
			continue;
		fn(&t->entry, user);
		return true;
	}
	return false;
}

bool aod_ledger(struct platform *platform, const char *session, mockd_ledger_fn *fn, void *user)
{
	struct aod *a = container_of(platform, struct aod, platform);
	if (session == NULL) {
		report_all(a, fn, user);
		return true;
	}
	struct aod_session *s = aod_session_by_text(a, session);
	if (s == NULL)
		return report_deleted(a, session, fn, user);
	report(s, fn, user);
	return true;
}

bool aod_ledger_rows(struct platform *platform, const char *session, mockd_ledger_row_fn *fn, void *user)
{
	static const char *const kinds[] = {[AOD_ROW_STDOUT] = "stdout",
		[AOD_ROW_STDERR] = "stderr",
		[AOD_ROW_STAGE] = "stage",
		[AOD_ROW_UNKNOWN] = "unknown"};
	struct aod *a = container_of(platform, struct aod, platform);
	struct aod_session *s = aod_session_by_text(a, session);
	struct buffer b = {.bytes = NULL};
	for (size_t i = 0; s != NULL && i < s->row_count; i++) {
		const struct aod_row *row = &s->rows[i];
		const struct mockd_ledger_row out = {row->id, row->turn, kinds[row->kind], payload(a, row, &b)};
		fn(&out, user);
	}
	buffer_clear(&b);
	return s != NULL;
}
