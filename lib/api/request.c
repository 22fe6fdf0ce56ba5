/*
 * Exported calls of requests: arguments checked, one call down.
 */
#include <freshet/request.h>

#include "base/fields.h"
#include "reactor/request.h"
#include "reactor/upload.h"

void freshet_request_options_init(freshet_request_options *options)
{
	*options = (freshet_request_options){.size = sizeof *options};
}

freshet_err freshet_request_send(
	freshet_endpoint *endpoint, const freshet_request_options *options, freshet_request **out)
{
	freshet_request *request = NULL;
	if (out != NULL)
		*out = NULL;
	if (endpoint == NULL || options == NULL || options->size != sizeof *options)
		return FRESHET_EINVAL;
	if (options->path == NULL || options->on_done == NULL)
		return FRESHET_EINVAL;
	if ((options->header_count > 0 && options->headers == NULL) ||
		(options->body.len > 0 && options->body.ptr == NULL))
		return FRESHET_EINVAL;
	const freshet_body_source *source = &options->source;
	if (source->read == NULL ? source->rewind != NULL || source->has_length : options->body.len > 0)
		return FRESHET_EINVAL;
	freshet_err err = request_send(endpoint, options, &request);
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
