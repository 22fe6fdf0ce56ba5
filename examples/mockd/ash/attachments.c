/*
 * Attachments (contract 6.8). They belong to a session and go with it.
 */
#include "mockd/ash/ajv.h"
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#define BYTES_MAX 10485760u

struct ash_attachment {
	struct list node; /* in the tenant's attachments, oldest first */
	struct uuid id;
	struct uuid session;
	json_t *json; /* as it is returned */
	char *bytes;
	size_t len;
};

static void attachment_free(struct ash_attachment *a)
{
	list_remove(&a->node);
	json_decref(a->json);
	free(a->bytes);
	free(a);
}

void ash_attachments_drop(struct ash_tenant *tenant, const struct ash_session *s)
{
	list_each_safe (node, after, &tenant->attachments) {
		struct ash_attachment *a = container_of(node, struct ash_attachment, node);
		if (s == NULL || uuid_equal(a->session, s->id))
			attachment_free(a);
	}
}

static void attach(struct ash_call *call, struct ash_session *s, const char *message, const char *type)
{
	const json_t *content = json_object_get(call->body, "content");
	size_t len;
	char *bytes = ash_base64_decode(json_string_value(content), json_string_length(content), &len);
	if (len == 0 || len > BYTES_MAX) {
		free(bytes);
		if (len == 0)
			ash_fail(call, 400, "Empty attachment content");
		else
			ash_fail(call, 413, "Attachment too large");
		return;
	}
	struct ash_attachment *a = must_zalloc(sizeof *a);
	a->id = uuid_new(&call->ash->mockd->random);
	a->session = s->id;
	a->bytes = bytes;
	a->len = len;
	a->json = json_pack("{s:o, s:o, s:O, s:s, s:I, s:o, s:s, s:s}", "id", ash_uuid(a->id), "sessionId",
		ash_uuid(s->id), "filename", json_object_get(call->body, "filename"), "mimeType", type, "size",
		(json_int_t)len, "createdAt", ash_time(ash_wall_us(call->ash)), "tenantId", call->tenant->name,
		"messageId", message != NULL ? message : "unlinked");
	list_push_back(&call->tenant->attachments, &a->node);
	ash_answer_member(call, 201, "attachment", json_incref(a->json));
}

void ash_attachments_create(struct ash_call *call)
{
	static const char *const needed[] = {"filename", "content", NULL};
	struct ajv c;
	ajv_body(&c, call);
	ajv_required(&c, needed);
	ajv_string(&c, "filename", 1, SIZE_MAX);
	const char *type = ajv_string(&c, "mimeType", 0, SIZE_MAX);
	ajv_string(&c, "content", 0, SIZE_MAX);
	const char *message = ajv_uuid(&c, "messageId");
	struct ash_session *s = ajv_end(&c) ? ash_session_of(call) : NULL;
	if (s != NULL)
		attach(call, s, message, type != NULL ? type : "application/octet-stream");
}

void ash_attachments_list(struct ash_call *call)
{
	struct ash_session *s = ash_session_of(call);
	if (s == NULL)
		return;
	json_t *attachments = json_array();
	list_each (node, &call->tenant->attachments) {
		const struct ash_attachment *a = container_of(node, struct ash_attachment, node);
		if (uuid_equal(a->session, s->id))
			json_array_append(attachments, a->json);
	}
	ash_answer_member(call, 200, "attachments", attachments);
}

/* The attachment of the path; NULL when it was answered. */
static struct ash_attachment *find(struct ash_call *call)
{
	list_each (node, &call->tenant->attachments) {
		struct ash_attachment *a = container_of(node, struct ash_attachment, node);
		if (uuid_equal(a->id, call->id))
			return a;
	}
	ash_fail(call, 404, "Attachment not found");
	return NULL;
}

/* What is given as a type may be no value of a field. */
static bool may_be_sent(const char *type)
{
	if (*type == '\0')
		return false;
	for (; *type != '\0'; type++) {
		if (*type < ' ' || *type > '~')
			return false;
	}
	return true;
}

void ash_attachments_get(struct ash_call *call)
{
	const struct ash_attachment *a = find(call);
	if (a == NULL)
		return;
	const char *type = json_string_value(json_object_get(a->json, "mimeType"));
	const struct answer head = {.status = 200,
		.content_type = may_be_sent(type) ? type : "application/octet-stream",
		.fields = {{"x-content-type-options", "nosniff"}}};
	ash_answer_bytes(call, head, (freshet_str){a->bytes, a->len});
}

void ash_attachments_delete(struct ash_call *call)
{
	struct ash_attachment *a = find(call);
	if (a == NULL)
		return;
	attachment_free(a);
	ash_answer_nothing(call);
}
