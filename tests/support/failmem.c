#include "support/failmem.h"

#include <freshet/types.h>

#include <stdlib.h>

static size_t fail_at;
static bool only_one;
static size_t count;
static size_t live;
static size_t largest;
static bool fired;

static bool refuse(size_t size)
{
	count++;
	if (size > largest)
		largest = size;
	if (fail_at == 0 || count < fail_at || (only_one && count > fail_at))
		return false;
	fired = true;
	return true;
}

static void *counting_allocate(size_t size, void *user)
{
	(void)user;
	void *memory = refuse(size) ? NULL : malloc(size);
	if (memory != NULL)
		live++;
	return memory;
}

static void *counting_reallocate(void *memory, size_t size, void *user)
{
	(void)user;
	void *grown = refuse(size) ? NULL : realloc(memory, size);
	if (memory == NULL && grown != NULL)
		live++;
	return grown;
}

static void counting_release(void *memory, void *user)
{
	(void)user;
	if (memory != NULL)
		live--;
	free(memory);
}

void failmem_arm(size_t n)
{
	static const freshet_allocator counting = {counting_allocate, counting_reallocate, counting_release, NULL};
	freshet_set_allocator(&counting);
	fail_at = n;
	only_one = false;
	count = 0;
	largest = 0;
	fired = false;
}

void failmem_arm_one(size_t n)
{
	failmem_arm(n);
	only_one = true;
}

bool failmem_fired(void)
{
	return fired;
}

size_t failmem_largest(void)
{
	return largest;
}

size_t failmem_live(void)
{
	return live;
}

void failmem_off(void)
{
	freshet_set_allocator(NULL);
	live = 0;
}
