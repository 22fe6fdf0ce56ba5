/*
 * Words in no order that means anything, by the seed.
 */
#include "mockd/words.h"

void words_append(struct buffer *b, struct random *random, size_t len)
{
	static const char *const words[] = {"the", "parser", "reads", "one", "line", "of", "a", "stream", "and",
		"waits", "for", "more", "\n", "src/main.c:42", "\"quoted\"", "caf\xc3\xa9", "\xe2\x80\x94",
		"\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x94\xa7", "\\", "</div>", "100%", "\t", "ok", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "x += 1;"};
	size_t end = b->len + len;
	while (b->len < end) {
		const char *word = words[random_below(random, sizeof words / sizeof words[0])];
		if (b->len + strlen(word) + 1 > end)
			word = ".";
		buffer_text(b, word);
		if (b->len < end)
			buffer_text(b, " ");
	}
}
