/*
 * What the user sees while the demo runs: a picture redrawn in place, or a line each second where there is no terminal.
 */
#ifndef DEMO_VIEW_H
#define DEMO_VIEW_H

#include "demo/fleet.h"

struct view {
	struct fleet *fleet;
	struct event *timer;
	const char *server; /* what is at the other end, for the first line */
	uint64_t start_ms;  /* 0: not yet */
	uint64_t peak_kib;  /* the most memory that was shown */
	bool live;
	bool colors;      /* unless the environment has NO_COLOR */
	unsigned lines;   /* drawn last time: to be drawn over */
	unsigned columns; /* of the terminal, then */
	unsigned rows;
	unsigned ticks;
	struct sample /* a ring: counters of the last second */ {
		uint64_t ms;
		uint64_t events;
		uint64_t bytes;
	} samples[11];
};

/* Begins to show. False when the loop has no timer left. */
bool view_start(struct view *v, struct fleet *fleet, const char *server, bool live);

/* Draws the last picture and leaves the terminal as it was. Again: nothing. */
void view_stop(struct view *v);

/* Since view_start; 0 before. */
double view_seconds(const struct view *v);

/* The most memory that the process had, resident. */
uint64_t view_peak_kib(const struct view *v);

#endif
