/* What Prometheus is told. docs/chain.md says what to alert on. */
#include "chain.h"

static void set(struct chain *c, const char *name, const char *label, double value) {
    const char *labels[] = {label};
    if (c->metrics)
        (void)c->metrics->set(c->host, name, label ? labels : NULL, value);
}

static void set_endpoints(struct chain *c) {
    char text[256];
    for (size_t i = 0; i < endpoints_count(c->endpoints); i++) {
        struct endpoint_state s;
        endpoints_state(c->endpoints, i, &s);
        if (!s.asked)
            continue;
        set(c, "chain138_chain_endpoint_up", s.name, s.reachable && !s.other_chain);
        set(c, "chain138_chain_endpoint_seconds", s.name, (double)s.took_ns / 1e9);
        if (s.head)
            set(c, "chain138_chain_endpoint_head_number", s.name, (double)s.head);
    }
    set(c, "chain138_chain_endpoints_disagree", NULL, endpoints_disagree(c->endpoints, text));
}

void gauges_set(struct chain *c) {
    struct chain_tally t = chain_count_up(c);
    set(c, "chain138_chain_transactions_open", NULL, (double)t.open);
    set(c, "chain138_chain_transactions_refused", NULL, (double)t.refused);
    set(c, "chain138_chain_foreign_keys", NULL, (double)t.foreign);
    set_endpoints(c);
}

void gauges_ended(struct chain *c, const char *outcome) {
    const char *labels[] = {outcome};
    if (c->metrics)
        (void)c->metrics->add(c->host, "chain138_chain_transactions_total", labels, 1);
}

void gauges_reorged(struct chain *c) {
    if (c->metrics)
        (void)c->metrics->add(c->host, "chain138_chain_transactions_reorged_total", NULL, 1);
}
