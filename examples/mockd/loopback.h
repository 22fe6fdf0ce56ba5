/*
 * Addresses of this machine itself, the only ones that the emulator leads or posts to.
 */
#ifndef MOCKD_LOOPBACK_H
#define MOCKD_LOOPBACK_H

#include <stdbool.h>
#include <sys/socket.h>

/* Reads "127.0.0.1:1", "[::1]:1" or "localhost:1". False when it is no such address, or no port, or elsewhere. */
bool loopback_read(const char *text, struct sockaddr_storage *address, socklen_t *len);

#endif
