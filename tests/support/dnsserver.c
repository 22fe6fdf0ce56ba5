#include "support/dnsserver.h"

#include "support/test.h"

#include <arpa/inet.h>
#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Adds the addresses of one question; false when the name does not exist. */
static bool answer(
	struct dnsserver *s, struct evdns_server_request *request, const struct evdns_server_question *question)
{
	bool v6 = question->type == EVDNS_TYPE_AAAA;
	s->questions++;
	s->v6_questions += v6;
	if (s->name == NULL || strcasecmp(question->name, s->name) != 0)
		return false;
	const char *const *texts = v6 ? s->v6 : s->v4;
	for (size_t i = 0; texts[i] != NULL && (v6 || question->type == EVDNS_TYPE_A); i++) {
		uint8_t address[16];
		assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, texts[i], address), 1);
		if (v6)
			evdns_server_request_add_aaaa_reply(request, question->name, 1, address, 60);
		else
			evdns_server_request_add_a_reply(request, question->name, 1, address, 60);
	}
	return true;
}

static void asked(struct evdns_server_request *request, void *user)
{
	struct dnsserver *s = user;
	bool known = true;
	for (int i = 0; i < request->nquestions; i++)
		known &= answer(s, request, request->questions[i]);
	if (s->silent)
		evdns_server_request_drop(request);
	else
		evdns_server_request_respond(request, known ? DNS_ERR_NONE : DNS_ERR_NOTEXIST);
}

void dnsserver_open(struct dnsserver *s, struct event_base *base)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr *any = (struct sockaddr *)(void *)&address;
	socklen_t size = sizeof address;
	*s = (struct dnsserver){.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
	assert_true(s->fd >= 0);
	assert_int_equal(bind(s->fd, any, sizeof address), 0);
	assert_int_equal(getsockname(s->fd, any, &size), 0);
	snprintf(s->address, sizeof s->address, "127.0.0.1:%u", ntohs(address.sin_port));
	s->port = evdns_add_server_port_with_base(base, s->fd, 0, asked, s);
	assert_non_null(s->port);
}

void dnsserver_close(struct dnsserver *s)
{
	evdns_close_server_port(s->port);
	close(s->fd);
}
