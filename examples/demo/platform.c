#include "demo/platform.h"

#include "demo/agentos/agentos.h"
#include "demo/aod/aod.h"
#include "demo/ash/ash.h"
#include "demo/sudoiq/sudoiq.h"

#include <string.h>

const struct platform *const platforms[PLATFORMS] = {&aod_platform, &ash_platform, &sudoiq_platform, &agentos_platform};

const struct platform *platform_named(const char *name, size_t len)
{
	for (size_t i = 0; i < PLATFORMS; i++)
		if (strlen(platforms[i]->name) == len && memcmp(platforms[i]->name, name, len) == 0)
			return platforms[i];
	return NULL;
}
