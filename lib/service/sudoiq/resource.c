/*
 * Happy path: an answer has a 2xx status, the objects in it are found under whatever name their list has, read one by one
 * and given to the callback. An answer in which they must be and are not, or that is no JSON, becomes a typed error; what
 * is of another type than it should be in one of them is left out, for `raw` has it.
 */
#include "resource.h"

/* Of one answer: empty objects take three bytes there and a hundred times as many here. */
#define OBJECTS_MAX 100000

/* ---- reading ---- */

/* The body at hand; the first error sticks. */
struct reading {
	freshet_sudoiq *client;
	const struct sudoiq_kind *kind;
	freshet_json_scratch *scratch;
	freshet_str text;
	freshet_err err;
	size_t position;
};

static void refuse(struct reading *r, const freshet_json_value *at, freshet_err err)
{
	if (err == FRESHET_OK || r->err != FRESHET_OK)
		return;
	r->err = err;
	r->position = at->raw.ptr != NULL ? (size_t)(at->raw.ptr - r->text.ptr) : 0;
}

/* What is of another type than it should be is left out: only the lack of memory is an error. */
static void take(struct reading *r, enum sudoiq_take how, const freshet_json_value *value, freshet_str *out)
{
	freshet_err err = FRESHET_OK;
	switch (how) {
	case SUDOIQ_TAKE_STR: err = guest_take_str(value, r->scratch, out); break;
	case SUDOIQ_TAKE_ID: err = guest_take_id(value, r->scratch, out); break;
	case SUDOIQ_TAKE_RAW: guest_take_raw(value, out); break;
	}
	if (err == FRESHET_ENOMEM)
		refuse(r, value, err);
}

static void take_member(
	struct reading *r, const struct sudoiq_member *member, const freshet_json_value *value, unsigned char *object)
{
	freshet_str found = {NULL, 0};
	take(r, member->take, value, &found);
	memcpy(object + member->offset, &found, sizeof found);
}

static void read_object(struct reading *r, const freshet_json_value *value, unsigned char *object)
{
	const struct sudoiq_kind *kind = r->kind;
	freshet_json_value published[SUDOIQ_PUBLISHED_MAX];
	union sudoiq_resource_values named;
	refuse(r, value, value->type == FRESHET_JSON_OBJECT ? FRESHET_OK : FRESHET_EJSON_TYPE);
	if (r->err != FRESHET_OK)
		return;
	memcpy(object, &value->raw, sizeof value->raw);
	if (kind->plan != NULL)
		refuse(r, value, freshet_json_pick(kind->plan, value->raw, published, NULL));
	refuse(r, value, guest_fields_pick(r->client->names.resource, value->raw, named.picked, NULL));
	for (size_t i = 0; kind->plan != NULL && i < kind->plan->count && r->err == FRESHET_OK; i++)
		take_member(r, &kind->published[i], &published[i], object);
	for (size_t i = 0; i < kind->named_count && r->err == FRESHET_OK; i++)
		take_member(r, &kind->named[i], &named.picked[kind->named[i].slot], object);
	if (r->err == FRESHET_OK && kind->finish != NULL)
		kind->finish(object);
}

static size_t count_elements(const freshet_json_value *list)
{
	freshet_json_each each;
	freshet_json_value element;
	size_t count = 0;
	freshet_json_each_begin(&each, list);
	while (freshet_json_each_next(&each, NULL, &element))
		count++;
	return count;
}

/* The elements of an array, or the one object; for freshet_mem_free. NULL when there are none, and on failure. */
static void *read_objects(struct reading *r, const freshet_json_value *value, size_t *count)
{
	bool many = value->type == FRESHET_JSON_ARRAY;
	freshet_json_value element = *value;
	freshet_json_each each;
	*count = many ? count_elements(value) : 1;
	if (*count > OBJECTS_MAX) {
		refuse(r, value, FRESHET_EJSON_SIZE);
		return NULL;
	}
	unsigned char *objects = *count > 0 ? freshet_mem_new(*count, r->kind->size) : NULL;
	if (objects == NULL) {
		refuse(r, value, *count > 0 ? FRESHET_ENOMEM : FRESHET_OK);
		return NULL;
	}
	if (many)
		freshet_json_each_begin(&each, value);
	for (size_t i = 0; i < *count && r->err == FRESHET_OK; i++)
		if (!many || freshet_json_each_next(&each, NULL, &element))
			read_object(r, &element, objects + i * r->kind->size);
	return objects;
}

static bool is_blank(freshet_str text)
{
	size_t i = 0;
	while (i < text.len && (text.ptr[i] == ' ' || (text.ptr[i] >= '\t' && text.ptr[i] <= '\r')))
		i++;
	return i == text.len;
}

/*
 * Where in the answer the objects are: its list, or the whole of it, bare. Missing where the server need not say anything
 * and did not.
 */
static void find_objects(struct reading *r, enum sudoiq_form form, freshet_json_value *found, freshet_str *next_cursor)
{
	union sudoiq_resource_values named;
	freshet_json_value whole = {0};
	bool optional = form == SUDOIQ_FORM_TAKEN || form == SUDOIQ_FORM_NOTED;
	memset(found, 0, sizeof *found);
	if (optional && is_blank(r->text))
		return;
	r->err = guest_fields_pick(r->client->names.resource, r->text, named.picked, &r->position);
	if (r->err == FRESHET_OK)
		r->err = freshet_json_read(r->text, &whole, &r->position);
	if (r->err != FRESHET_OK)
		return;
	take(r, SUDOIQ_TAKE_ID, &named.members.next_cursor_fields, next_cursor);
	if (whole.type == FRESHET_JSON_ARRAY)
		*found = whole;
	else if (named.members.list_fields.type == FRESHET_JSON_ARRAY)
		*found = named.members.list_fields;
	else if (whole.type != FRESHET_JSON_OBJECT)
		refuse(r, &whole, optional ? FRESHET_OK : FRESHET_EJSON_TYPE);
	else if (form == SUDOIQ_FORM_ONE || form == SUDOIQ_FORM_NOTED)
		*found = whole;
	else if (form == SUDOIQ_FORM_LIST)
		refuse(r, &whole, FRESHET_EJSON_MISSING);
}

/* ---- answers ---- */

static void deliver_objects(
	const struct sudoiq_answer *answer, freshet_sudoiq_call *call, const freshet_response *response)
{
	struct reading r = {.client = call->client, .kind = answer->kind, .text = response->body};
	struct sudoiq_found found = {0};
	freshet_json_value value;
	void *objects = NULL;
	r.scratch = guest_scratch_begin(&call->client->scratch, response->body.len);
	find_objects(&r, answer->form, &value, &found.next_cursor);
	if (r.err == FRESHET_OK && value.type != FRESHET_JSON_MISSING)
		objects = read_objects(&r, &value, &found.count);
	if (r.err == FRESHET_OK && answer->form == SUDOIQ_FORM_ONE && found.count == 0)
		refuse(&r, &value, FRESHET_EJSON_MISSING);
	found.objects = objects;
	if (r.err == FRESHET_OK)
		answer->deliver(call, NULL, &found);
	else
		sudoiq_call_unreadable(call, response, r.err, r.position);
	freshet_mem_free(objects);
}

void sudoiq_resource_answer(const struct sudoiq_answer *answer, freshet_sudoiq_call *call,
	const freshet_response *response, const freshet_sudoiq_error *error)
{
	const struct sudoiq_found nothing = {0};
	if (error != NULL)
		answer->deliver(call, error, &nothing);
	else
		deliver_objects(answer, call, response);
}

/* What is deleted is gone, whatever the words; only that it was not there before may be said. */
static void deliver_deleted(
	freshet_sudoiq_call *call, const freshet_response *response, const freshet_sudoiq_error *error)
{
	union sudoiq_resource_values named;
	bool was_there = error == NULL && response->status != 404;
	if (was_there &&
		guest_fields_pick(call->client->names.resource, response->body, named.picked, NULL) == FRESHET_OK)
		(void)guest_take_bool(&named.members.deleted_fields, &was_there);
	((freshet_sudoiq_deleted_fn *)call->done)(call, error, was_there, call->user);
}

static bool is_missing(const freshet_response *response)
{
	return response->outcome.err == FRESHET_OK && response->status == 404;
}

static void deleted_if_there(
	freshet_sudoiq_call *call, const freshet_response *response, const freshet_sudoiq_error *error)
{
	deliver_deleted(call, response, is_missing(response) ? NULL : error);
}

/* Not there any more after an attempt whose answer was lost: that one may have deleted it. */
static void deleted(freshet_sudoiq_call *call, const freshet_response *response, const freshet_sudoiq_error *error)
{
	deliver_deleted(call, response, is_missing(response) && response->outcome.attempts > 1 ? NULL : error);
}

/* ---- requests ---- */

freshet_err sudoiq_resource_send(
	struct sudoiq_ask *ask, sudoiq_answer_fn *answer, sudoiq_any_fn *done, void *user, freshet_sudoiq_call **out)
{
	if (done == NULL)
		sudoiq_ask_fail(ask, FRESHET_EINVAL);
	return sudoiq_ask_send(ask, answer, done, user, out);
}

freshet_err sudoiq_resource_delete(
	struct sudoiq_ask *ask, bool must_exist, freshet_sudoiq_deleted_fn *done, void *user, freshet_sudoiq_call **out)
{
	return sudoiq_resource_send(ask, must_exist ? deleted : deleted_if_there, (sudoiq_any_fn *)done, user, out);
}

void sudoiq_resource_page(struct sudoiq_ask *ask, const freshet_sudoiq_page *page)
{
	if (page != NULL && page->limit > 0)
		sudoiq_ask_query_int(ask, "limit", page->limit);
	if (page != NULL && page->cursor.len > 0)
		sudoiq_ask_query(ask, "cursor", page->cursor);
}

void sudoiq_resource_need(struct sudoiq_ask *ask, freshet_str value)
{
	if (value.ptr == NULL || value.len == 0)
		sudoiq_ask_fail(ask, FRESHET_EINVAL);
}

void sudoiq_resource_value(struct sudoiq_ask *ask, const char *name, freshet_str value)
{
	sudoiq_resource_need(ask, value);
	sudoiq_ask_value(ask, name, value);
}

void sudoiq_resource_str(struct sudoiq_ask *ask, const char *name, freshet_str value)
{
	if (value.ptr == NULL)
		return;
	guest_write(ask->writer, name, value);
}

void sudoiq_resource_object(struct sudoiq_ask *ask, freshet_str object)
{
	freshet_json_value value;
	freshet_err err = freshet_json_read(object, &value, NULL);
	if (err == FRESHET_OK && value.type != FRESHET_JSON_OBJECT)
		err = FRESHET_EINVAL;
	sudoiq_ask_fail(ask, err);
	freshet_json_write_raw(ask->writer, object);
}
