/*
 * The program's log: one line per event on standard error (or a file), safe from any thread.
 * Only rooms that decide log; library code returns errors. Never log a secret.
 */
#ifndef US_BASE_LOG_H
#define US_BASE_LOG_H

#include "base/err.h"

typedef enum { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } LogLevel;

void log_set_level(LogLevel level);
/* Appends to `path` from now on; returns -1 with `err` set when it cannot be opened. */
int log_set_file(const char *path, Error *err);
void log_at(LogLevel level, const char *fmt, ...) US_PRINTF(2, 3);

#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)

#endif
