/*
 * Copies of header fields that an endpoint, a stream or a request keeps. Values that are secrets are wiped when they go.
 */
#include "reactor/endpoint.h"

#include "base/fields.h"
#include "base/mem.h"
#include "flow/redirect.h"

#include <stdio.h>

/* One block for name and value, so that a field is one allocation. */
static freshet_err copy_field(freshet_header *to, const freshet_header *from)
{
	freshet_str value = field_trim(from->value);
	char *text = mem_alloc(from->name.len + value.len + 1);
	if (text == NULL)
		return FRESHET_ENOMEM;
	for (size_t i = 0; i < from->name.len; i++) {
		char c = from->name.ptr[i];
		text[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	if (value.len > 0)
		memcpy(text + from->name.len, value.ptr, value.len);
	to->name = (freshet_str){text, from->name.len};
	to->value = (freshet_str){text + from->name.len, value.len};
	to->secret = from->secret || field_name_is(from->name, "authorization") ||
		     field_name_is(from->name, "proxy-authorization") || field_name_is(from->name, "cookie");
	return FRESHET_OK;
}

freshet_err headers_copy(const freshet_header *from, size_t count, size_t spare, freshet_header **out)
{
	*out = NULL;
	if (count > SIZE_MAX - spare)
		return FRESHET_ENOMEM;
	if (count + spare == 0)
		return FRESHET_OK;
	freshet_header *headers = mem_array(count + spare, sizeof *headers);
	if (headers == NULL)
		return FRESHET_ENOMEM;
	freshet_err err = FRESHET_OK;
	for (size_t i = 0; i < count && err == FRESHET_OK; i++) {
		if (!field_valid(&from[i]) || field_is_reserved(from[i].name))
			err = FRESHET_EINVAL;
		else
			err = copy_field(&headers[i], &from[i]);
	}
	if (err != FRESHET_OK)
		headers_free(headers, count);
	else
		*out = headers;
	return err;
}

void headers_free(freshet_header *headers, size_t count)
{
	for (size_t i = 0; headers != NULL && i < count; i++) {
		union {
			const char *constant;
			char *text;
		} block = {headers[i].name.ptr};
		if (headers[i].secret)
			mem_wipe(block.text, headers[i].name.len + headers[i].value.len);
		mem_free(block.text);
	}
	mem_free(headers);
}

freshet_err headers_copy_traced(
	const freshet_header *from, size_t count, const char *traceparent, freshet_header **out, size_t *out_count)
{
	const freshet_header trace = {freshet_str_of("traceparent"), freshet_str_of(traceparent), false};
	*out_count = 0;
	if (traceparent != NULL &&
		(!field_is_traceparent(trace.value) || field_find(from, count, "traceparent").ptr != NULL))
		return FRESHET_EINVAL;
	freshet_err err = headers_copy(from, count, traceparent != NULL, out);
	if (err == FRESHET_OK && traceparent != NULL && (err = copy_field(&(*out)[count], &trace)) != FRESHET_OK) {
		headers_free(*out, count);
		*out = NULL;
	}
	if (err == FRESHET_OK)
		*out_count = count + (traceparent != NULL);
	return err;
}

/* "FIRST SECOND"; NULL when there is no memory. */
static char *join(const char *first, const char *second)
{
	size_t size = strlen(first) + strlen(second) + 2;
	char *text = mem_alloc(size);
	if (text != NULL)
		snprintf(text, size, "%s %s", first, second);
	return text;
}

/* The caller's fields, and of our own those that none of them replaces. */
static freshet_err merge_headers(const freshet_endpoint_options *o, const freshet_header *own, size_t own_count,
	freshet_header **out, size_t *count)
{
	freshet_header *all = mem_array(own_count + o->header_count, sizeof *all);
	size_t merged = 0;
	if (all == NULL)
		return FRESHET_ENOMEM;
	for (size_t i = 0; i < own_count; i++)
		if (field_find(o->headers, o->header_count, own[i].name.ptr).ptr == NULL)
			all[merged++] = own[i];
	for (size_t i = 0; i < o->header_count; i++)
		all[merged++] = o->headers[i];
	freshet_err err = headers_copy(all, merged, 0, out);
	if (err == FRESHET_OK)
		*count = merged;
	mem_free(all);
	return err;
}

freshet_err headers_of_endpoint(const freshet_endpoint_options *o, freshet_header **out, size_t *count)
{
	const char *agent = o->user_agent != NULL ? o->user_agent : "freshet/" FRESHET_VERSION;
	const char *suffix = o->user_agent_suffix;
	char *whole_agent = NULL, *bearer = NULL;
	freshet_err err = FRESHET_OK;
	*out = NULL;
	*count = 0;
	if (suffix != NULL && !field_is_product_list(freshet_str_of(suffix)))
		return FRESHET_EINVAL;
	if (suffix != NULL && (whole_agent = join(agent, suffix)) == NULL)
		err = FRESHET_ENOMEM;
	if (o->bearer_token != NULL && (bearer = join("Bearer", o->bearer_token)) == NULL)
		err = FRESHET_ENOMEM;
	const freshet_header own[] = {
		{freshet_str_of("user-agent"), freshet_str_of(suffix != NULL ? whole_agent : agent), false},
		{freshet_str_of("authorization"), freshet_str_of(bearer), true},
	};
	if (err == FRESHET_OK)
		err = merge_headers(o, own, bearer != NULL ? 2 : 1, out, count);
	if (bearer != NULL)
		mem_wipe(bearer, strlen(bearer));
	mem_free(bearer);
	mem_free(whole_agent);
	return err;
}

freshet_header *endpoint_fields(
	freshet_endpoint *e, const freshet_header *own, size_t own_count, size_t spare, size_t *count)
{
	freshet_reactor *r = e->reactor;
	void *fields = r->fields;
	bool grown = mem_grow(&fields, &r->fields_capacity, e->header_count + own_count + spare, sizeof *r->fields);
	r->fields = fields;
	if (!grown)
		return NULL;
	*count = 0;
	for (size_t i = 0; i < e->header_count; i++) {
		bool replaced = false;
		for (size_t j = 0; j < own_count && !replaced; j++)
			replaced = freshet_str_equal(own[j].name, e->headers[i].name);
		if (!replaced)
			r->fields[(*count)++] = e->headers[i];
	}
	for (size_t i = 0; i < own_count; i++)
		r->fields[(*count)++] = own[i];
	return r->fields;
}

size_t headers_drop_body(freshet_header *fields, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (!redirect_drops_field(fields[i].name))
			fields[kept++] = fields[i];
	return kept;
}

bool method_valid(const char *method)
{
	freshet_header as_field = {freshet_str_of(method), {NULL, 0}, false};
	return method == NULL || field_valid(&as_field);
}
