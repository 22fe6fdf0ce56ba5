#include "receiver.h"

_Static_assert(FRESHET_WEBHOOK_FAILED < FRESHET_WEBHOOK_OUTCOME_PLACES, "each outcome has a place");
_Static_assert(FRESHET_WEBHOOK_CAUSE_CONTENT < FRESHET_WEBHOOK_CAUSE_PLACES, "each cause has a place");
_Static_assert(FRESHET_WEBHOOK_LATER < FRESHET_WEBHOOK_VERDICT_PLACES, "each verdict has a place");

freshet_err freshet_webhook_stats_get(const freshet_webhook *w, freshet_webhook_stats *stats)
{
	freshet_webhook_stats now = w->stats;
	now.seen = w->seen.count;
	now.runs = w->runs.count;
	return guest_stats(stats, &now, sizeof now);
}
