/*
 * Who the client is: a header of every request, or a token that a key buys and that must be bought anew.
 */
#ifndef SUDOIQ_AUTH_H
#define SUDOIQ_AUTH_H

#include "guest/call.h"

#include <freshet/sudoiq.h>

struct sudoiq_auth {
	freshet_sudoiq_auth mode;
	char *header_name; /* of the key or the cookie; NULL with a token */
	char *header;      /* the value: a secret */
	char *key;         /* with TOKEN_EXCHANGE */
	size_t secret;     /* where in the header the key or the cookie itself begins */
	char *token;       /* "Bearer ..."; NULL: none yet */
	uint64_t version;  /* counts tokens */
	uint64_t renew_at_ms;
	struct guest_call call; /* that buys one */
	bool buying;
	freshet_err failed; /* could not even ask: told in the next turn */
};

/* FRESHET_EAUTH (no key), FRESHET_EINVAL, FRESHET_ENOMEM; what was taken is given back by sudoiq_auth_clear. */
freshet_err sudoiq_auth_init(struct sudoiq_auth *auth, const freshet_sudoiq_options *options);

void sudoiq_auth_clear(struct sudoiq_auth *auth);

/* For the endpoint: the header that every request carries; false with a token. */
bool sudoiq_auth_header(const struct sudoiq_auth *auth, freshet_header *header);

#define SUDOIQ_SECRETS 3

/* What no text may show; returns how many. They live until the credentials change. */
size_t sudoiq_auth_secrets(const struct sudoiq_auth *auth, freshet_str secrets[SUDOIQ_SECRETS]);

/* guest_auth_fn */
enum guest_auth sudoiq_authorize(
	struct guest *guest, size_t route, const struct guest_credential *refused, struct guest_credential *credential);

/* What could not be asked is told now. From the loop. */
void sudoiq_auth_turn(freshet_sudoiq *client);

#endif
