/*
 * The calls on files of a session, its workspace and its attachments.
 */
#include "call.h"

freshet_err freshet_ash_session_file_list(freshet_ash *client, freshet_str id, bool without_hidden,
	freshet_ash_file_list_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_file_list, id, ASH_NONE);
	if (without_hidden)
		ash_query(&q, "includeHidden", freshet_str_of("false"));
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_file_get(freshet_ash *client, freshet_str id, freshet_str path,
	freshet_ash_bytes_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_file_get, id, path);
	ash_query(&q, "format", freshet_str_of("raw"));
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_file_put(freshet_ash *client, freshet_str id, freshet_str target,
	const freshet_ash_upload *files, size_t file_count, freshet_ash_file_result_fn *done, void *user,
	freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_file_put, id, ASH_NONE);
	ash_need_array(&q, files);
	q.deadline_ms = ASH_LONG_MS;
	ash_body(&q);
	ash_put_str(&q, "targetPath", target);
	ash_put_uploads(&q, "files", files, file_count);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_file_delete(freshet_ash *client, freshet_str id, freshet_str path,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_file_delete, id, path);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_workspace_get(
	freshet_ash *client, freshet_str id, freshet_ash_bytes_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_workspace_get, id, ASH_NONE);
	q.deadline_ms = ASH_LONG_MS;
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_workspace_put(freshet_ash *client, freshet_str id, freshet_str bundle,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_workspace_put, id, ASH_NONE);
	ash_need(&q, bundle);
	q.deadline_ms = ASH_LONG_MS;
	ash_body(&q);
	ash_put_base64(&q, "bundle", bundle);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_attachment_create(freshet_ash *client, freshet_str session_id, freshet_str filename,
	freshet_str bytes, freshet_str mime_type, freshet_str message_id, freshet_ash_attachment_fn *done, void *user,
	freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_attachment_create, session_id, ASH_NONE);
	ash_need(&q, filename);
	ash_need(&q, bytes);
	ash_body(&q);
	ash_put_str(&q, "filename", filename);
	ash_put_base64(&q, "content", bytes);
	ash_put_str(&q, "mimeType", mime_type);
	ash_put_id(&q, "messageId", message_id);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_attachment_list(freshet_ash *client, freshet_str session_id, freshet_ash_attachment_fn *done,
	void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_attachment_list, session_id, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_attachment_get(
	freshet_ash *client, freshet_str id, freshet_ash_bytes_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_attachment_get, id, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_attachment_delete(
	freshet_ash *client, freshet_str id, freshet_ash_done_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_attachment_delete, id, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}
