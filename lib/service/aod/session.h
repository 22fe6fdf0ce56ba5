/*
 * Calls on sessions with a deadline of their own, for runs. 0 is the client's.
 */
#ifndef AOD_SESSION_H
#define AOD_SESSION_H

#include <freshet/aod.h>

freshet_err session_create_within(freshet_aod *client, const freshet_aod_create_options *options, uint64_t deadline_ms,
	freshet_aod_ack_fn *done, void *user, freshet_aod_call **out);
freshet_err session_get_within(freshet_aod *client, freshet_str id, uint64_t deadline_ms, freshet_aod_session_fn *done,
	void *user, freshet_aod_call **out);

#endif
