/*
 * The allocator hook and the calls that go through it. The hook is one of the two globals of the library; it is set
 * before anything else is called, so it needs no lock.
 */
#include "base/mem.h"

#include <freshet/types.h>

#include <stdlib.h>
#include <string.h>

static void *default_allocate(size_t size, void *user)
{
	(void)user;
	return malloc(size);
}

static void *default_reallocate(void *memory, size_t size, void *user)
{
	(void)user;
	return realloc(memory, size);
}

static void default_release(void *memory, void *user)
{
	(void)user;
	free(memory);
}

static const freshet_allocator malloc_allocator = {default_allocate, default_reallocate, default_release, NULL};
static freshet_allocator hook = {default_allocate, default_reallocate, default_release, NULL};

void freshet_set_allocator(const freshet_allocator *allocator)
{
	hook = allocator != NULL ? *allocator : malloc_allocator;
}

void *mem_alloc(size_t size)
{
	if (size > PTRDIFF_MAX)
		return NULL;
	return hook.allocate(size > 0 ? size : 1, hook.user);
}

void *mem_zalloc(size_t size)
{
	void *memory = mem_alloc(size);
	if (memory != NULL)
		memset(memory, 0, size);
	return memory;
}

void *mem_array(size_t count, size_t size)
{
	if (size != 0 && count > PTRDIFF_MAX / size)
		return NULL;
	return mem_zalloc(count * size);
}

void *mem_realloc(void *memory, size_t size)
{
	if (size > PTRDIFF_MAX)
		return NULL;
	return hook.reallocate(memory, size > 0 ? size : 1, hook.user);
}

void mem_free(void *memory)
{
	if (memory != NULL)
		hook.release(memory, hook.user);
}

char *mem_copy(const char *bytes, size_t len)
{
	char *copy = len < PTRDIFF_MAX ? mem_alloc(len + 1) : NULL;
	if (copy == NULL)
		return NULL;
	if (len > 0)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

void mem_wipe(void *memory, size_t size)
{
	if (memory == NULL || size == 0)
		return;
	memset(memory, 0, size);
	/* Somebody might look at it, as far as the compiler knows. */
	__asm__ __volatile__("" : : "r"(memory) : "memory");
}

bool mem_grow(void **array, size_t *capacity, size_t want, size_t size)
{
	if (want <= *capacity)
		return true;
	size_t grown = *capacity + *capacity / 2 + 8;
	if (grown < want)
		grown = want;
	if (grown > PTRDIFF_MAX / size)
		return false;
	void *memory = mem_realloc(*array, grown * size);
	if (memory == NULL)
		return false;
	*array = memory;
	*capacity = grown;
	return true;
}

void *freshet_mem_new(size_t count, size_t size)
{
	return mem_array(count, size);
}

void freshet_mem_free(void *memory)
{
	mem_free(memory);
}
