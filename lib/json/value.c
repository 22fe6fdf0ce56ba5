/*
 * Getters for one value, and the scratch that strings with escapes are decoded to.
 */
#include "json/string.h"

#include "base/mem.h"

#include <freshet/json.h>

/* A block that holds only one short string would be made again for the next one. */
#define SCRATCH_BLOCK 1024

/* What lies before the bytes of an allocated block. */
struct scratch_block {
	struct scratch_block *older;
	size_t size; /* of the bytes */
};

void freshet_json_scratch_init(freshet_json_scratch *scratch, char *memory, size_t size)
{
	*scratch = (freshet_json_scratch){memory, size, NULL, memory, size};
}

/* Frees all blocks but `kept`, which is the only one then. */
static void free_blocks(freshet_json_scratch *scratch, struct scratch_block *kept)
{
	struct scratch_block *block = scratch->blocks;
	while (block != NULL) {
		struct scratch_block *older = block->older;
		if (block != kept)
			mem_free(block);
		block = older;
	}
	scratch->blocks = kept;
	if (kept != NULL)
		kept->older = NULL;
}

void freshet_json_scratch_reset(freshet_json_scratch *scratch)
{
	struct scratch_block *newest = scratch->blocks;
	if (newest == NULL) {
		scratch->at = scratch->own;
		scratch->left = scratch->own_size;
		return;
	}
	bool keep = newest != NULL && newest->size > scratch->own_size;
	free_blocks(scratch, keep ? newest : NULL);
	scratch->at = keep ? (char *)(newest + 1) : scratch->own;
	scratch->left = keep ? newest->size : scratch->own_size;
}

void freshet_json_scratch_clear(freshet_json_scratch *scratch)
{
	free_blocks(scratch, NULL);
	scratch->at = scratch->own;
	scratch->left = scratch->own_size;
}

/* Room for `len` bytes at scratch->at. Each new block is at least twice the one before, so the newest is the largest. */
static bool scratch_reserve(freshet_json_scratch *scratch, size_t len)
{
	struct scratch_block *older = scratch->blocks;
	size_t size = older != NULL ? older->size : SCRATCH_BLOCK / 2;
	if (len <= scratch->left)
		return true;
	if (size > PTRDIFF_MAX / 4 || len > PTRDIFF_MAX / 4)
		return false;
	size = len > size * 2 ? len : size * 2;
	struct scratch_block *block = mem_alloc(sizeof *block + size);
	if (block == NULL)
		return false;
	*block = (struct scratch_block){older, size};
	scratch->blocks = block;
	scratch->at = (char *)(block + 1);
	scratch->left = size;
	return true;
}

static freshet_err expect(const freshet_json_value *value, freshet_json_type type)
{
	if (value->type == type)
		return FRESHET_OK;
	return value->type == FRESHET_JSON_MISSING ? FRESHET_EJSON_MISSING : FRESHET_EJSON_TYPE;
}

/* Between the quotes. */
static freshet_str characters(const freshet_json_value *string)
{
	freshet_str s = {string->raw.ptr + 1, string->raw.len - 2};
	return s;
}

static __attribute__((noinline)) freshet_err decode(freshet_str text, freshet_json_scratch *scratch, freshet_str *out)
{
	if (!scratch_reserve(scratch, text.len))
		return FRESHET_ENOMEM;
	out->len = string_decode(text, scratch->at);
	out->ptr = scratch->at;
	scratch->at += out->len;
	scratch->left -= out->len;
	return FRESHET_OK;
}

freshet_err freshet_json_string(const freshet_json_value *value, freshet_json_scratch *scratch, freshet_str *out)
{
	if (value->type != FRESHET_JSON_STRING)
		return expect(value, FRESHET_JSON_STRING);
	if (value->flags & FRESHET_JSON_ESCAPED)
		return decode(characters(value), scratch, out);
	*out = characters(value);
	return FRESHET_OK;
}

bool freshet_json_equals(const freshet_json_value *value, freshet_str text)
{
	if (value->type != FRESHET_JSON_STRING)
		return false;
	return string_equal(characters(value), (value->flags & FRESHET_JSON_ESCAPED) != 0, text, false);
}

freshet_err freshet_json_bool(const freshet_json_value *value, bool *out)
{
	freshet_err err = expect(value, FRESHET_JSON_BOOL);
	if (err == FRESHET_OK)
		*out = value->raw.ptr[0] == 't';
	return err;
}
