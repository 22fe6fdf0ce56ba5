#include "support/skip.h"

#include "guest/clock.h"
#include "guest/guest.h"
#include "net/loop.h"
#include "reactor/reactor.h"

static uint64_t skipped_ms;

static uint64_t reactor_now_ms(void)
{
	return loop_now_ms() + skipped_ms;
}

static uint64_t guest_clock_ms(void)
{
	return guest_now_ms() + skipped_ms;
}

void skip_reactor(freshet_reactor *reactor)
{
	reactor->clock = reactor_now_ms;
}

void skip_guest(struct guest *guest)
{
	guest->clock = guest_clock_ms;
}

void skip_time(freshet_reactor *reactor)
{
	skipped_ms += SKIP_MS;
	reactor->loop.handlers.on_timer(reactor->loop.handlers.owner);
}
