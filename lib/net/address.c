/*
 * Names become addresses. Numbers need no lookup and are answered on a later turn like the rest, so that the caller has
 * one way to go. Names go through libevent's resolver, which reads the hosts file and asks the name server itself. Who asks
 * for a name while the answer for another is on its way waits for the same one: a thousand dials to a host that has just
 * come back are one question.
 *
 * Failures come through `done`. A question that everybody has cancelled while libevent has it lives on until libevent calls
 * back: it cannot be taken back at once. libevent's resolver lives on with it, even when the loop's owner goes.
 */
#include "net/address.h"

#include "base/list.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdio.h>

/* Longer ones are no names of hosts. */
#define NAME_SIZE 256
/* Thousands of names may be asked for at once: each is looked for among those of one list. */
#define QUESTION_LISTS 64

/* libevent's resolver and what it is asked. */
struct resolver {
	struct evdns_base *dns;
	struct loop *loop;                     /* NULL: gone; the last question takes the resolver with it */
	struct list questions[QUESTION_LISTS]; /* by name */
	size_t busy;                           /* questions that libevent has, cancelled ones included */
};

/* One name, and everybody who waits for its addresses. */
struct question {
	struct list node; /* of the resolver; in no list when nobody may join it any more */
	struct resolver *resolver;
	struct evdns_getaddrinfo_request *request;
	struct list lookups;
	bool starting; /* libevent may answer before its call returns */
	bool answered;
	char name[NAME_SIZE];
};

struct address_lookup {
	struct list node;          /* of its question */
	struct question *question; /* NULL: nobody has to be asked, or not any more */
	address_done_fn *done;
	void *user;
	struct event *soon; /* for answers that need no resolver */
	struct address_list list;
	uint16_t port;
	char text[96];
};

static void lookup_free(struct address_lookup *lookup)
{
	list_remove(&lookup->node);
	if (lookup->soon != NULL)
		event_free(lookup->soon);
	mem_free(lookup);
}

static void report(struct address_lookup *lookup)
{
	address_done_fn *done = lookup->done;
	void *user = lookup->user;
	struct address_list list = lookup->list;
	char text[sizeof lookup->text];
	memcpy(text, lookup->text, sizeof text);
	lookup_free(lookup);
	done(list.count > 0 ? &list : NULL, text, user);
}

static void answer_came(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	report(user);
}

static void add(struct address_list *list, const struct sockaddr *sa, uint16_t port)
{
	if (list->count == ADDRESS_MAX)
		return;
	union address *a = &list->items[list->count];
	if (sa->sa_family == AF_INET) {
		memcpy(&a->v4, sa, sizeof a->v4);
		a->v4.sin_port = htons(port);
		list->count++;
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&a->v6, sa, sizeof a->v6);
		a->v6.sin6_port = htons(port);
		list->count++;
	}
}

static void add_family(
	struct address_list *list, const struct evutil_addrinfo *ai, int family, size_t skip, uint16_t port)
{
	for (; ai != NULL; ai = ai->ai_next) {
		if (ai->ai_family != family || skip-- > 0)
			continue;
		add(list, ai->ai_addr, port);
		return;
	}
}

static void alternate(struct address_list *list, const struct evutil_addrinfo *ai, uint16_t port)
{
	for (size_t i = 0; i < ADDRESS_MAX / 2; i++) {
		add_family(list, ai, AF_INET6, i, port);
		add_family(list, ai, AF_INET, i, port);
	}
}

static void resolver_free(struct resolver *resolver)
{
	evdns_base_free(resolver->dns, 0);
	mem_free(resolver);
}

/* One question less. Who closes the reactor waits for the last one. */
static void resolver_release(struct resolver *resolver)
{
	if (--resolver->busy > 0)
		return;
	if (resolver->loop == NULL)
		resolver_free(resolver);
	else
		loop_wake(resolver->loop);
}

static void take_answer(struct address_lookup *lookup, int result, const struct evutil_addrinfo *ai)
{
	list_remove(&lookup->node);
	lookup->question = NULL;
	if (result == 0)
		alternate(&lookup->list, ai, lookup->port);
	else
		snprintf(lookup->text, sizeof lookup->text, "%s", evutil_gai_strerror(result));
}

/*
 * Each of those who are told may cancel others of them, and ask for the name again: that is another question, since this
 * one has left the resolver's list.
 */
static void resolver_answered(int result, struct evutil_addrinfo *ai, void *user)
{
	struct question *q = user;
	list_remove(&q->node);
	q->request = NULL;
	q->answered = true;
	while (!list_empty(&q->lookups)) {
		struct address_lookup *lookup = container_of(q->lookups.next, struct address_lookup, node);
		take_answer(lookup, result, ai);
		if (q->starting)
			event_active(lookup->soon, EV_TIMEOUT, 0);
		else
			report(lookup);
	}
	if (ai != NULL)
		evutil_freeaddrinfo(ai);
	/* Who has called libevent goes on with it. */
	if (q->starting)
		return;
	resolver_release(q->resolver);
	mem_free(q);
}

/* A machine that names no server still has its hosts file, and asks itself (resolv.conf(5)). */
static struct evdns_base *dns_of(struct loop *l, const char *server)
{
	struct evdns_base *dns = evdns_base_new(l->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (dns == NULL)
		return NULL;
	evdns_base_load_hosts(dns, "/etc/hosts");
	if (evdns_base_nameserver_ip_add(dns, server != NULL ? server : "127.0.0.1") == 0)
		return dns;
	evdns_base_free(dns, 0);
	return NULL;
}

static struct evdns_base *dns_new(struct loop *l)
{
	struct evdns_base *dns = NULL;
	if (l->dns_server == NULL)
		dns = evdns_base_new(l->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE | EVDNS_BASE_INITIALIZE_NAMESERVERS);
	if (dns == NULL)
		dns = dns_of(l, l->dns_server);
	if (dns == NULL)
		return NULL;
	evdns_base_set_option(dns, "timeout", "2");
	evdns_base_set_option(dns, "attempts", "2");
	evdns_base_set_option(dns, "randomize-case", "0");
	return dns;
}

/* The loop's; NULL when there is no memory. */
static struct resolver *resolver_of(struct loop *l)
{
	if (l->resolver != NULL)
		return l->resolver;
	struct resolver *resolver = mem_zalloc(sizeof *resolver);
	if (resolver == NULL)
		return NULL;
	resolver->dns = dns_new(l);
	if (resolver->dns == NULL) {
		mem_free(resolver);
		return NULL;
	}
	resolver->loop = l;
	for (size_t i = 0; i < QUESTION_LISTS; i++)
		list_init(&resolver->questions[i]);
	l->resolver = resolver;
	return resolver;
}

void address_forget(struct loop *l)
{
	struct resolver *resolver = l->resolver;
	if (resolver == NULL)
		return;
	l->resolver = NULL;
	resolver->loop = NULL;
	if (resolver->busy == 0)
		resolver_free(resolver);
}

bool address_idle(const struct loop *l)
{
	return l->resolver == NULL || l->resolver->busy == 0;
}

bool address_server_valid(const char *text)
{
	union address a;
	int size = sizeof a;
	return evutil_parse_sockaddr_port(text, &a.any, &size) == 0;
}

/* True when the host needs no lookup: the addresses are then in the list. */
static bool literal(const char *host, uint16_t port, struct address_list *list)
{
	union address a = {0};
	if (inet_pton(AF_INET, host, &a.v4.sin_addr) == 1) {
		a.v4.sin_family = AF_INET;
		add(list, &a.any, port);
		return true;
	}
	if (inet_pton(AF_INET6, host, &a.v6.sin6_addr) == 1) {
		a.v6.sin6_family = AF_INET6;
		add(list, &a.any, port);
		return true;
	}
	return false;
}

/* "localhost" is the loopback address without asking anybody (RFC 6761, section 6.3). */
static bool local(const char *host, uint16_t port, struct address_list *list)
{
	if (evutil_ascii_strcasecmp(host, "localhost") != 0)
		return false;
	union address v6 = {.v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT}};
	union address v4 = {.v4 = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}}};
	add(list, &v6.any, port);
	add(list, &v4.any, port);
	return true;
}

/* The list in which the question for that name is, if there is one: FNV-1a, whatever the case. */
static struct list *list_of(struct resolver *resolver, const char *name)
{
	uint32_t hash = 2166136261u;
	for (const char *c = name; *c != '\0'; c++)
		hash = (hash ^ ((uint8_t)*c | 0x20)) * 16777619u;
	return &resolver->questions[hash % QUESTION_LISTS];
}

/* The question for that name which libevent has already; NULL: none. */
static struct question *question_of(const struct list *questions, const char *name)
{
	list_each (node, questions) {
		struct question *q = container_of(node, struct question, node);
		if (evutil_ascii_strcasecmp(q->name, name) == 0)
			return q;
	}
	return NULL;
}

static void join(struct question *q, struct address_lookup *lookup)
{
	list_push_back(&q->lookups, &lookup->node);
	lookup->question = q;
}

static freshet_err put_question(struct resolver *resolver, struct address_lookup *lookup, const char *name)
{
	const struct evutil_addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = EVUTIL_AI_ADDRCONFIG};
	struct question *q = mem_zalloc(sizeof *q);
	if (q == NULL)
		return FRESHET_ENOMEM;
	q->resolver = resolver;
	list_init(&q->node);
	list_init(&q->lookups);
	snprintf(q->name, sizeof q->name, "%s", name);
	join(q, lookup);
	q->starting = true;
	q->request = evdns_getaddrinfo(resolver->dns, q->name, NULL, &hints, resolver_answered, q);
	q->starting = false;
	/* The answer may have come already. */
	if (q->answered) {
		mem_free(q);
		return FRESHET_OK;
	}
	list_push_back(list_of(resolver, name), &q->node);
	resolver->busy++;
	return FRESHET_OK;
}

static freshet_err ask(struct loop *l, struct address_lookup *lookup, const char *name)
{
	struct resolver *resolver = resolver_of(l);
	if (resolver == NULL)
		return FRESHET_ENOMEM;
	struct question *q = question_of(list_of(resolver, name), name);
	if (q == NULL)
		return put_question(resolver, lookup, name);
	join(q, lookup);
	return FRESHET_OK;
}

static struct address_lookup *lookup_new(struct loop *l, address_done_fn *done, void *user)
{
	struct address_lookup *lookup = mem_zalloc(sizeof *lookup);
	if (lookup == NULL)
		return NULL;
	list_init(&lookup->node);
	lookup->done = done;
	lookup->user = user;
	lookup->soon = event_new(l->base, -1, 0, answer_came, lookup);
	if (lookup->soon != NULL)
		return lookup;
	lookup_free(lookup);
	return NULL;
}

freshet_err address_lookup_start(
	struct loop *l, freshet_str host, uint16_t port, address_done_fn *done, void *user, struct address_lookup **out)
{
	char name[NAME_SIZE];
	*out = NULL;
	if (host.len >= sizeof name)
		return FRESHET_EINVAL;
	memcpy(name, host.ptr, host.len);
	name[host.len] = '\0';
	struct address_lookup *lookup = lookup_new(l, done, user);
	if (lookup == NULL)
		return FRESHET_ENOMEM;
	lookup->port = port;
	freshet_err err = FRESHET_OK;
	if (literal(name, port, &lookup->list) || local(name, port, &lookup->list))
		event_active(lookup->soon, EV_TIMEOUT, 0);
	else
		err = ask(l, lookup, name);
	if (err != FRESHET_OK)
		lookup_free(lookup);
	else
		*out = lookup;
	return err;
}

freshet_err address_of_path(
	struct loop *l, freshet_str path, address_done_fn *done, void *user, struct address_lookup **out)
{
	union address a = {.local = {.sun_family = AF_UNIX}};
	*out = NULL;
	if (path.len == 0 || path.len >= sizeof a.local.sun_path)
		return FRESHET_EINVAL;
	memcpy(a.local.sun_path, path.ptr, path.len);
	struct address_lookup *lookup = lookup_new(l, done, user);
	if (lookup == NULL)
		return FRESHET_ENOMEM;
	lookup->list.items[lookup->list.count++] = a;
	event_active(lookup->soon, EV_TIMEOUT, 0);
	*out = lookup;
	return FRESHET_OK;
}

void address_lookup_cancel(struct address_lookup *lookup)
{
	if (lookup == NULL)
		return;
	struct question *q = lookup->question;
	lookup_free(lookup);
	/* One that is being answered ends by itself. */
	if (q == NULL || q->request == NULL || !list_empty(&q->lookups))
		return;
	list_remove(&q->node);
	evdns_getaddrinfo_cancel(q->request);
}

void address_text(const union address *a, char *out, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "?";
	switch (a->any.sa_family) {
	case AF_UNIX: snprintf(out, size, "unix:%s", a->local.sun_path); break;
	case AF_INET6:
		inet_ntop(AF_INET6, &a->v6.sin6_addr, host, sizeof host);
		snprintf(out, size, "[%s]:%u", host, ntohs(a->v6.sin6_port));
		break;
	default:
		inet_ntop(AF_INET, &a->v4.sin_addr, host, sizeof host);
		snprintf(out, size, "%s:%u", host, ntohs(a->v4.sin_port));
		break;
	}
}

socklen_t address_size(const union address *a)
{
	switch (a->any.sa_family) {
	case AF_UNIX: return sizeof a->local;
	case AF_INET6: return sizeof a->v6;
	default: return sizeof a->v4;
	}
}
