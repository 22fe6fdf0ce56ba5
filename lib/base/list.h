/*
 * An intrusive doubly linked list. A node that is in no list points at itself, so removing twice is harmless.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *prev;
};

/* The structure around a member. */
#define container_of(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert_between(struct list *node, struct list *prev, struct list *next)
{
	node->prev = prev;
	node->next = next;
	prev->next = node;
	next->prev = node;
}

static inline void list_push_back(struct list *l, struct list *node)
{
	list_insert_between(node, l->prev, l);
}

static inline void list_push_front(struct list *l, struct list *node)
{
	list_insert_between(node, l, l->next);
}

static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* The first node, taken out; NULL when the list is empty. */
static inline struct list *list_pop_front(struct list *l)
{
	struct list *node = l->next;
	if (node == l)
		return NULL;
	list_remove(node);
	return node;
}

/* Moves every node of `from` to the end of `to`; `from` is empty afterwards. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_each(node, l) for (struct list *node = (l)->next; node != (l); node = node->next)

/* `node` itself may be removed in the body; the next one must stay. */
#define list_each_safe(node, after, l)                                                                                 \
	for (struct list *node = (l)->next, *after = node->next; node != (l); node = after, after = node->next)

#endif
