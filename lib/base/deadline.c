#include "base/deadline.h"

#include "base/check.h"
#include "base/mem.h"

static void put(struct deadline_heap *heap, struct deadline *d, size_t place)
{
	heap->nodes[place - 1] = d;
	d->place = (uint32_t)place;
}

static void sift_up(struct deadline_heap *heap, struct deadline *d, size_t place)
{
	while (place > 1 && heap->nodes[place / 2 - 1]->at_ms > d->at_ms) {
		put(heap, heap->nodes[place / 2 - 1], place);
		place /= 2;
	}
	put(heap, d, place);
}

static void sift_down(struct deadline_heap *heap, struct deadline *d, size_t place)
{
	for (;;) {
		size_t child = place * 2;
		if (child > heap->count)
			break;
		if (child < heap->count && heap->nodes[child]->at_ms < heap->nodes[child - 1]->at_ms)
			child++;
		if (heap->nodes[child - 1]->at_ms >= d->at_ms)
			break;
		put(heap, heap->nodes[child - 1], place);
		place = child;
	}
	put(heap, d, place);
}

void deadline_heap_clear(struct deadline_heap *heap)
{
	mem_free(heap->nodes);
	*heap = (struct deadline_heap){0};
}

bool deadline_heap_reserve(struct deadline_heap *heap, size_t count)
{
	if (count > UINT32_MAX - 1)
		return false;
	void *nodes = heap->nodes;
	bool ok = mem_grow(&nodes, &heap->capacity, count, sizeof(struct deadline *));
	heap->nodes = nodes;
	return ok;
}

void deadline_set(struct deadline_heap *heap, struct deadline *d, uint64_t at_ms)
{
	size_t place = d->place;
	if (place == 0) {
		if (!CHECK(heap->count < heap->capacity))
			return;
		place = ++heap->count;
	}
	bool earlier = d->place == 0 || at_ms < d->at_ms;
	d->at_ms = at_ms;
	if (earlier)
		sift_up(heap, d, place);
	else
		sift_down(heap, d, place);
}

void deadline_clear(struct deadline_heap *heap, struct deadline *d)
{
	size_t place = d->place;
	if (place == 0)
		return;
	d->place = 0;
	struct deadline *last = heap->nodes[--heap->count];
	if (last == d)
		return;
	if (place > 1 && heap->nodes[place / 2 - 1]->at_ms > last->at_ms)
		sift_up(heap, last, place);
	else
		sift_down(heap, last, place);
}

struct deadline *deadline_first(const struct deadline_heap *heap)
{
	return heap->count > 0 ? heap->nodes[0] : NULL;
}
