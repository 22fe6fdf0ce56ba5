#include "support/guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void guard_make(struct guard *g, size_t most)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (most + page - 1) / page * page;
	g->size = room + 2 * page;
	g->mapping = mmap(NULL, g->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g->mapping == MAP_FAILED || mprotect(g->mapping + page, room, PROT_READ | PROT_WRITE) != 0)
		abort();
	g->first = g->mapping + page;
	g->end = g->first + room;
}

void guard_clear(struct guard *g)
{
	munmap(g->mapping, g->size);
}

const uint8_t *guard_at_end(struct guard *g, const uint8_t *bytes, size_t len)
{
	if (len > (size_t)(g->end - g->first))
		abort();
	return memcpy(g->end - len, bytes, len);
}

const uint8_t *guard_at_start(struct guard *g, const uint8_t *bytes, size_t len)
{
	if (len > (size_t)(g->end - g->first))
		abort();
	return memcpy(g->first, bytes, len);
}
