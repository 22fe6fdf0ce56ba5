/*
 * Deadlines of many objects under one timer: a binary heap of intrusive nodes. Setting and clearing cost O(log n); a
 * deadline that is pushed back with every event should rather be left standing and be judged anew when it falls due.
 */
#ifndef BASE_DEADLINE_H
#define BASE_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is a deadline that is not set. */
struct deadline {
	uint64_t at_ms;
	uint32_t place; /* in the heap, from 1; 0: not set */
	uint32_t kind;  /* the owner's: tells what kind of object lies around it */
};

struct deadline_heap {
	struct deadline **nodes;
	size_t count;
	size_t capacity;
};

void deadline_heap_clear(struct deadline_heap *heap);

/*
 * Makes sure that `count` nodes can be set at the same time, so that deadline_set never fails afterwards: objects
 * reserve their place when they are made. False when there is no memory.
 */
bool deadline_heap_reserve(struct deadline_heap *heap, size_t count);

/* Sets or moves a deadline; the heap must have been given the room before. */
void deadline_set(struct deadline_heap *heap, struct deadline *d, uint64_t at_ms);

/* Harmless when it is not set. */
void deadline_clear(struct deadline_heap *heap, struct deadline *d);

/* The earliest one, still set; NULL when there is none. */
struct deadline *deadline_first(const struct deadline_heap *heap);

#endif
