/*
 * The ledger over all platforms, and its hash.
 */
#include "mockd/server.h"

#define FNV_PRIME UINT64_C(1099511628211)

static uint64_t fnv(uint64_t hash, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * FNV_PRIME;
	return hash;
}

uint64_t mockd_hash_row(uint64_t hash, uint64_t id, const char *bytes, size_t len)
{
	char before[21];
	size_t at = sizeof before - 1;
	before[at] = ':';
	do
		before[--at] = (char)('0' + id % 10);
	while ((id /= 10) > 0);
	hash = fnv(hash, before + at, sizeof before - at);
	hash = fnv(hash, bytes, len);
	return fnv(hash, "\n", 1);
}

void mockd_ledger_each(struct mockd *m, mockd_ledger_fn *fn, void *user)
{
	for (size_t i = 0; i < m->platform_count; i++) {
		struct platform *p = m->platforms[i];
		if (p->ledger != NULL)
			p->ledger(p, NULL, fn, user);
	}
}

bool mockd_ledger_find(struct mockd *m, const char *session, mockd_ledger_fn *fn, void *user)
{
	for (size_t i = 0; i < m->platform_count; i++) {
		struct platform *p = m->platforms[i];
		if (p->ledger != NULL && p->ledger(p, session, fn, user))
			return true;
	}
	return false;
}

bool mockd_ledger_rows(struct mockd *m, const char *session, mockd_ledger_row_fn *fn, void *user)
{
	for (size_t i = 0; i < m->platform_count; i++) {
		struct platform *p = m->platforms[i];
		if (p->ledger_rows != NULL && p->ledger_rows(p, session, fn, user))
			return true;
	}
	return false;
}
