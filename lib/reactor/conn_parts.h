/*
 * What the two files of a connection have in common: connect.c brings it up, conn.c carries exchanges on it and ends it.
 */
#ifndef REACTOR_CONN_PARTS_H
#define REACTOR_CONN_PARTS_H

#include "reactor/conn.h"

/* ---- conn.c ---- */

extern const struct socket_handlers conn_socket_handlers;

/* The last task of a connection: its memory goes. */
void conn_release(struct task *task);

/* The end of a connection that failed, whatever its state. `why` may point into it. */
void conn_die(struct conn *c, const freshet_outcome *why);
void die_of(struct conn *c, freshet_err err, int system_errno, const char *text);
void die_of_tls(struct conn *c);

/* It has something to send when the reactor leaves. */
void mark_dirty(struct conn *c);

/* It is without exchanges from now on, and closes when that lasts. */
void keep(struct conn *c);

/* Writes bytes to the socket; what it does not take is kept. False when the connection has ended over it. */
bool write_out(struct conn *c, const uint8_t *bytes, size_t len);

/* Writes what TLS itself wants to say: handshake, alerts, key updates. False when the connection has ended over it. */
bool write_cipher(struct conn *c);

/* Bytes of the server, decrypted first where there is TLS. */
void read_server_bytes(struct conn *c, const uint8_t *bytes, size_t len);

/* ---- connect.c ---- */

/* Goes on with the TLS handshake; false when there is nothing more to read now. */
bool shake_hands(struct conn *c);

/* Bytes of the proxy, and behind its answer perhaps of the server. */
void read_proxy(struct conn *c, const uint8_t *bytes, size_t len);
void die_of_proxy(struct conn *c, freshet_err err);

#endif
