/*
 * Deliveries that wait for freshet_webhook_finish lie in places, which are used again: a ticket is the place and how often
 * it was used, so that an old ticket finds nobody.
 */
#include "receiver.h"

/* Places that the first growth makes. */
#define FIRST_PLACES 8

/* Twice the places, up to the bound. */
static freshet_err grow(freshet_webhook *w)
{
	uint32_t count = w->open_count != 0 ? w->open_count * 2 : FIRST_PLACES;
	if (count > w->o.max_open)
		count = w->o.max_open;
	if (count == w->open_count)
		return FRESHET_ERATE_LIMIT;
	struct open_delivery *open = freshet_mem_new(count, sizeof *open);
	if (open == NULL)
		return FRESHET_ENOMEM;
	if (w->open_count != 0)
		memcpy(open, w->open, w->open_count * sizeof *open);
	for (uint32_t i = count; i-- > w->open_count;) {
		open[i].next = w->unused;
		w->unused = i;
	}
	freshet_mem_free(w->open);
	w->open = open;
	w->open_count = count;
	return FRESHET_OK;
}

struct open_delivery *open_take(freshet_webhook *w, freshet_err *err)
{
	*err = w->unused == OPEN_NONE ? grow(w) : FRESHET_OK;
	if (*err != FRESHET_OK)
		return NULL;
	struct open_delivery *place = &w->open[w->unused];
	w->unused = place->next;
	/* Never 0, so that no ticket is. */
	uint32_t generation = place->generation != UINT32_MAX ? place->generation + 1 : 1;
	*place = (struct open_delivery){.generation = generation, .used = true};
	w->stats.open++;
	return place;
}

void open_give_back(freshet_webhook *w, struct open_delivery *place)
{
	w->stats.open--;
	place->used = false;
	place->request = NULL;
	place->next = w->unused;
	w->unused = (uint32_t)(place - w->open);
}

uint64_t open_ticket(const freshet_webhook *w, const struct open_delivery *place)
{
	return (uint64_t)place->generation << 32 | (uint64_t)(place - w->open);
}

struct open_delivery *open_find(const freshet_webhook *w, uint64_t ticket)
{
	uint32_t number = (uint32_t)ticket;
	if (number >= w->open_count)
		return NULL;
	struct open_delivery *place = &w->open[number];
	return place->used && place->generation == ticket >> 32 ? place : NULL;
}
