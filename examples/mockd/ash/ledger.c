/*
 * Ash's part of the ledger. Its rows are the frames that were made of what the agent said, numbered within the session;
 * `session_start`, `error` and `done` are not among them. Texts are those of complete assistant messages. Of a deleted
 * session the sums stay.
 */
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

/* What stays of a deleted session. */
struct ash_trace {
	struct list node;
	char session[UUID_TEXT + 1];
	char *prompt;
	struct mockd_ledger_entry entry; /* its strings are those above */
};

void ash_ledger_count(struct ash_session *s, const struct ash_block *block)
{
	if (block->kind != ASH_BLOCK_MESSAGE)
		return;
	for (size_t i = 0; i < block->frame_count; i++) {
		freshet_str data = ash_block_data(block, i);
		block->frames[i].row = ++s->rows;
		s->hash = mockd_hash_row(s->hash, s->rows, data.ptr, data.len);
	}
	if (block->spoken == NULL)
		return;
	s->text_hash = mockd_hash_row(s->text_hash, s->rows, block->spoken, strlen(block->spoken));
	s->output_rows++;
}

/* `id` is where the entry's session points. */
static struct mockd_ledger_entry entry_of(const struct ash_session *s, char id[UUID_TEXT + 1])
{
	uuid_write(s->id, id);
	return (struct mockd_ledger_entry){.platform = "ash",
		.session = id,
		.prompt = s->prompt != NULL ? s->prompt : "",
		.status = ash_status_name(s->status),
		.turns = s->turns,
		.rows = (size_t)s->rows,
		.first_row = s->rows > 0,
		.last_row = s->rows,
		.hash = s->hash,
		.output_rows = s->output_rows,
		.text_hash = s->text_hash};
}

void ash_ledger_keep(struct ash_session *s)
{
	struct ash_trace *t = must_alloc(sizeof *t);
	t->entry = entry_of(s, t->session);
	t->entry.deleted = true;
	t->entry.prompt = t->prompt = must_copy(t->entry.prompt);
	list_push_back(&s->ash->deleted, &t->node);
}

void ash_ledger_clear(struct ash *a)
{
	struct list *node;
	while ((node = list_pop_front(&a->deleted)) != NULL) {
		struct ash_trace *t = container_of(node, struct ash_trace, node);
		free(t->prompt);
		free(t);
	}
}

static void report(const struct ash_session *s, mockd_ledger_fn *fn, void *user)
{
	char id[UUID_TEXT + 1];
	const struct mockd_ledger_entry entry = entry_of(s, id);
	fn(&entry, user);
}

static void report_all(struct ash *a, mockd_ledger_fn *fn, void *user)
{
	for (size_t i = 0; i < a->tenant_count; i++) {
		list_each (node, &a->tenants[i].sessions)
			report(container_of(node, struct ash_session, node), fn, user);
	}
	list_each (node, &a->deleted)
		fn(&container_of(node, struct ash_trace, node)->entry, user);
}

static bool report_deleted(struct ash *a, const char *session, mockd_ledger_fn *fn, void *user)
{
	list_each (node, &a->deleted) {
		struct ash_trace *t = container_of(node, struct ash_trace, node);
		if (strcmp(t->session, session) != 0)
			continue;
		fn(&t->entry, user);
		return true;
	}
	return false;
}

bool ash_ledger(struct platform *platform, const char *session, mockd_ledger_fn *fn, void *user)
{
	struct ash *a = container_of(platform, struct ash, platform);
	if (session == NULL) {
		report_all(a, fn, user);
		return true;
	}
	struct ash_session *s = ash_session_by_text(a, session);
	if (s == NULL)
		return report_deleted(a, session, fn, user);
	report(s, fn, user);
	return true;
}

bool ash_ledger_rows(struct platform *platform, const char *session, mockd_ledger_row_fn *fn, void *user)
{
	struct ash *a = container_of(platform, struct ash, platform);
	const struct ash_session *s = ash_session_by_text(a, session);
	for (size_t i = 0; s != NULL && i < s->block_count; i++) {
		const struct ash_block *b = s->blocks[i];
		for (size_t j = 0; b->kind == ASH_BLOCK_MESSAGE && j < b->frame_count; j++) {
			const struct mockd_ledger_row row = {b->frames[j].row, b->turn,
				b->frames[j].message ? "message" : "frame", ash_block_data(b, j)};
			fn(&row, user);
		}
	}
	return s != NULL;
}
