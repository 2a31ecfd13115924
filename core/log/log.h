/*
 * log/log.h: structured lines to journald (when standard error is the journal) or standard error,
 * each with plugin, action and job. Any thread. Texts that came from outside are stripped of
 * control characters; texts given to log_scrub_add (secrets of running calls) are replaced by
 * "***".
 */
#ifndef CORE_LOG_LOG_H
#define CORE_LOG_LOG_H
#include <base/err.h>

enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON, LOG_FORMAT_JOURNAL };
struct log;
struct log_at {
    const char *plugin, *action, *job; /* NULL: none */
};

struct log *log_new(enum log_format format, int32_t max_level);
struct log *log_free(struct log *l);
void log_set_level(struct log *l, int32_t max_level);
/* `at` may be NULL: the agent itself. */
void log_line(struct log *l, int32_t level, const struct log_at *at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void log_text(struct log *l, int32_t level, const struct log_at *at, const char *text);
/* Texts that must never be written; counted: two adds need two removes. */
void log_scrub_add(struct log *l, const char *text);
void log_scrub_remove(struct log *l, const char *text);
/* The text with every scrubbed text replaced; the caller frees. */
char *log_scrubbed(struct log *l, const char *text);
uint64_t log_count(const struct log *l, int32_t level); /* lines of this level so far */
#endif
