/*
 * A healthy stream beside one that meets something bad. It has half of its events before the bad thing comes and gets
 * the other half after it, and must have all of them in the end.
 */
#ifndef SUPPORT_NEIGHBOUR_H
#define SUPPORT_NEIGHBOUR_H

#include "support/client.h"
#include "support/peer.h"

struct neighbour {
	struct golden golden;
	struct peer *peer; /* NULL: it lives on somebody else's connection */
	struct follower follower;
	struct client *client;
};

/* On a peer of its own: waits until the first half was seen. */
void neighbour_start(struct neighbour *n, struct client *client);

/* On an endpoint of the test's, whose peer serves it: prepared before the peer starts. */
void neighbour_prepare(struct neighbour *n);
void neighbour_start_on(struct neighbour *n, struct client *client, freshet_endpoint *e);

/* For the script of that peer: the request and the first half; later, the other half and the end. */
uint32_t neighbour_serve_first(struct neighbour *n, struct peer_conn *c);
void neighbour_serve_rest(struct neighbour *n, struct peer_conn *c, uint32_t stream);

/* Lets the other half come (`peer` NULL: from its own), waits for its end, fails unless everything was seen. */
void neighbour_finish(struct neighbour *n, struct peer *peer);

#endif
