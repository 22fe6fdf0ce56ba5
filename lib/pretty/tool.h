/*
 * A tool call on one line: its glyph, its name, and of its input what tells people most.
 */
#ifndef PRETTY_TOOL_H
#define PRETTY_TOOL_H

#include "value.h"

/* False when the input is no object, or a member of it cannot be shown. */
bool tool_add(struct sheet *sheet, freshet_json_scratch *scratch, const freshet_json_value *name,
	const freshet_json_value *input);

#endif
