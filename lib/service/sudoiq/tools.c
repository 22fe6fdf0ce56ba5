/*
 * A new set is built beside the old one, which goes when the new one is whole.
 */
#include "client.h"

static bool same(const freshet_sudoiq_tool *a, const freshet_sudoiq_tool *b)
{
	return freshet_str_equal(a->name, b->name) && freshet_str_equal(a->space, b->space);
}

static bool among(const freshet_sudoiq_tool *tool, const freshet_sudoiq_tool *tools, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (same(tool, &tools[i]))
			return true;
	return false;
}

const freshet_sudoiq_tool *sudoiq_tools_find(const struct sudoiq_tools *tools, freshet_str space, freshet_str name)
{
	const freshet_sudoiq_tool *bare = NULL, *any = NULL;
	for (size_t i = 0; i < tools->count; i++) {
		const freshet_sudoiq_tool *tool = &tools->list[i];
		if (tool->name.len == 0)
			any = tool;
		else if (!freshet_str_equal(tool->name, name))
			continue;
		else if (tool->space.len == 0)
			bare = tool;
		else if (freshet_str_equal(tool->space, space))
			return tool;
	}
	return bare != NULL ? bare : any;
}

void sudoiq_tools_clear(struct sudoiq_tools *tools)
{
	freshet_mem_free(tools->list);
	*tools = (struct sudoiq_tools){NULL, 0};
}

static size_t text_size(const freshet_sudoiq_tool *tools, size_t count)
{
	size_t size = 0;
	for (size_t i = 0; i < count; i++)
		size += tools[i].name.len + tools[i].space.len;
	return size;
}

freshet_err freshet_sudoiq_set_tools(freshet_sudoiq *client, const freshet_sudoiq_tool *tools, size_t count, bool merge)
{
	struct sudoiq_tools next = {NULL, 0}, *old = &client->tools;
	size_t kept = merge ? old->count : 0;
	for (size_t i = 0; i < count; i++)
		if (tools[i].handler == NULL || among(&tools[i], tools, i))
			return FRESHET_EINVAL;
	if (kept + count > 0) {
		size_t size = (kept + count) * sizeof *tools + text_size(old->list, kept) + text_size(tools, count);
		next.list = freshet_mem_new(1, size);
		if (next.list == NULL)
			return FRESHET_ENOMEM;
	}
	for (size_t i = 0; i < kept; i++)
		if (!among(&old->list[i], tools, count))
			next.list[next.count++] = old->list[i];
	for (size_t i = 0; i < count; i++)
		next.list[next.count++] = tools[i];
	char *at = next.list != NULL ? (char *)(next.list + kept + count) : NULL;
	for (size_t i = 0; i < next.count; i++) {
		next.list[i].name = guest_put(&at, next.list[i].name);
		next.list[i].space = guest_put(&at, next.list[i].space);
	}
	sudoiq_tools_clear(old);
	*old = next;
	return FRESHET_OK;
}
