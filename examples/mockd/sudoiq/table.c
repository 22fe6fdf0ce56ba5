/*
 * The two tables, written out from the lists in the header.
 */
#include "mockd/sudoiq/table.h"

#include <string.h>

/* Of both tables: the contract's. */
static const uint32_t retry_ms[] = {1000, 5000, 30000, 120000, 600000};

#define RETRY_COUNT (sizeof retry_ms / sizeof retry_ms[0])
#define TIMEOUT_MS  10000u

static const struct siq_table tables[] = {
	{
		.name = "default",
		.endpoints =
			{
#define ENDPOINT(id, key, method, path, other_method, other_path) {method, path},
				SIQ_ENDPOINTS(ENDPOINT)
#undef ENDPOINT
			},
		.names =
			{
#define NAME(id, what, text, other) text,
				SIQ_NAMES(NAME)
#undef NAME
			},
		.webhook = {.platform = "sudoiq",
			.delivery_header = "X-Sudoiq-Delivery",
			.timestamp_header = "X-Sudoiq-Timestamp",
			.signature_header = "X-Sudoiq-Signature",
			.signature_prefix = "sha256=",
			.signs_timestamp = true,
			.retry_ms = retry_ms,
			.retry_count = RETRY_COUNT,
			.timeout_ms = TIMEOUT_MS},
	},
	{
		.name = "other",
		.endpoints =
			{
#define ENDPOINT(id, key, method, path, other_method, other_path) {other_method, other_path},
				SIQ_ENDPOINTS(ENDPOINT)
#undef ENDPOINT
			},
		.names =
			{
#define NAME(id, what, text, other) other,
				SIQ_NAMES(NAME)
#undef NAME
			},
		.webhook = {.platform = "sudoiq",
			.delivery_header = "X-Graph-Post",
			.timestamp_header = "X-Graph-Clock",
			.signature_header = "X-Graph-Seal",
			.signature_prefix = "v1,",
			.base64 = true,
			.retry_ms = retry_ms,
			.retry_count = RETRY_COUNT,
			.timeout_ms = TIMEOUT_MS},
		.text_ids = true,
		.bare_lists = true,
	},
};

const struct siq_table *siq_table_find(const char *name)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		if (strcmp(tables[i].name, name) == 0)
			return &tables[i];
	}
	return NULL;
}

int siq_endpoint_find(const char *key)
{
	static const char *const keys[] = {
#define ENDPOINT(id, key, method, path, other_method, other_path) key,
		SIQ_ENDPOINTS(ENDPOINT)
#undef ENDPOINT
	};
	for (int i = 0; i < SIQ_ENDPOINT_COUNT; i++) {
		if (strcmp(keys[i], key) == 0)
			return i;
	}
	return -1;
}

int siq_name_find(const char *what)
{
	static const char *const names[] = {
#define NAME(id, what, text, other) what,
		SIQ_NAMES(NAME)
#undef NAME
	};
	for (int i = 0; i < SIQ_NAME_COUNT; i++) {
		if (strcmp(names[i], what) == 0)
			return i;
	}
	return -1;
}
