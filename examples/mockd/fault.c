/*
 * Faults are kept in the order in which they were added. One that is removed while an exchange holds it strikes no more
 * and is freed with the last holder.
 */
#include "mockd/fault.h"

#include "mockd/server.h"
#include "mockd/tamper.h"

#include <event2/event.h>
#include <fnmatch.h>

void mockd_fault_init(struct mockd_fault *fault, enum mockd_moment moment, enum mockd_action action)
{
	*fault = (struct mockd_fault){.moment = moment, .action = action, .times = 1, .status = 503};
}

/* True when the action can be done at the moment. */
static bool makes_sense(const struct mockd_fault *spec)
{
	bool body = spec->moment >= MOCKD_AT_BYTE && spec->moment <= MOCKD_AT_END;
	switch (spec->action) {
	case MOCKD_DO_STATUS: return (spec->moment <= MOCKD_AT_ANSWER) && spec->status >= 200 && spec->status <= 999;
	case MOCKD_DO_TYPE:
	case MOCKD_DO_FLOOD:
	case MOCKD_DO_UNTIL_CLOSE: return spec->moment == MOCKD_AT_ANSWER;
	case MOCKD_DO_REFUSE: return spec->moment <= MOCKD_AT_ANSWER || spec->moment == MOCKD_NOW;
	case MOCKD_DO_END: return body || spec->moment == MOCKD_NOW;
	case MOCKD_DO_INSERT: return body && (spec->body_len > 0 || spec->sample != MOCKD_SAMPLE_NONE);
	case MOCKD_DO_ENDLESS: return body && spec->moment != MOCKD_AT_END;
	case MOCKD_DO_DELETE: return spec->session != NULL;
	default: return spec->moment <= MOCKD_NOW && spec->action <= MOCKD_DO_MUTE;
	}
}

static char *copy_bytes(const char *bytes, size_t len)
{
	return must_copy_span((freshet_str){bytes, bytes != NULL ? len : 0});
}

static struct fault *fault_new(const struct mockd_fault *spec, uint64_t number)
{
	struct fault *f = must_alloc(sizeof *f);
	*f = (struct fault){.spec = *spec, .number = number, .users = 1};
	list_init(&f->node);
	f->spec.session = must_copy(spec->session);
	f->spec.path = must_copy(spec->path);
	f->spec.method = must_copy(spec->method);
	f->spec.content_type = must_copy(spec->content_type);
	f->spec.field = must_copy(spec->field);
	f->spec.body = copy_bytes(spec->body, spec->body_len);
	return f;
}

void fault_release(struct fault *f)
{
	if (--f->users > 0)
		return;
	list_remove(&f->node);
	free_const(f->spec.session);
	free_const(f->spec.path);
	free_const(f->spec.method);
	free_const(f->spec.content_type);
	free_const(f->spec.field);
	free_const(f->spec.body);
	free(f);
}

bool fault_armed(const struct fault *f)
{
	return !list_empty(&f->node) && (f->spec.times == 0 || f->struck < f->spec.times);
}

static bool path_names(freshet_str path, const char *session)
{
	return session == NULL || memmem(path.ptr, path.len, session, strlen(session)) != NULL;
}

static bool fits(const struct fault *f, const struct exchange *x, const struct request *r)
{
	const struct mockd_fault *spec = &f->spec;
	if (spec->moment == MOCKD_NOW || !fault_armed(f) ||
		(spec->connection != 0 && spec->connection != x->conn->serial) || !path_names(r->path, spec->session) ||
		(spec->method != NULL && !freshet_str_is(r->method, spec->method)))
		return false;
	if (spec->path == NULL)
		return true;
	char *path = must_copy_span(r->path);
	bool good = fnmatch(spec->path, path, 0) == 0;
	free(path);
	return good;
}

void faults_bind(struct exchange *x, const struct request *r)
{
	list_each (node, &x->conn->mockd->faults) {
		struct fault *f = container_of(node, struct fault, node);
		if (fits(f, x, r) && ++f->seen > f->spec.skip)
			tamper_bind(x, f);
	}
}

static bool open_exchange_fits(const struct exchange *x, const struct mockd_fault *spec)
{
	if (spec->connection != 0 && spec->connection != x->conn->serial)
		return false;
	if (spec->session == NULL)
		return true;
	return x->feed != NULL && x->feed->ops->names != NULL && x->feed->ops->names(x->feed, spec->session);
}

static bool ends_connection(enum mockd_action action)
{
	return action <= MOCKD_DO_GARBAGE;
}

/* Strikes what is open on the connection. Exchanges are struck from the last: striking does not free them. */
static uint64_t strike_open(struct conn *c, const struct mockd_fault *spec)
{
	uint64_t struck = 0;
	if (c->control)
		return 0;
	if (ends_connection(spec->action) && spec->session == NULL) {
		if (spec->connection != 0 && spec->connection != c->serial)
			return 0;
		strike_connection(c, c->exchange_count > 0 ? c->exchanges[0] : NULL, spec);
		return 1;
	}
	for (size_t i = 0; i < c->exchange_count; i++) {
		struct exchange *x = c->exchanges[i];
		if (!open_exchange_fits(x, spec))
			continue;
		struck++;
		if (ends_connection(spec->action)) {
			strike_connection(c, x, spec);
			break;
		}
		strike_exchange(x, spec);
	}
	return struck;
}

static uint64_t strike_now(struct mockd *m, struct fault *f)
{
	if (f->spec.action == MOCKD_DO_DELETE) {
		mockd_delete_soon(m, f->spec.session);
		return 1;
	}
	uint64_t most = f->spec.times > 0 ? f->spec.times : UINT64_MAX;
	uint64_t struck = 0;
	for (size_t i = 0; i < m->conn_count && struck < most; i++)
		struck += strike_open(m->conns[i], &f->spec);
	return struck;
}

void tamper_bind_own(struct exchange *x, const struct mockd_fault *spec)
{
	struct fault *f = fault_new(spec, 0);
	list_push_back(&x->conn->mockd->own_faults, &f->node);
	tamper_bind(x, f);
	fault_release(f);
}

uint64_t mockd_fault_add(struct mockd *m, const struct mockd_fault *fault)
{
	if (!makes_sense(fault))
		return 0;
	struct fault *f = fault_new(fault, ++m->last_fault);
	list_push_back(&m->faults, &f->node);
	/* One that strikes now is kept for mockd_fault_struck alone. */
	if (fault->moment == MOCKD_NOW)
		f->struck = strike_now(m, f);
	return f->number;
}

static struct fault *find_fault(const struct mockd *m, uint64_t number)
{
	list_each (node, &m->faults) {
		struct fault *f = container_of(node, struct fault, node);
		if (f->number == number)
			return f;
	}
	return NULL;
}

static void remove_fault(struct fault *f)
{
	list_remove(&f->node);
	fault_release(f);
}

void mockd_fault_remove(struct mockd *m, uint64_t number)
{
	struct fault *f = find_fault(m, number);
	if (f != NULL)
		remove_fault(f);
}

void mockd_fault_clear(struct mockd *m)
{
	while (!list_empty(&m->faults))
		remove_fault(container_of(m->faults.next, struct fault, node));
}

uint64_t mockd_fault_struck(const struct mockd *m, uint64_t number)
{
	const struct fault *f = find_fault(m, number);
	return f != NULL ? f->struck : 0;
}
