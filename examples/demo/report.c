/*
 * The end of the demo, in words and in one line for programs.
 */
#include "demo/demo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Sessions that went wrong, told one by one. */
#define TROUBLES_SHOWN 10

static void print_troubles(const struct fleet *f)
{
	uint32_t shown = 0;
	uint32_t count = 0;
	for (uint32_t i = 0; i < f->count; i++) {
		const struct session *s = &f->sessions[i];
		if (s->state != BROKEN && s->trouble == NULL)
			continue;
		if (++count > TROUBLES_SHOWN)
			continue;
		printf("session %u (%s, %s): %s\n", s->number, s->site->platform->name,
			s->id[0] != '\0' ? s->id : "no id",
			s->trouble != NULL ? s->trouble : "no memory for the reason");
		shown++;
	}
	if (count > shown)
		printf("... and %u more\n", count - shown);
}

/* Where a session that was left behind can be picked up again. */
static void print_standing(const struct fleet *f)
{
	printf("interrupted; every stream is closed. Where the sessions stand:\n");
	for (uint32_t i = 0; i < f->count; i++) {
		const struct session *s = &f->sessions[i];
		if (!s->ended && s->id[0] != '\0')
			printf("  %-7s %s %s cursor=%" PRIu64 "\n", s->site->platform->name, s->id,
				state_names[s->state], s->cursor);
	}
	uint32_t waiting = fleet_tally(f, WAITING);
	uint32_t unknown = fleet_tally(f, CREATING) + fleet_tally(f, SEARCHING);
	if (waiting + unknown > 0)
		printf("  not created: %u, not known to be: %u\n", waiting, unknown);
}

static void print_comparison(const struct audit *a)
{
	printf("held against the ledger: %" PRIu64 " sessions, %" PRIu64 " rows, %" PRIu64 " tool calls\n", a->sessions,
		a->rows, a->calls);
	if (a->cut_off > 0)
		printf("behind cuts, where Ash cannot be taken up again: %" PRIu64 " rows; its store had %" PRIu64
		       " pieces\n",
			a->cut_off, a->recovered);
	if (a->unheard > 0)
		printf("behind approvals and cuts of AgentOS, where no stream was: %" PRIu64 " frames\n", a->unheard);
	if (a->disordered + a->strays + a->wrong_ends > 0)
		printf("out of order in %" PRIu64 " sessions, other ends in %" PRIu64
		       ", sessions nobody followed: %" PRIu64 "\n",
			a->disordered, a->wrong_ends, a->strays);
}

static void print_audit(const struct demo *d)
{
	const struct audit *a = &d->audit;
	if (d->flags.url != NULL)
		printf("no ledger: a real server keeps none, so nobody can tell what was lost\n");
	else if (a->finished)
		print_comparison(a);
	else if (a->trouble[0] != '\0')
		printf("the ledger could not be read: %s\n", a->trouble);
}

static void print_summary(const struct demo *d)
{
	const struct fleet *f = &d->fleet;
	char lost[24] = "unknown";
	char duplicated[24] = "unknown";
	if (d->audit.finished) {
		snprintf(lost, sizeof lost, "%" PRIu64, d->audit.lost);
		snprintf(duplicated, sizeof duplicated, "%" PRIu64, d->audit.duplicated);
	}
	printf("sessions=%u completed=%u failed=%u terminated=%u events=%" PRIu64 " reconnects=%" PRIu64
	       " lost=%s duplicated=%s seconds=%.1f rss_kib=%" PRIu64 "\n",
		f->count, fleet_tally(f, COMPLETED), fleet_tally(f, FAILED), fleet_tally(f, TERMINATED),
		fleet_events(f), fleet_cuts(f), lost, duplicated, view_seconds(&d->view), view_peak_kib(&d->view));
}

static int exit_code(const struct demo *d)
{
	bool compared = d->flags.url != NULL || audit_passed(&d->audit);
	if (d->interrupted != 0)
		return 128 + d->interrupted;
	return compared && fleet_tally(&d->fleet, BROKEN) == 0 && d->fleet.ended == d->fleet.count ? EXIT_SUCCESS
												   : EXIT_FAILURE;
}

int report(struct demo *d)
{
	if (d->interrupted != 0)
		print_standing(&d->fleet);
	print_troubles(&d->fleet);
	if (d->interrupted == 0)
		print_audit(d);
	print_summary(d);
	return exit_code(d);
}
