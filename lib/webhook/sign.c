/*
 * The other side: what a sender puts beside a body, so that a receiver with the same options takes it.
 */
#include "receiver.h"

#include "guest/base64.h"

static void put_hex(struct guest_text *to, const uint8_t mac[MAC_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < MAC_SIZE; i++) {
		const char pair[] = {digits[mac[i] >> 4], digits[mac[i] & 15]};
		guest_text_add(to, pair, sizeof pair);
	}
}

static void put_base64(struct guest_text *to, const uint8_t mac[MAC_SIZE])
{
	char text[(MAC_SIZE + 2) / 3 * 4];
	guest_base64((freshet_str){(const char *)mac, MAC_SIZE}, text);
	guest_text_add(to, text, sizeof text);
}

static void add_header(freshet_webhook_signature *s, const char *name, const struct guest_text *value)
{
	s->headers[s->header_count++] = (freshet_header){freshet_str_of(name), guest_text_get(value), false};
}

freshet_err freshet_webhook_sign(freshet_webhook *w, freshet_str body, freshet_webhook_signature *out)
{
	bool stamped = w->o.signed_text == FRESHET_WEBHOOK_SIGNED_TIMESTAMP_BODY;
	uint8_t mac[MAC_SIZE];
	memset(out, 0, sizeof *out);
	if (w->key_count == 0)
		return FRESHET_ESTATE;
	guest_text_reset(&w->timestamp);
	guest_text_reset(&w->signature);
	guest_text_int(&w->timestamp, receiver_now_ms(w) / 1000);
	const freshet_str parts[] = {guest_text_get(&w->timestamp), freshet_str_of("."), body};
	freshet_err err = stamped ? mac_sign(w->keys[0], parts, 3, mac) : mac_sign(w->keys[0], &body, 1, mac);
	if (err != FRESHET_OK)
		return err;
	guest_text_put(&w->signature, w->signature_prefix);
	if (w->o.encoding == FRESHET_WEBHOOK_BASE64)
		put_base64(&w->signature, mac);
	else
		put_hex(&w->signature, mac);
	if (w->timestamp.err != FRESHET_OK || w->signature.err != FRESHET_OK)
		return FRESHET_ENOMEM;
	add_header(out, w->signature_header, &w->signature);
	if (stamped)
		add_header(out, w->timestamp_header, &w->timestamp);
	return FRESHET_OK;
}
