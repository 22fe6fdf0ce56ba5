/*
 * What an agent writes: the first byte chooses the format and the length of lines.
 *
 * Properties: one feed equals many feeds; every text that is shown can be read to its end and is not empty; of valid
 * UTF-8 only valid UTF-8 is shown, lines cut at their limit too.
 */
#include <freshet/pretty.h>

#include "base/utf8.h"

#include <stdlib.h>

#define HOLD(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

/* FNV-1a over the texts and their ends. */
struct verdict {
	uint64_t hash;
	size_t texts;
};

static void mix(struct verdict *v, freshet_str text)
{
	for (size_t i = 0; i < text.len; i++)
		v->hash = (v->hash ^ (unsigned char)text.ptr[i]) * UINT64_C(1099511628211);
	v->hash = (v->hash ^ 0x100) * UINT64_C(1099511628211);
	v->texts++;
}

static void take(freshet_pretty *pretty, bool valid, struct verdict *v)
{
	freshet_str text;
	freshet_pretty_result result;
	while ((result = freshet_pretty_next(pretty, &text)) == FRESHET_PRETTY_TEXT) {
		HOLD(text.len > 0);
		HOLD(!valid || utf8_valid((const uint8_t *)text.ptr, text.len));
		mix(v, text);
	}
	HOLD(result == FRESHET_PRETTY_MORE);
}

/* `step` 0 feeds all at once, else pieces of up to so many bytes. */
static struct verdict run(unsigned choice, const char *bytes, size_t size, size_t step)
{
	freshet_pretty_options o;
	freshet_pretty *pretty;
	struct verdict v = {UINT64_C(14695981039346656037), 0};
	bool valid = utf8_valid((const uint8_t *)bytes, size);
	freshet_pretty_options_init(&o);
	o.format = (choice & 1) != 0 ? FRESHET_PRETTY_CLAUDE : FRESHET_PRETTY_GENERIC;
	o.max_line = (choice & 2) != 0 ? 64 : 0;
	HOLD(freshet_pretty_new(&o, &pretty) == FRESHET_OK);
	for (size_t at = 0, len; at < size; at += len) {
		len = step == 0 ? size : 1 + ((unsigned char)bytes[at] + at) % step;
		if (len > size - at)
			len = size - at;
		HOLD(freshet_pretty_feed(pretty, (freshet_str){bytes + at, len}) == FRESHET_OK);
		take(pretty, valid, &v);
	}
	freshet_pretty_flush(pretty);
	take(pretty, valid, &v);
	freshet_pretty_free(pretty);
	return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t steps[] = {1, 7, 100};
	if (size == 0)
		return 0;
	const char *bytes = (const char *)data + 1;
	struct verdict whole = run(data[0], bytes, size - 1, 0);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct verdict cut = run(data[0], bytes, size - 1, steps[i]);
		HOLD(cut.hash == whole.hash && cut.texts == whole.texts);
	}
	return 0;
}
