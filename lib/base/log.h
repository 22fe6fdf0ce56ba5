/*
 * The log hook. Lines are built only when somebody wants them. A secret is never an argument of a log call.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <freshet/types.h>

bool log_wanted(freshet_log_level level);

__attribute__((format(printf, 2, 3))) void log_line(freshet_log_level level, const char *format, ...);

#endif
