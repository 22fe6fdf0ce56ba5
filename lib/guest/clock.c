#include "clock.h"

#include <time.h>

/* 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z. */
#define FIRST_MS (-62167219200000)
#define LAST_MS  253402300799999

#define DAY_MS 86400000

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now = {0};
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t guest_now_ms(void)
{
	return (uint64_t)clock_ms(CLOCK_MONOTONIC);
}

int64_t guest_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

struct date {
	unsigned year, month, day;
};

/* The proleptic Gregorian date that is `days` after 0000-03-01, from which leap days come last in a year. */
static struct date date_of(unsigned days)
{
	unsigned era = days / 146097, day_of_era = days % 146097;
	unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned shifted = (5 * day_of_year + 2) / 153;
	struct date date = {.day = day_of_year - (153 * shifted + 2) / 5 + 1};
	date.month = shifted < 10 ? shifted + 3 : shifted - 9;
	date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
	return date;
}

/* So many digits and the character behind them. */
static char *put(char *at, unsigned number, unsigned digits, char behind)
{
	for (unsigned i = digits; i > 0; i--, number /= 10)
		at[i - 1] = (char)('0' + number % 10);
	at[digits] = behind;
	return at + digits + 1;
}

void guest_time_write(int64_t wall_ms, char out[GUEST_TIME_SIZE])
{
	int64_t at = wall_ms < FIRST_MS ? FIRST_MS : wall_ms > LAST_MS ? LAST_MS : wall_ms;
	uint64_t since = (uint64_t)(at - FIRST_MS);
	unsigned day = (unsigned)(since / DAY_MS), in_day = (unsigned)(since % DAY_MS);
	/* January and February of the year 0 are 60 days before its first of March: one cycle of 400 years is added. */
	struct date date = date_of(day + 146097 - 60);
	char *to = put(out, date.year - 400, 4, '-');
	to = put(to, date.month, 2, '-');
	to = put(to, date.day, 2, 'T');
	to = put(to, in_day / 3600000, 2, ':');
	to = put(to, in_day / 60000 % 60, 2, ':');
	to = put(to, in_day / 1000 % 60, 2, '.');
	to = put(to, in_day % 1000, 3, 'Z');
	*to = '\0';
}
