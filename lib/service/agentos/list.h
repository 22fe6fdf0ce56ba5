/*
 * An intrusive doubly linked list. A link that is in no list points at itself, so that removing it twice is harmless.
 */
#ifndef AGENTOS_LIST_H
#define AGENTOS_LIST_H

#include <stdbool.h>

struct agentos_link {
	struct agentos_link *next;
	struct agentos_link *previous;
};

static inline void agentos_link_init(struct agentos_link *link)
{
	link->next = link->previous = link;
}

/* Of a list: nothing is in it. Of a link: it is in no list. */
static inline bool agentos_link_alone(const struct agentos_link *link)
{
	return link->next == link;
}

static inline void agentos_link_before(struct agentos_link *place, struct agentos_link *link)
{
	link->previous = place->previous;
	link->next = place;
	place->previous->next = link;
	place->previous = link;
}

static inline void agentos_link_remove(struct agentos_link *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	agentos_link_init(link);
}

/* Puts all of a list behind `place`; the list is empty then. */
static inline void agentos_link_move(struct agentos_link *place, struct agentos_link *list)
{
	if (agentos_link_alone(list))
		return;
	list->previous->next = place->next;
	place->next->previous = list->previous;
	place->next = list->next;
	list->next->previous = place;
	agentos_link_init(list);
}

#endif
