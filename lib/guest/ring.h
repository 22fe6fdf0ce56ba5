/*
 * Rings: a head, and links between it that are members of what is in the ring. Whoever is in one can leave it without
 * knowing which. A link that is in no ring is zeroed; the head of an empty ring points at itself.
 */
#ifndef GUEST_RING_H
#define GUEST_RING_H

#include <stdbool.h>
#include <stddef.h>

struct guest_link {
	struct guest_link *next;
	struct guest_link *previous;
};

static inline void guest_ring_init(struct guest_link *head)
{
	head->next = head->previous = head;
}

static inline bool guest_ring_is_empty(const struct guest_link *head)
{
	return head->next == head;
}

/* True for a link that is in a ring. */
static inline bool guest_link_is_in(const struct guest_link *link)
{
	return link->next != NULL;
}

/* Ahead of `place`, which is in a ring or its head: then it is the last. It is in none. */
static inline void guest_link_insert(struct guest_link *place, struct guest_link *link)
{
	link->previous = place->previous;
	link->next = place;
	place->previous->next = link;
	place->previous = link;
}

/* At the end of the ring; it is in none. */
static inline void guest_link_append(struct guest_link *head, struct guest_link *link)
{
	guest_link_insert(head, link);
}

/* Harmless for one that is in none. */
static inline void guest_link_remove(struct guest_link *link)
{
	if (link->next == NULL)
		return;
	link->previous->next = link->next;
	link->next->previous = link->previous;
	link->next = link->previous = NULL;
}

/* Puts all of `from` ahead of what `to` has; `from` is empty then. */
static inline void guest_ring_move(struct guest_link *to, struct guest_link *from)
{
	if (guest_ring_is_empty(from))
		return;
	from->previous->next = to->next;
	to->next->previous = from->previous;
	to->next = from->next;
	from->next->previous = to;
	guest_ring_init(from);
}

#endif
