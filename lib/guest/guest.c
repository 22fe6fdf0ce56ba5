/*
 * Happy path: a client is made with its endpoint, sends calls, is closed: what is in flight is told by the endpoint, what
 * only waits is told by the timer `soon`, and when the endpoint has gone nothing of it is left.
 *
 * Closing: the endpoint may also go because its reactor does; then guest_end tells what waits.
 */
#include "guest.h"

#include "call.h"
#include "clock.h"

static void ending_is_due(freshet_timer *timer, void *user)
{
	struct guest *guest = user;
	(void)timer;
	guest_calls_end(guest);
}

freshet_err guest_begin(struct guest *guest, freshet_endpoint *endpoint)
{
	guest->endpoint = endpoint;
	guest->clock = guest_now_ms;
	guest_ring_init(&guest->calls);
	guest_ring_init(&guest->ending);
	freshet_err err = guest_random_bytes(&guest->random, sizeof guest->random);
	if (err != FRESHET_OK)
		return err;
	return freshet_timer_new(freshet_endpoint_reactor(endpoint), ending_is_due, guest, &guest->soon);
}

void guest_close(struct guest *guest)
{
	guest->closing = true;
	guest_calls_cancel(guest);
	freshet_endpoint_close(guest->endpoint);
}

void guest_end(struct guest *guest)
{
	guest->closing = true;
	if (guest->endpoint != NULL) {
		guest_calls_cancel(guest);
		guest_calls_end(guest);
	}
	freshet_timer_free(guest->soon);
	guest->soon = NULL;
	guest_routes_clear(&guest->routes);
	freshet_mem_free(guest->idempotency_header);
	guest->idempotency_header = NULL;
}

/* ---- what goes out ---- */

static void add_field(struct guest_outgoing *out, const char *name, freshet_str value)
{
	if (name != NULL && *name != '\0' && value.len > 0)
		out->fields[out->request.header_count++] = (freshet_header){freshet_str_of(name), value, false};
}

freshet_err guest_outgoing(struct guest *guest, const struct guest_draft *draft,
	const struct guest_credential *credential, uint32_t attempt, struct guest_outgoing *out)
{
	if (draft->header_count > GUEST_HEADERS_MAX)
		return FRESHET_EINVAL;
	out->request = (freshet_outgoing){
		.key = guest_route_key(&guest->routes, draft->route),
		.method = guest_route_method(&guest->routes, draft->route),
		.path = draft->path,
		.headers = out->fields,
		.body = draft->body,
		.attempt = attempt,
	};
	if (draft->body.len > 0)
		add_field(out, "content-type", freshet_str_of("application/json"));
	add_field(out, "accept", freshet_str_of(draft->accept != NULL ? draft->accept : "application/json"));
	add_field(out, guest->idempotency_header, freshet_str_of(draft->idempotency_key));
	if (credential != NULL && credential->field.name.len > 0)
		out->fields[out->request.header_count++] = credential->field;
	for (size_t i = 0; i < draft->header_count; i++)
		out->fields[out->request.header_count++] = draft->headers[i];
	return guest->request_hook != NULL ? guest->request_hook(&out->request, guest->hook_user) : FRESHET_OK;
}

freshet_err guest_incoming(struct guest *guest, size_t route, freshet_incoming *answer)
{
	answer->key = guest_route_key(&guest->routes, route);
	return guest->response_hook != NULL ? guest->response_hook(answer, guest->hook_user) : FRESHET_OK;
}
