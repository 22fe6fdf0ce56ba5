/*
 * What the test of callbacks is made of: places in which a call can be made, calls, and the play in which one meets the
 * other. The calls stand in play.c, the places in the test.
 */
#ifndef SUPPORT_PLAY_H
#define SUPPORT_PLAY_H

#include "support/stage.h"

struct play;

/* What is left where a callback comes. */
enum left {
	ALL,            /* streams, requests, endpoints, the reactor */
	ENDED,          /* the same, but the reactor is closing: nothing new is let in */
	REACTOR,        /* the first endpoint is gone, with all that was on it */
	CLOSED_REACTOR, /* the same, and the reactor is closing */
	NOTHING,        /* the reactor is gone */
};

/* A callback in which a call is made, and how it is brought about. */
struct place {
	const char *name;
	const char *path; /* of the watch whose callback it is; NULL: `bring` sees to it */
	enum told told;
	unsigned nth; /* event of that watch */
	void (*bring)(struct play *p);
	enum left left;
};

/* Whom a call is made on. */
enum target { NOBODY, SELF, OPEN, HOLDING, WAITING, PAUSING, ASKED, SENDING, TARGET_COUNT };

extern const char *const play_paths[TARGET_COUNT];

struct call {
	const char *name;
	unsigned targets; /* 1 << enum target */
	void (*make)(struct play *p, struct watch *on, const freshet_event *event);
	/* After all is settled: did it do what it says? NULL where the general checks say it. */
	void (*check)(struct play *p, struct watch *on);
	bool ends;          /* the target, or everything when there is none */
	freshet_err result; /* with which it ends */
	enum left needs;    /* the least that must be left for the call to be possible */
};

struct pair {
	const struct place *place;
	const struct call *call;
	enum target target;
	char name[100];
};

struct play {
	struct stage g;
	const struct pair *pair;
	struct watch *on; /* of the call; NULL: nobody */
	bool made;
	bool was_done;        /* the target, before the call */
	size_t subscriptions; /* of the target, before the call */
	freshet_endpoint *second;
	freshet_endpoint *third; /* for what the calls open */
	freshet_event *held;
	struct watch *fresh; /* opened by the call */
	unsigned endpoints_closed;
	unsigned posts_run;
	unsigned reads;          /* of the body */
	unsigned strangers_done; /* streams of other reactors */
	freshet_timer *ticker;   /* the test's; NULL: freed */
	unsigned ticks;          /* of it */
	unsigned ticks_before;   /* the call */
	unsigned fresh_ticks;    /* of timers that the call made */
};

/* Every public call that a callback may make. */
extern const struct call play_calls[];
extern const size_t play_call_count;

/* What new things are answered. */
freshet_err play_let_in(const struct play *p);

/* The watch of that path; NULL when there is none. */
struct watch *play_find(struct play *p, const char *path);

/* How often the server was asked for it. */
size_t play_asked_for(const struct play *p, const char *path);

/* Another endpoint of the same server; NULL where an error is expected. */
freshet_endpoint *play_endpoint(struct play *p, void (*on_closed)(void *user), freshet_err expected);

#endif
