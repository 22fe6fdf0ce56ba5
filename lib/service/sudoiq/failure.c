#include "failure.h"

static void set_error(struct sudoiq_failure *failure)
{
	failure->error.outcome = failure->base.outcome;
	failure->error.code = failure->base.code;
	failure->error.message = failure->base.message;
}

void sudoiq_failure_init(struct sudoiq_failure *failure, freshet_sudoiq *client, const struct guest_secrets *secrets,
	const freshet_outcome *outcome, freshet_str body)
{
	freshet_str own[SUDOIQ_SECRETS];
	const struct guest_words words = {
		.fields = client->names.failure,
		.scratch = guest_scratch_begin(&client->scratch, body.len),
		.secrets = {own, sudoiq_auth_secrets(&client->auth, own), secrets},
	};
	guest_failure_init(&failure->base, outcome, body, &words);
	set_error(failure);
}

void sudoiq_failure_of_response(
	struct sudoiq_failure *failure, freshet_sudoiq *client, const freshet_response *response)
{
	sudoiq_failure_init(failure, client, NULL, &response->outcome, response->body);
}

void sudoiq_failure_unreadable(
	struct sudoiq_failure *failure, const freshet_outcome *outcome, freshet_err err, size_t position)
{
	guest_failure_unreadable(&failure->base, outcome, err, position);
	set_error(failure);
}

void sudoiq_failure_plain(struct sudoiq_failure *failure, freshet_err err, const char *text)
{
	memset(failure, 0, sizeof *failure);
	failure->error.outcome.err = err;
	failure->error.outcome.text = freshet_str_of(text != NULL ? text : freshet_err_text(err));
}

struct sudoiq_kept *sudoiq_failure_keep(const freshet_sudoiq_error *error)
{
	size_t size = error->outcome.text.len + error->code.len + error->message.len;
	struct sudoiq_kept *kept = freshet_mem_new(1, sizeof *kept + size);
	if (kept == NULL)
		return NULL;
	char *at = (char *)(kept + 1);
	kept->error = *error;
	kept->error.outcome.content_type = (freshet_str){NULL, 0};
	kept->error.outcome.location = (freshet_str){NULL, 0};
	kept->error.outcome.body = (freshet_str){NULL, 0};
	kept->error.outcome.text = guest_put(&at, kept->error.outcome.text);
	kept->error.code = guest_put(&at, kept->error.code);
	kept->error.message = guest_put(&at, kept->error.message);
	return kept;
}
