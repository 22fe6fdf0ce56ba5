/*
 * The shape of every struct that the service answers with.
 */
#ifndef ASH_SHAPES_H
#define ASH_SHAPES_H

#include "reading.h"

extern const struct ash_shape ash_agent_shape, ash_session_shape, ash_message_shape, ash_record_shape,
	ash_attachment_shape, ash_queue_item_shape, ash_queue_stats_shape, ash_credential_shape, ash_api_key_shape,
	ash_usage_event_shape, ash_usage_stats_shape, ash_analytics_shape, ash_version_shape, ash_eval_case_shape,
	ash_eval_run_shape, ash_eval_result_shape, ash_eval_comparison_shape, ash_file_list_shape,
	ash_file_result_shape, ash_log_shape, ash_exec_result_shape, ash_health_shape;

/* The words of the service that become enum values. Every set is open: an unknown word is value 0. */
freshet_ash_status ash_status_of(freshet_str name);
freshet_ash_record_type ash_record_type_of(freshet_str name);

#endif
