/*
 * plugins/stack/docker_parse.h: what the Docker Engine API answers (1.41, Docker 20.10; the same
 * since 1.24), read with bounds. Pure; any thread.
 */
#ifndef STACK_DOCKER_PARSE_H
#define STACK_DOCKER_PARSE_H
#include "driver.h"

/*
 * A log as the engine sends it. Without a terminal it is frames: 1 (standard output) or 2 (standard
 * error), three zeros, the length as 32 bits big-endian, then so many bytes. A frame is no line: a
 * long line comes in several, and one frame may hold many. With a terminal it is the bytes alone.
 * Each line begins with its time, as ?timestamps=1 asks for. What is not so is C138_E_INVALID.
 */
c138_status docker_log_read(const char *bytes, size_t length, int terminal, const char *service,
                            const char *instance, log_fn on_line, void *user, struct c138_err *err);

/* An element of /containers/json, or an answer of /containers/ID/json over it: fills a row. */
c138_status docker_row_read(const struct c138_json *container, struct svc *row,
                            struct c138_err *err);
void docker_inspect_read(const struct c138_json *inspect, struct svc *row);
/* /containers/ID/stats, two samples apart in time: share of one processor, memory without cache. */
void docker_stats_read(const struct c138_json *before, const struct c138_json *after,
                       struct svc_stats *ret_stats);
/* A line of /events. 0: none that is of interest. */
int docker_event_read(const struct c138_json *event, struct svc_event *ret_event);

/* "1.41": 0 where it is no version. Greater is newer. */
uint32_t docker_api_read(const char *text);
/* The newest that both sides speak; 0: there is none. */
uint32_t docker_api_choose(uint32_t server_min, uint32_t server_max);
#define DOCKER_API(major, minor) ((uint32_t)(major) << 16 | (minor))
#endif
