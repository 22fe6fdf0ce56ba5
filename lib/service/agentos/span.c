/*
 * Spans: two events, or one control at the end, or nothing but the tokens that they count.
 */
#include "client.h"
#include "report.h"

#include "guest/clock.h"

/* ---- members ---- */

static freshet_str name_of(const struct agentos_open *span)
{
	return (freshet_str){span->text, span->name_len};
}

static freshet_str kind_of(const struct agentos_open *span)
{
	return (freshet_str){span->text + span->name_len, span->kind_len};
}

static freshet_str attributes_of(const struct agentos_open *span)
{
	return (freshet_str){span->text + span->name_len + span->kind_len, span->attributes_len};
}

static void put_time(freshet_json_writer *writer, const char *name, int64_t wall_ms)
{
	char time[GUEST_TIME_SIZE];
	guest_time_write(wall_ms, time);
	guest_write(writer, name, freshet_str_of(time));
}

static void put_ids(freshet_json_writer *writer, const struct agentos_open *span)
{
	agentos_write_json(writer, "span_id", freshet_str_of(span->id));
	agentos_write_json(writer, "parent_span_id", freshet_str_of(span->parent));
}

static void put_what(freshet_json_writer *writer, const struct agentos_open *span)
{
	guest_write(writer, "name", name_of(span));
	guest_write(writer, "kind", kind_of(span));
}

static void put_attributes(freshet_json_writer *writer, const struct agentos_open *span)
{
	freshet_str attributes = attributes_of(span);
	agentos_write_json(writer, "attributes", attributes.len > 0 ? attributes : freshet_str_of("{}"));
}

static void put_status(freshet_json_writer *writer, const freshet_agentos_span_result *result)
{
	guest_write(writer, "status", freshet_str_of(result->failed ? "error" : "ok"));
	guest_write_filled(writer, "error", result->error);
}

/* ---- start ---- */

static freshet_err report_start(freshet_agentos_run *run, const struct agentos_open *span)
{
	if (run->client->options.span_mode != FRESHET_AGENTOS_SPANS_EVENTS)
		return FRESHET_OK;
	freshet_json_writer *writer =
		agentos_event_begin(run, freshet_str_of("span.started"), FRESHET_AGENTOS_LEVEL_INFO);
	freshet_json_write_object(writer);
	put_ids(writer, span);
	put_what(writer, span);
	put_attributes(writer, span);
	freshet_json_write_end(writer);
	return agentos_event_end(run, FRESHET_OK);
}

/* What is not reported at once is checked all the same. */
static freshet_err check(freshet_agentos_run *run, freshet_str name, const freshet_agentos_span_options *o)
{
	freshet_json_value attributes;
	freshet_err err = agentos_run_is_open(run);
	if (err != FRESHET_OK)
		return err;
	if (name.len == 0 || (o->kind != NULL && *o->kind == '\0'))
		return FRESHET_EINVAL;
	if (o->parent.number != 0 && agentos_open_find(run, o->parent.number, true) == NULL)
		return FRESHET_ESTATE;
	if (o->attributes.len == 0)
		return FRESHET_OK;
	err = freshet_json_read(o->attributes, &attributes, NULL);
	if (err != FRESHET_OK)
		return err;
	if (name.len + o->attributes.len > run->client->options.max_request_bytes - AGENTOS_AROUND)
		return FRESHET_EJSON_SIZE;
	return attributes.type == FRESHET_JSON_OBJECT ? FRESHET_OK : FRESHET_EINVAL;
}

static freshet_err start(
	freshet_agentos_run *run, freshet_str name, const freshet_agentos_span_options *o, freshet_agentos_span *out)
{
	const struct agentos_opening opening = {
		true, name, freshet_str_of(o->kind != NULL ? o->kind : "step"), o->attributes};
	struct agentos_open *span;
	freshet_err err = check(run, name, o);
	if (err == FRESHET_OK)
		err = agentos_open_new(run, &opening, &span);
	if (err != FRESHET_OK)
		return err;
	const struct agentos_open *parent = agentos_open_find(run, o->parent.number, true);
	memcpy(span->parent, parent != NULL ? parent->id : "null", parent != NULL ? sizeof span->parent : 5);
	err = report_start(run, span);
	if (err != FRESHET_OK)
		agentos_open_drop(run, span);
	else
		out->number = span->number;
	return err;
}

freshet_err freshet_agentos_span_start(freshet_agentos_run *run, freshet_str name,
	const freshet_agentos_span_options *options, freshet_agentos_span *out)
{
	freshet_agentos_span_options o;
	freshet_agentos_span_options_init(&o);
	out->number = 0;
	if (options != NULL && !guest_options(&o, sizeof o, options))
		return agentos_refused(run->client, FRESHET_EINVAL);
	return agentos_refused(run->client, start(run, name, &o, out));
}

/* ---- end ---- */

static freshet_err report_event(
	freshet_agentos_run *run, const struct agentos_open *span, const freshet_agentos_span_result *result)
{
	freshet_json_writer *writer = agentos_event_begin(run, freshet_str_of("span.ended"),
		result->failed ? FRESHET_AGENTOS_LEVEL_ERROR : FRESHET_AGENTOS_LEVEL_INFO);
	freshet_json_write_object(writer);
	put_ids(writer, span);
	put_status(writer, result);
	freshet_json_write_key(writer, "duration_ms");
	freshet_json_write_uint64(writer, guest_now_ms() - span->started_ms);
	freshet_err err = agentos_write_usage(writer, result->usage);
	freshet_json_write_end(writer);
	return agentos_event_end(run, err);
}

/* Both counts are there, also when they are 0. */
static freshet_err put_usage(freshet_json_writer *writer, const freshet_agentos_usage *given)
{
	freshet_agentos_usage usage = given != NULL ? *given : (freshet_agentos_usage){.others = {NULL, 0}};
	usage.has_input_tokens = usage.has_output_tokens = true;
	freshet_json_write_key(writer, "usage");
	freshet_json_write_object(writer);
	freshet_err err = agentos_write_usage(writer, &usage);
	freshet_json_write_end(writer);
	return err;
}

static freshet_err report_whole(
	freshet_agentos_run *run, const struct agentos_open *span, const freshet_agentos_span_result *result)
{
	freshet_json_writer *writer = agentos_write(run->client);
	freshet_json_write_object(writer);
	freshet_json_write_key(writer, "spans");
	freshet_json_write_array(writer);
	freshet_json_write_object(writer);
	put_ids(writer, span);
	put_what(writer, span);
	put_time(writer, "started_at", span->started_at);
	put_time(writer, "ended_at", guest_wall_ms());
	put_status(writer, result);
	put_attributes(writer, span);
	freshet_err err = put_usage(writer, result->usage);
	for (int i = 0; i < 3; i++)
		freshet_json_write_end(writer);
	return err == FRESHET_OK ? agentos_control_put(run, CONTROL_SPAN, ROUTE_spans, NULL, false) : err;
}

static freshet_err end(freshet_agentos_run *run, freshet_agentos_span span, const freshet_agentos_span_result *result)
{
	freshet_err err = agentos_run_is_open(run);
	struct agentos_open *open = agentos_open_find(run, span.number, true);
	if (err == FRESHET_OK && open == NULL)
		err = FRESHET_ESTATE;
	if (err != FRESHET_OK)
		return err;
	switch (run->client->options.span_mode) {
	case FRESHET_AGENTOS_SPANS_EVENTS: err = report_event(run, open, result); break;
	case FRESHET_AGENTOS_SPANS_ENDPOINT: err = report_whole(run, open, result); break;
	case FRESHET_AGENTOS_SPANS_OFF: break;
	}
	if (err != FRESHET_OK)
		return err;
	agentos_count_usage(run, result->usage);
	agentos_open_end(run, open);
	return FRESHET_OK;
}

freshet_err freshet_agentos_span_end(
	freshet_agentos_run *run, freshet_agentos_span span, const freshet_agentos_span_result *result)
{
	freshet_agentos_span_result r;
	freshet_agentos_span_result_init(&r);
	if (result != NULL && !guest_options(&r, sizeof r, result))
		return agentos_refused(run->client, FRESHET_EINVAL);
	return agentos_refused(run->client, end(run, span, &r));
}
