/*
 * The live view is one block of lines. It is redrawn ten times a second by moving the cursor up to its first line. No line
 * exceeds the terminal's width and the block not its height, since what wraps or scrolls would break that count; where
 * there is little room, what matters less is left out. A terminal that was resized has moved its lines about: it is
 * cleared, and the block begins at its top.
 */
#include "demo/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES (sizeof((struct view *)0)->samples / sizeof(struct sample))

#define LIVE_INTERVAL_MS  100
#define PLAIN_INTERVAL_MS 1000

#define DEFAULT_WIDTH  80
#define DEFAULT_HEIGHT 24
#define MOST_WIDTH     100

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- a picture under construction ---- */

struct picture {
	char text[8192];
	size_t len;
	unsigned lines;
	unsigned width;  /* of the terminal */
	unsigned column; /* cells used on this line */
	bool colors;
};

static void put(struct picture *p, const char *bytes, size_t len)
{
	if (len > sizeof p->text - p->len)
		return;
	memcpy(p->text + p->len, bytes, len);
	p->len += len;
}

/* Control sequences take no cells. */
static void put_control(struct picture *p, const char *sequence)
{
	put(p, sequence, strlen(sequence));
}

static void put_color(struct picture *p, const char *sequence)
{
	if (p->colors)
		put_control(p, sequence);
}

static size_t character_length(unsigned char lead)
{
	return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* What does not fit on the line is left out. Every character here takes one cell. */
__attribute__((format(printf, 2, 3))) static void put_text(struct picture *p, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	for (const char *at = text; *at != '\0' && p->column < p->width; p->column++) {
		size_t len = character_length((unsigned char)*at);
		put(p, at, len);
		at += len;
	}
}

/* A column of a table: all of it or nothing, since half a number is a wrong one. */
static void put_column(struct picture *p, unsigned cells, const char *name, const char *value)
{
	int name_cells = (int)strlen(name);
	if (p->width - p->column >= cells)
		put_text(p, "%s%*s", name, (int)cells - name_cells, value);
}

static void end_line(struct picture *p)
{
	put_color(p, "\033[0m");
	put_control(p, "\033[K\n");
	p->lines++;
	p->column = 0;
}

/* ---- numbers for people ---- */

/* 12,345,678; the buffer holds any number. */
static const char *grouped(uint64_t number, char buffer[32])
{
	char *at = buffer + 31;
	unsigned digits = 0;
	*at = '\0';
	do {
		if (digits > 0 && digits % 3 == 0)
			*--at = ',';
		*--at = (char)('0' + number % 10);
		number /= 10;
		digits++;
	} while (number > 0);
	return at;
}

static const char *byte_size(double bytes, char buffer[32])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;
	while (bytes >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
		bytes /= 1024;
		unit++;
	}
	snprintf(buffer, 32, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
	return buffer;
}

static uint64_t resident_kib(struct view *v)
{
	char line[128] = "";
	char *second = line;
	FILE *file = fopen("/proc/self/statm", "r");
	if (file == NULL)
		return 0;
	/* Pages: of the whole program, then those in memory. */
	if (fgets(line, sizeof line, file) != NULL)
		strtoul(line, &second, 10);
	fclose(file);
	uint64_t kib = (uint64_t)strtoul(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
	if (kib > v->peak_kib)
		v->peak_kib = kib;
	return kib;
}

/* The kernel counts pages a little late, and so may call a peak what is less than was seen. */
uint64_t view_peak_kib(const struct view *v)
{
	struct rusage usage;
	uint64_t kib = getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss : 0;
	return kib > v->peak_kib ? kib : v->peak_kib;
}

/* ---- rates over the last second ---- */

struct rates {
	double events;
	double bytes;
};

static struct sample take_sample(const struct view *v, freshet_counters *counters)
{
	freshet_counters_init(counters);
	freshet_reactor_counters_get(v->fleet->reactor, counters);
	return (struct sample){now_ms(), fleet_events(v->fleet), counters->bytes_read};
}

static struct rates add_sample(struct view *v, const struct sample *now)
{
	unsigned second = v->live ? 1000 / LIVE_INTERVAL_MS : 1;
	unsigned back = v->ticks < second ? v->ticks : second;
	const struct sample *before = &v->samples[(v->ticks - back) % SAMPLES];
	double seconds = back > 0 ? (double)(now->ms - before->ms) / 1000 : 0;
	struct rates rates = {0, 0};
	if (seconds > 0) {
		rates.events = (double)(now->events - before->events) / seconds;
		rates.bytes = (double)(now->bytes - before->bytes) / seconds;
	}
	v->samples[v->ticks++ % SAMPLES] = *now;
	return rates;
}

double view_seconds(const struct view *v)
{
	return v->start_ms != 0 ? (double)(now_ms() - v->start_ms) / 1000 : 0;
}

/* ---- the live view ---- */

static struct winsize terminal_size(void)
{
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
		size = (struct winsize){.ws_col = DEFAULT_WIDTH, .ws_row = DEFAULT_HEIGHT};
	return size;
}

static const char *const state_colors[STATES] = {
	[WAITING] = "\033[90m",
	[CREATING] = "\033[36m",
	[SEARCHING] = "\033[35m",
	[PENDING] = "\033[33m",
	[RUNNING] = "\033[1;34m",
	[COMPLETED] = "\033[32m",
	[FAILED] = "\033[31m",
	[TERMINATED] = "\033[35m",
	[BROKEN] = "\033[1;31m",
};

/* A name, a number, and a gap or what goes with the number: NUMBER_CELLS of them. */
#define NUMBER_CELLS 21

static void put_number(struct picture *p, const char *name, const char *number)
{
	put_column(p, NUMBER_CELLS, name, number);
}

static void draw_state(struct picture *p, const struct fleet *f, enum state s, const char *gap)
{
	char number[32];
	put_text(p, "%s", gap);
	put_color(p, fleet_tally(f, s) > 0 ? state_colors[s] : "\033[90m");
	put_number(p, state_names[s], grouped(fleet_tally(f, s), number));
	put_color(p, "\033[0m");
}

/* The order in which they are shown, three in a line where there is room. BROKEN only when something went wrong. */
static const enum state shown_states[] = {
	WAITING, CREATING, SEARCHING, PENDING, RUNNING, BROKEN, COMPLETED, FAILED, TERMINATED};

#define STATES_IN_A_LINE 3
#define STATE_LINES      (sizeof shown_states / sizeof shown_states[0] / STATES_IN_A_LINE)

static void draw_states(struct picture *p, const struct fleet *f)
{
	for (size_t i = 0; i < sizeof shown_states / sizeof shown_states[0]; i++) {
		if (shown_states[i] != BROKEN || fleet_tally(f, BROKEN) > 0)
			draw_state(p, f, shown_states[i], i % STATES_IN_A_LINE == 0 ? "  " : "    ");
		if (i % STATES_IN_A_LINE == STATES_IN_A_LINE - 1)
			end_line(p);
	}
}

static uint32_t ended_of(const struct site *site)
{
	return site->tally[COMPLETED] + site->tally[FAILED] + site->tally[TERMINATED] + site->tally[BROKEN];
}

#define SITE_COLUMNS      4
#define SITE_COLUMN_CELLS 13

static void draw_site(struct picture *p, const struct site *site)
{
	const uint64_t columns[SITE_COLUMNS] = {site->count, ended_of(site), site->events, site->cuts};
	char number[32];
	put_text(p, "  %-16s", site->platform->title);
	for (size_t i = 0; i < SITE_COLUMNS; i++)
		put_column(p, SITE_COLUMN_CELLS, "", grouped(columns[i], number));
	end_line(p);
}

static unsigned site_lines(const struct fleet *f)
{
	return f->site_count < 2 ? 0 : f->site_count + 2;
}

/* A line for each platform, where there are several. */
static void draw_sites(struct picture *p, const struct fleet *f)
{
	static const char *const heads[SITE_COLUMNS] = {"sessions", "ended", "events", "reconnects"};
	put_color(p, "\033[90m");
	put_text(p, "  %-16s", "platform");
	for (size_t i = 0; i < SITE_COLUMNS; i++)
		put_column(p, SITE_COLUMN_CELLS, "", heads[i]);
	end_line(p);
	for (uint32_t i = 0; i < f->site_count; i++)
		draw_site(p, f->sites[i]);
	end_line(p);
}

#define NUMBER_LINES 4

static void draw_numbers(struct picture *p, struct view *v, const struct rates *rates, const freshet_counters *c)
{
	char number[32];
	const struct fleet *f = v->fleet;
	put_text(p, "  ");
	put_number(p, "events", grouped(fleet_events(f), number));
	put_text(p, "    %s/s", grouped((uint64_t)rates->events, number));
	end_line(p);
	put_text(p, "  ");
	put_number(p, "received", byte_size((double)c->bytes_read, number));
	put_text(p, "    %s/s", byte_size(rates->bytes, number));
	end_line(p);
	put_text(p, "  ");
	put_number(p, "reconnects", grouped(fleet_cuts(f), number));
	put_text(p, "    on %s connection%s", grouped(c->connections, number), c->connections == 1 ? "" : "s");
	end_line(p);
	put_text(p, "  ");
	put_number(p, "memory", byte_size((double)resident_kib(v) * 1024, number));
	end_line(p);
}

/* The one bar: sessions that have ended. Eighths of a cell make it move smoothly. */
static void draw_bar(struct picture *p, const struct view *v)
{
	static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	const struct fleet *f = v->fleet;
	char label[48];
	unsigned seconds = (unsigned)view_seconds(v);
	double share = f->count > 0 ? (double)f->ended / f->count : 0;
	snprintf(label, sizeof label, " %3u %%  %02u:%02u", (unsigned)(share * 100), seconds / 60, seconds % 60);
	unsigned cells = p->width > strlen(label) + 6 ? p->width - (unsigned)strlen(label) - 4 : 10;
	unsigned eighths = (unsigned)(share * cells * 8);
	unsigned drawn = 0;
	put_text(p, "  ");
	put_color(p, "\033[32m\033[48;5;236m");
	for (; drawn < eighths / 8; drawn++)
		put_text(p, "█");
	if (eighths % 8 > 0 && drawn++ < cells)
		put_text(p, "%s", parts[eighths % 8]);
	for (; drawn < cells; drawn++)
		put_text(p, "%s", p->colors ? " " : "░");
	put_color(p, "\033[0m");
	put_text(p, "%s", label);
	end_line(p);
}

static void draw_title(struct picture *p, const struct view *v)
{
	char number[32];
	put_color(p, "\033[1m");
	put_text(p, "  freshet");
	put_color(p, "\033[0m");
	put_text(p, "  %s sessions on one thread, %s", grouped(v->fleet->count, number), v->server);
	end_line(p);
}

/* All that fits into so many lines: the title and the bar always, then the states and numbers, then the platforms. */
static void draw_picture(struct picture *p, struct view *v, unsigned height)
{
	freshet_counters counters;
	struct sample now = take_sample(v, &counters);
	struct rates rates = add_sample(v, &now);
	unsigned most = 2 + (unsigned)STATE_LINES + NUMBER_LINES + 3;
	draw_title(p, v);
	if (height >= most) {
		end_line(p);
		draw_states(p, v->fleet);
		end_line(p);
		if (site_lines(v->fleet) > 0 && height >= most + site_lines(v->fleet))
			draw_sites(p, v->fleet);
		draw_numbers(p, v, &rates, &counters);
		end_line(p);
	}
	draw_bar(p, v);
}

/* The cursor goes where the picture begins. */
static void put_beginning(struct picture *p, struct view *v, const struct winsize *size)
{
	char up[32] = "\r";
	bool resized = size->ws_col != v->columns || size->ws_row != v->rows;
	if (resized && v->lines > 0)
		snprintf(up, sizeof up, "\033[H\033[2J");
	else if (v->lines > 0)
		snprintf(up, sizeof up, "\033[%uA\r", v->lines);
	put_control(p, up);
	v->columns = size->ws_col;
	v->rows = size->ws_row;
}

static void draw(struct view *v)
{
	struct winsize size = terminal_size();
	struct picture p = {.width = size.ws_col < MOST_WIDTH ? size.ws_col : MOST_WIDTH, .colors = v->colors};
	put_beginning(&p, v, &size);
	draw_picture(&p, v, size.ws_row - 1u); /* the cursor stands below */
	put_control(&p, "\033[J");             /* what an earlier, longer picture left */
	v->lines = p.lines;
	fwrite(p.text, 1, p.len, stdout);
	fflush(stdout);
}

/* ---- plain lines ---- */

static void print_line(struct view *v)
{
	freshet_counters counters;
	const struct fleet *f = v->fleet;
	struct sample now = take_sample(v, &counters);
	struct rates rates = add_sample(v, &now);
	printf("%4.0f s ", view_seconds(v));
	for (enum state s = WAITING; s < STATES; s++)
		if (fleet_tally(f, s) > 0)
			printf(" %s=%u", state_names[s], fleet_tally(f, s));
	for (uint32_t i = 0; f->site_count > 1 && i < f->site_count; i++)
		printf(" %s=%u/%u", f->sites[i]->platform->name, ended_of(f->sites[i]), f->sites[i]->count);
	printf(" events=%llu events/s=%.0f bytes/s=%.0f reconnects=%llu rss_kib=%llu\n", (unsigned long long)now.events,
		rates.events, rates.bytes, (unsigned long long)fleet_cuts(f), (unsigned long long)resident_kib(v));
	fflush(stdout);
}

/* ---- start and stop ---- */

static void tick(evutil_socket_t fd, short what, void *user)
{
	struct view *v = user;
	(void)fd;
	(void)what;
	if (v->live)
		draw(v);
	else
		print_line(v);
}

bool view_start(struct view *v, struct fleet *fleet, const char *server, bool live)
{
	long interval = live ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS;
	struct timeval every = {interval / 1000, interval % 1000 * 1000};
	freshet_counters counters;
	const char *no_color = getenv("NO_COLOR");
	*v = (struct view){.fleet = fleet, .server = server, .start_ms = now_ms(), .live = live};
	v->colors = no_color == NULL || *no_color == '\0';
	v->samples[v->ticks++] = take_sample(v, &counters);
	v->timer = event_new(fleet->base, -1, EV_PERSIST, tick, v);
	if (v->timer == NULL || event_add(v->timer, &every) != 0)
		return false;
	if (live)
		fputs("\033[?25l", stdout);
	return true;
}

void view_stop(struct view *v)
{
	if (v->timer == NULL)
		return;
	event_free(v->timer);
	v->timer = NULL;
	tick(-1, 0, v);
	if (v->live)
		fputs("\r\033[K\033[?25h\n", stdout);
	fflush(stdout);
}
