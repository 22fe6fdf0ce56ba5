/*
 * The local tools of a client, and which one a call goes to.
 */
#ifndef SUDOIQ_TOOLS_H
#define SUDOIQ_TOOLS_H

#include <freshet/sudoiq.h>

/* Name and name space lie behind the tools, in the same block. */
struct sudoiq_tools {
	freshet_sudoiq_tool *list;
	size_t count;
};

/* NULL: nobody handles it. Valid until the tools change. */
const freshet_sudoiq_tool *sudoiq_tools_find(const struct sudoiq_tools *tools, freshet_str space, freshet_str name);

void sudoiq_tools_clear(struct sudoiq_tools *tools);

#endif
