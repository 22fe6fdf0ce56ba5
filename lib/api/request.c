/*
 * Exported calls of requests: arguments checked, one call down.
 */
#include <freshet/request.h>

#include "base/fields.h"
#include "base/options.h"
#include "reactor/request.h"
#include "reactor/upload.h"

freshet_err freshet_request_send(
	freshet_endpoint *endpoint, const freshet_request_options *options, freshet_request **out)
{
	freshet_request *request = NULL;
	freshet_request_options o;
	if (out != NULL)
		*out = NULL;
	if (endpoint == NULL || options == NULL || !OPTIONS_TAKE(&o, options))
		return FRESHET_EINVAL;
	if (o.path == NULL || o.on_done == NULL)
		return FRESHET_EINVAL;
	if ((o.header_count > 0 && o.headers == NULL) || (o.body.len > 0 && o.body.ptr == NULL))
		return FRESHET_EINVAL;
	if (o.source.read == NULL ? o.source.rewind != NULL || o.source.has_length : o.body.len > 0)
		return FRESHET_EINVAL;
	freshet_err err = request_send(endpoint, &o, &request);
	if (out != NULL)
		*out = request;
	return err;
}

void freshet_request_cancel(freshet_request *request)
{
	request_end(request, FRESHET_ECANCELED);
}

void freshet_request_resume(freshet_request *request)
{
	upload_resume(request);
}

void *freshet_request_user(const freshet_request *request)
{
	return request->user;
}

freshet_str freshet_response_header(const freshet_response *response, const char *name)
{
	return field_find(response->headers, response->header_count, name);
}
