/*
 * Lists that are shown page by page. A cursor names the last item that was shown by its serial number, so that a page
 * goes on rightly whatever was added or removed in between.
 */
#include "mockd/sudoiq/sudoiq.h"

#include <errno.h>
#include <inttypes.h>

#define PAGE_USUAL 50u
#define PAGE_MOST  200u

struct siq_item *siq_list_add(struct siq *s, struct siq_list *list, json_t *json)
{
	list->items = must_grow(list->items, &list->capacity, list->count + 1, sizeof *list->items);
	struct siq_item *item = &list->items[list->count++];
	*item = (struct siq_item){++s->last_serial, json};
	return item;
}

void siq_list_remove(struct siq_list *list, size_t i)
{
	json_decref(list->items[i].json);
	list->count--;
	memmove(&list->items[i], &list->items[i + 1], (list->count - i) * sizeof *list->items);
}

void siq_list_clear(struct siq_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		json_decref(list->items[i].json);
	free(list->items);
	*list = (struct siq_list){.items = NULL};
}

/* Reads "after_N"; 0 where there is no cursor. False when it is none of ours. */
static bool read_cursor(const struct request *r, uint64_t *after)
{
	static const char mark[] = "after_";
	char *text = request_query(r, "cursor");
	*after = 0;
	if (text == NULL)
		return true;
	char *end = text;
	errno = 0;
	bool good = strncmp(text, mark, sizeof mark - 1) == 0 && text[sizeof mark - 1] >= '0' &&
		    text[sizeof mark - 1] <= '9';
	if (good)
		*after = strtoull(text + sizeof mark - 1, &end, 10);
	good = good && errno == 0 && *end == '\0';
	free(text);
	return good;
}

void siq_answer_page(
	struct siq_request *q, const struct siq_list *list, const char *name, siq_fits_fn *fits, const void *user)
{
	uint64_t after;
	char *given = request_query(q->request, "limit");
	uint64_t limit = request_query_number(q->request, "limit", given != NULL ? 0 : PAGE_USUAL);
	free(given);
	if (limit < 1 || limit > PAGE_MOST || !read_cursor(q->request, &after)) {
		siq_fail(
			q, 422, "validation_error", "limit must be from 1 to %u, cursor one that was given", PAGE_MOST);
		return;
	}
	json_t *page = json_array();
	json_t *next = json_null();
	uint64_t last = 0;
	for (size_t i = 0; i < list->count && json_is_null(next); i++) {
		const struct siq_item *item = &list->items[i];
		if (item->serial <= after || (fits != NULL && !fits(item->json, user)))
			continue;
		if (json_array_size(page) == limit) {
			next = json_sprintf("after_%" PRIu64, last);
		} else {
			json_array_append(page, item->json);
			last = item->serial;
		}
	}
	siq_answer(q, 200, json_pack("{s:o, s:o}", name, page, "next_cursor", next));
}
