/*
 * Happy path: the transport brought a 2xx, its envelope has data and no error. Everything else becomes a typed error: the
 * status decides the code, the envelope brings the words, and a 2xx that holds an error is one all the same.
 */
#include "failure.h"

/* The code that an error inside a 2xx has. */
#define ERROR_INSIDE FRESHET_EBAD_ANSWER

freshet_agentos_class freshet_agentos_class_of(freshet_err err)
{
	bool json = err <= FRESHET_EJSON_SYNTAX && err >= FRESHET_EJSON_SIZE;
	if (err == FRESHET_EAUTH)
		return FRESHET_AGENTOS_AUTH;
	if (err == FRESHET_EVALIDATION || err == FRESHET_EINVAL || json)
		return FRESHET_AGENTOS_VALIDATION;
	return err == FRESHET_ERATE_LIMIT ? FRESHET_AGENTOS_RATE_LIMIT : FRESHET_AGENTOS_GENERAL;
}

/* The key as the host knows it. */
static freshet_str bare(const struct agentos_key *key)
{
	static const size_t scheme = sizeof "Bearer " - 1;
	return key->field != NULL ? freshet_str_of(key->field + scheme) : (freshet_str){NULL, 0};
}

/* The words, and the details unless the server quoted a secret in them. */
static void read_failure(freshet_agentos *client, const struct guest_secrets *secrets, const freshet_response *response,
	const freshet_json_value *details, struct agentos_answer *answer)
{
	const freshet_str keys[] = {bare(&client->api_key), bare(&client->workspace_key)};
	const struct guest_words words = {client->names.words, &client->scratch.json, {keys, 2, secrets}};
	guest_failure_init(&answer->failure.base, &response->outcome, response->body, &words);
	if (!guest_absent(details) && !guest_secrets_told(&words.secrets, details->raw, words.scratch))
		answer->failure.error.details = details->raw;
}

/* Copies what the base has into the public error. */
static void publish(freshet_agentos *client, size_t route, struct agentos_failure *failure)
{
	freshet_agentos_error *e = &failure->error;
	e->outcome = failure->base.outcome;
	e->message = failure->base.message;
	e->code = failure->base.code;
	e->key = guest_route_key(&client->guest.routes, route);
}

/* What the transport met, and no hook's own refusal. */
static bool is_transport(const freshet_response *response)
{
	freshet_err err = response->outcome.err;
	int status = response->status;
	if (err == FRESHET_OK)
		return status == 408 || status >= 500;
	return err == FRESHET_ENOMEM || (err <= FRESHET_EDEADLINE && err >= FRESHET_EHTTP_CODING);
}

/* The status says that it failed, or nothing came. */
static void refuse(
	freshet_agentos *client, size_t route, const freshet_response *response, struct agentos_answer *answer)
{
	freshet_agentos_error *e = &answer->failure.error;
	publish(client, route, &answer->failure);
	e->transport = is_transport(response);
	if (response->outcome.err == FRESHET_OK)
		e->error_class = freshet_agentos_class_of(e->outcome.err);
}

/* A 2xx that holds an error. */
static void refuse_inside(freshet_agentos *client, size_t route, struct agentos_answer *answer)
{
	guest_failure_set(&answer->failure.base, ERROR_INSIDE);
	publish(client, route, &answer->failure);
	answer->failure.error.protocol = true;
	answer->again = guest_names_have(client->names.retry_codes, answer->failure.error.code);
	answer->good = false;
}

void agentos_answer_read(freshet_agentos *client, size_t route, const struct guest_secrets *secrets,
	const freshet_response *response, struct agentos_answer *answer)
{
	freshet_json_value v[ENVELOPE_FIELDS] = {{0}};
	memset(answer, 0, sizeof *answer);
	guest_scratch_begin(&client->scratch, response->body.len);
	answer->good = response->outcome.err == FRESHET_OK && response->status >= 200 && response->status < 300;
	bool json = guest_fields_pick(client->names.envelope, response->body, v, NULL) == FRESHET_OK;
	bool inside = answer->good && json && !guest_absent(&v[ENVELOPE_ERROR]);
	if (!answer->good || inside)
		read_failure(client, secrets, response, &v[ENVELOPE_DETAILS], answer);
	if (inside)
		refuse_inside(client, route, answer);
	else if (!answer->good)
		refuse(client, route, response, answer);
	answer->has_data = answer->good && json;
	if (!answer->has_data)
		return;
	answer->data = v[ENVELOPE_DATA];
	if (answer->data.type == FRESHET_JSON_MISSING && v[ENVELOPE_ERROR].type == FRESHET_JSON_MISSING)
		(void)freshet_json_read(response->body, &answer->data, NULL);
}

void agentos_answer_spoil(freshet_agentos *client, size_t route, const freshet_response *response, freshet_err err,
	struct agentos_answer *answer)
{
	guest_failure_unreadable(&answer->failure.base, &response->outcome, err, 0);
	publish(client, route, &answer->failure);
	answer->failure.error.protocol = true;
	answer->good = false;
}

void agentos_failure_plain(struct agentos_failure *failure, freshet_err err, const char *key, const char *text)
{
	freshet_agentos_error *e = &failure->error;
	memset(failure, 0, sizeof *failure);
	e->outcome.err = err;
	e->outcome.text = guest_line(failure->base.text, "%s", text);
	e->error_class = freshet_agentos_class_of(err);
	e->key = key;
}
