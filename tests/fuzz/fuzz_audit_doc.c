/* What besu.audit reads: first byte 'T': TOML, 'J': JSON, 'Y': YAML, with what compose makes of its
 * variables, ports and paths. */
#include <plugins/besu/audit.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_word(void *user, const char *word, unsigned line) {
    (void)line;
    *(size_t *)user += strlen(word);
}

static void compose(struct audit_doc *d) {
    audit_compose_expand(d, "/nowhere");
    const struct audit_doc *services = audit_doc_get(d, "services");
    for (size_t i = 0; services && i < services->count; i++) {
        const struct audit_doc *s = &services->items[i];
        size_t words = 0;
        int read_only;
        char *why = NULL;
        unsigned line;
        if (!s->name) /* a list of services is none */
            continue;
        audit_compose_words(s, on_word, &words);
        (void)audit_compose_is_besu(s);
        (void)audit_compose_is_tessera(s);
        (void)audit_compose_env(s, "BESU_OPTS", &line);
        (void)audit_compose_published(s, 8545);
        free(audit_compose_path(s, "/srv", "/data/key", &read_only, &why));
        free(why);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct audit_doc d;
    unsigned line;
    const char *rest = (const char *)data + 1;
    if (size < 1 || size > 65536)
        return 0;
    if (data[0] == 'T' && audit_toml_read(rest, size - 1, &d, &line, NULL) == C138_OK)
        audit_doc_deinit(&d);
    else if (data[0] == 'J' && audit_json_read(rest, size - 1, &d, &line, NULL) == C138_OK)
        audit_doc_deinit(&d);
    else if (data[0] == 'Y' && audit_yaml_read(rest, size - 1, &d, &line, NULL) == C138_OK) {
        compose(&d);
        audit_doc_deinit(&d);
    }
    return 0;
}
