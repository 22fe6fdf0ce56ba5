/*
 * Reading scripts and their arguments. What is not understood is left to the platform, which knows the names.
 */
#include "mockd/script.h"

#include "mockd/alloc.h"

static freshet_str skip_blanks(freshet_str text)
{
	while (text.len > 0 && (*text.ptr == ' ' || *text.ptr == '\t'))
		text = (freshet_str){text.ptr + 1, text.len - 1};
	return text;
}

/* Cuts the first word off the text. */
static freshet_str take_word(freshet_str *text)
{
	*text = skip_blanks(*text);
	size_t len = 0;
	while (len < text->len && strchr(" \t\r\n", text->ptr[len]) == NULL)
		len++;
	freshet_str word = {text->ptr, len};
	*text = (freshet_str){text->ptr + len, text->len - len};
	return word;
}

bool script_in_prompt(freshet_str prompt, struct script *out)
{
	static const char mark[] = "script:";
	size_t len = sizeof mark - 1;
	if (prompt.len < len || memcmp(prompt.ptr, mark, len) != 0)
		return false;
	freshet_str rest = {prompt.ptr + len, prompt.len - len};
	out->name = take_word(&rest);
	out->arguments = rest;
	return true;
}

bool script_word(const struct script *s, const char *key, freshet_str *value)
{
	freshet_str rest = s->arguments;
	size_t key_len = strlen(key);
	for (;;) {
		freshet_str word = take_word(&rest);
		const char *equals = word.len > 0 ? memchr(word.ptr, '=', word.len) : NULL;
		/* The first word that is no argument begins the prompt's own text. */
		if (equals == NULL)
			return false;
		if ((size_t)(equals - word.ptr) == key_len && memcmp(word.ptr, key, key_len) == 0) {
			*value = (freshet_str){equals + 1, word.len - key_len - 1};
			return true;
		}
	}
}

/* Reads digits at the beginning of the text and cuts them off. */
static bool take_number(freshet_str *text, uint64_t *number)
{
	size_t len = 0;
	uint64_t value = 0;
	while (len < text->len && text->ptr[len] >= '0' && text->ptr[len] <= '9') {
		uint64_t digit = (uint64_t)(text->ptr[len] - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
		len++;
	}
	if (len == 0)
		return false;
	*text = (freshet_str){text->ptr + len, text->len - len};
	*number = value;
	return true;
}

struct range script_range(const struct script *s, const char *key, struct range fallback)
{
	freshet_str text;
	struct range range;
	if (!script_word(s, key, &text) || !take_number(&text, &range.from))
		return fallback;
	range.to = range.from;
	if (text.len == 0)
		return range;
	if (text.len < 3 || memcmp(text.ptr, "..", 2) != 0)
		return fallback;
	text = (freshet_str){text.ptr + 2, text.len - 2};
	return take_number(&text, &range.to) && text.len == 0 && range.to >= range.from ? range : fallback;
}

uint64_t script_number(const struct script *s, const char *key, uint64_t fallback)
{
	return script_range(s, key, (struct range){fallback, fallback}).from;
}

bool script_mix_read(struct script_mix *mix, const char *text)
{
	*mix = (struct script_mix){.items = NULL};
	size_t capacity = 0;
	freshet_str rest = freshet_str_of(text);
	while (skip_blanks(rest).len > 0) {
		const char *end = memchr(rest.ptr, ';', rest.len);
		freshet_str item = {rest.ptr, end != NULL ? (size_t)(end - rest.ptr) : rest.len};
		size_t step = item.len + (end != NULL);
		rest = (freshet_str){rest.ptr + step, rest.len - step};
		struct weighted_script w = {.weight = 1};
		item = skip_blanks(item);
		take_number(&item, &w.weight);
		w.script.name = take_word(&item);
		w.script.arguments = item;
		if (w.script.name.len == 0) {
			script_mix_clear(mix);
			return false;
		}
		mix->items = must_grow(mix->items, &capacity, mix->count + 1, sizeof *mix->items);
		mix->items[mix->count++] = w;
		mix->weight += w.weight;
	}
	return mix->weight > 0;
}

void script_mix_clear(struct script_mix *mix)
{
	free(mix->items);
	*mix = (struct script_mix){.items = NULL};
}

struct script script_mix_pick(const struct script_mix *mix, struct random *random)
{
	uint64_t point = random_below(random, mix->weight);
	size_t i = 0;
	while (point >= mix->items[i].weight)
		point -= mix->items[i++].weight;
	return mix->items[i].script;
}
