/*
 * One thread answers. RFC 1035, section 4: a header of twelve bytes, the question as it came, then the answers, whose
 * name is a pointer back to the question's.
 */
#include "support/nameserver.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_SIZE 12

enum { TYPE_A = 1, CODE_SERVFAIL = 2, CODE_NXDOMAIN = 3, CODE_REFUSED = 5 };

struct nameserver {
	pthread_t thread;
	int fd;
	char address[32];
};

struct message {
	uint8_t bytes[1024];
	size_t len;
};

static void put_uint16(struct message *m, unsigned value)
{
	m->bytes[m->len++] = (uint8_t)(value >> 8);
	m->bytes[m->len++] = (uint8_t)value;
}

/* The beginning of the answer to a question, as long as `question_len`. */
static void begin_answer(
	struct message *m, const struct message *query, size_t question_len, unsigned code, size_t count)
{
	memcpy(m->bytes, query->bytes, HEADER_SIZE + question_len);
	m->len = 2;
	put_uint16(m, 0x8180 | code); /* a response, recursion wanted and available */
	put_uint16(m, 1);
	put_uint16(m, (unsigned)count);
	put_uint16(m, 0);
	put_uint16(m, 0);
	m->len = HEADER_SIZE + question_len;
}

static void add_address(struct message *m, uint32_t address)
{
	put_uint16(m, 0xc000 | HEADER_SIZE);
	put_uint16(m, TYPE_A);
	put_uint16(m, 1); /* IN */
	put_uint16(m, 0);
	put_uint16(m, 60); /* seconds to live */
	put_uint16(m, 4);
	put_uint16(m, address >> 16);
	put_uint16(m, address & 0xffff);
}

/* The addresses of a name; how many. */
static size_t addresses_of(const char *label, uint32_t out[64])
{
	size_t count = 0;
	if (strcmp(label, "several") == 0 || strcmp(label, "elsewhere") == 0) {
		out[count++] = 0x7f000009;
		out[count++] = 0x7f000008;
	}
	if (strcmp(label, "several") == 0 || strcmp(label, "one") == 0 || strcmp(label, "late") == 0)
		out[count++] = 0x7f000001;
	for (uint32_t i = 0; strcmp(label, "many") == 0 && i < 40; i++)
		out[count++] = 0x7f000701 + i;
	return count;
}

static unsigned code_of(const char *label)
{
	if (strcmp(label, "nxdomain") == 0)
		return CODE_NXDOMAIN;
	if (strcmp(label, "servfail") == 0)
		return CODE_SERVFAIL;
	return strcmp(label, "refused") == 0 ? CODE_REFUSED : 0;
}

struct client_address {
	struct sockaddr_in sin;
	socklen_t size;
};

static void send_to(struct nameserver *n, const struct message *m, const struct client_address *to)
{
	sendto(n->fd, m->bytes, m->len, 0, (const struct sockaddr *)&to->sin, to->size);
}

/* Answers that are none. */
static void send_nonsense(struct nameserver *n, const char *label, const struct message *query, size_t question_len,
	const struct client_address *to)
{
	struct message m = {.len = 0};
	begin_answer(&m, query, question_len, 0, 1);
	if (strcmp(label, "garbage") == 0) {
		memset(m.bytes, 0xa5, m.len);
	} else if (strcmp(label, "short") == 0) {
		m.len = HEADER_SIZE + 3;
	} else if (strcmp(label, "pointer") == 0) {
		put_uint16(&m, 0xc000 | (unsigned)m.len);
		put_uint16(&m, TYPE_A);
	} else {
		add_address(&m, 0x7f000001);
		m.bytes[0] ^= 0xff;
	}
	send_to(n, &m, to);
}

static bool is_nonsense(const char *label)
{
	static const char *const labels[] = {"garbage", "short", "pointer", "stranger", "late"};
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
		if (strcmp(label, labels[i]) == 0)
			return true;
	return false;
}

static void answer(struct nameserver *n, const struct message *query, const struct client_address *to)
{
	char label[64];
	uint32_t addresses[64];
	const uint8_t *name = query->bytes + HEADER_SIZE;
	size_t left = query->len - HEADER_SIZE;
	size_t name_len = strnlen((const char *)name, left);
	if (name_len + 5 > left || name[0] >= sizeof label || name[0] > name_len)
		return;
	memcpy(label, name + 1, name[0]);
	label[name[0]] = '\0';
	size_t question_len = name_len + 5;
	unsigned type = (unsigned)name[name_len + 1] << 8 | name[name_len + 2];
	if (is_nonsense(label))
		send_nonsense(n, label, query, question_len, to);
	if (strcmp(label, "silent") == 0 || (is_nonsense(label) && strcmp(label, "late") != 0))
		return;
	struct message m = {.len = 0};
	size_t count = type == TYPE_A ? addresses_of(label, addresses) : 0;
	begin_answer(&m, query, question_len, code_of(label), count);
	for (size_t i = 0; i < count; i++)
		add_address(&m, addresses[i]);
	send_to(n, &m, to);
}

static void *run(void *user)
{
	struct nameserver *n = user;
	for (;;) {
		struct message query;
		struct client_address from = {.size = sizeof from.sin};
		ssize_t len =
			recvfrom(n->fd, query.bytes, sizeof query.bytes, 0, (struct sockaddr *)&from.sin, &from.size);
		if (len <= 0)
			return NULL;
		query.len = (size_t)len;
		if (query.len > HEADER_SIZE && query.len < 512)
			answer(n, &query, &from);
	}
}

struct nameserver *nameserver_start(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof address;
	struct nameserver *n = calloc(1, sizeof *n);
	if (n == NULL || (n->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0 ||
		bind(n->fd, (struct sockaddr *)&address, size) != 0 ||
		getsockname(n->fd, (struct sockaddr *)&address, &size) != 0)
		abort();
	snprintf(n->address, sizeof n->address, "127.0.0.1:%u", ntohs(address.sin_port));
	if (pthread_create(&n->thread, NULL, run, n) != 0)
		abort();
	return n;
}

void nameserver_stop(struct nameserver *n)
{
	shutdown(n->fd, SHUT_RDWR);
	pthread_join(n->thread, NULL);
	close(n->fd);
	free(n);
}

const char *nameserver_address(const struct nameserver *n)
{
	return n->address;
}
