/*
 * metrics/metrics.h: the numbers at /metrics. Loop thread. Families are declared once; series come
 * and go. A plugin's families are what it declared; the agent's own have the prefix
 * chain138_agent_.
 */
#ifndef CORE_METRICS_METRICS_H
#define CORE_METRICS_METRICS_H
#include <base/buf.h>
#include <schema/decl.h>

struct metrics;
struct metrics *metrics_new(void);
struct metrics *metrics_free(struct metrics *m);
/* `owner`: plugin or "agent". Declared again by its owner it stays; by another: C138_E_CONFLICT. */
c138_status metrics_declare(struct metrics *m, const char *owner, const char *name, uint32_t type,
                            const char *help, const char *const *labels);
c138_status metrics_set(struct metrics *m, const char *name, const char *const *label_values,
                        double value);
c138_status metrics_add(struct metrics *m, const char *name, const char *const *label_values,
                        double delta);
void metrics_remove(struct metrics *m, const char *name, const char *const *label_values);
/* A METRICS frame of a plugin (worker/wire.h), checked against what `owner` declared; at most 2,000
 * series an owner. */
c138_status metrics_apply(struct metrics *m, const char *owner, const struct c138_json *changes,
                          struct c138_err *err);
void metrics_remove_owner(struct metrics *m, const char *owner); /* its series; families stay */
/* Called before each writing, to bring the agent's own values up to date. */
void metrics_collector(struct metrics *m, void (*fn)(void *user, struct metrics *m), void *user);
/* Prometheus text 0.0.4, families sorted by name. owner NULL: all. */
void metrics_write(struct metrics *m, const char *owner, struct c138_buf *out);
#endif
