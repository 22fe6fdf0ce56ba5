/*
 * The log hook, the one other global beside the allocator, and the failure of CHECK.
 *
 * Lines of the library's own come through log_line, those of code that stands on it through freshet_log.
 */
#include "base/log.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Longer lines are cut. */
#define LOG_LINE_MAX 512

static struct {
	freshet_log_fn *fn;
	void *user;
	freshet_log_level most;
} hook;

void freshet_set_log(freshet_log_fn *fn, freshet_log_level most, void *user)
{
	hook.fn = fn;
	hook.most = most;
	hook.user = user;
}

bool log_wanted(freshet_log_level level)
{
	return hook.fn != NULL && level <= hook.most;
}

void log_line(freshet_log_level level, const char *format, ...)
{
	if (!log_wanted(level))
		return;
	char line[LOG_LINE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	hook.fn(level, line, hook.user);
}

bool freshet_log_wanted(freshet_log_level level)
{
	return log_wanted(level);
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

void freshet_log(freshet_log_level level, const char *line)
{
	char clean[LOG_LINE_MAX];
	size_t len = 0;
	if (!log_wanted(level))
		return;
	for (const char *c = line != NULL ? line : ""; *c != '\0' && len < sizeof clean - 1; c++)
		clean[len++] = is_control(*c) ? ' ' : *c;
	clean[len] = '\0';
	hook.fn(level, clean, hook.user);
}

bool check_failed(const char *expression, const char *file, int line)
{
	log_line(FRESHET_LOG_ERROR, "impossible state: %s (%s:%d)", expression, file, line);
#ifdef FRESHET_CHECKS_FATAL
	fprintf(stderr, "impossible state: %s (%s:%d)\n", expression, file, line);
	abort();
#endif
	return false;
}
