/*
 * Memory of the library: all of it goes through the process's allocator hook, sizes are checked for overflow, and a
 * failed allocation is NULL for the caller to report.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL when there is none, and for sizes above PTRDIFF_MAX. The memory of `mem_zalloc` is zeroed. */
void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);

/* `count` times `size` bytes, zeroed; NULL when the product overflows. */
void *mem_array(size_t count, size_t size);

/* As realloc: on NULL the old memory stands. */
void *mem_realloc(void *memory, size_t size);

/* NULL is fine. */
void mem_free(void *memory);

/* A terminated copy of `len` bytes; NULL when there is no memory. */
char *mem_copy(const char *bytes, size_t len);

/* Overwrites memory that held a secret before it is given back; the compiler does not remove it. NULL is fine. */
void mem_wipe(void *memory, size_t size);

/*
 * Makes room for `want` elements of `size` bytes in an array of `*capacity`, growing by half so that appending stays
 * linear. False when there is no memory; the array stands as it was.
 */
bool mem_grow(void **array, size_t *capacity, size_t want, size_t size);

#endif
