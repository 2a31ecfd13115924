/*
 * plugins/stack/kube_parse.h: what kubectl prints with -o json (Kubernetes API v1, apps/v1), read
 * with bounds. Pure; any thread.
 */
#ifndef STACK_KUBE_PARSE_H
#define STACK_KUBE_PARSE_H
#include "driver.h"

/* One pod into a row. `service` is what the config calls its workload. */
void kube_pod_read(const struct c138_json *pod, const char *service, struct svc *row);
/* A line of `kubectl logs --timestamps`: "2026-11-29T01:02:03.000000000Z text". 0: it is none. */
int kube_log_read(const char *line, size_t length, struct log_line *ret_line, char **ret_text);
/* A row of `kubectl top pod --no-headers`: "NAME 250m 512Mi". */
int kube_top_read(const char *line, size_t length, char ret_pod[254], struct svc_stats *ret_stats);
/* {"app": "x"} as "app=x,..." for -l; "" where there is none. The caller frees it. */
char *kube_selector(const struct c138_json *labels);
#endif
