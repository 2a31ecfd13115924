/* A config file: it is read, or refused with its place. */
#include <config/config_internal.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libconfig 1.5 loses the string that it was reading when it meets a syntax error: once for each
 * file that is refused. Visible, as the sanitizer looks for it from a library of its own. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:strbuf_append";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct config *c = NULL;
    struct c138_err err = {0};
    size_t n = 0;
    if (size > 65536)
        return 0;
    c138_status status = config_read_text((const char *)data, size, &c, &err);
    if (status < 0) {
        if (!err.text[0] || c)
            __builtin_trap();
        return 0;
    }
    const struct plugin_config *plugins = config_plugins(c, &n);
    for (size_t i = 0; i < n; i++)
        if (!plugins[i].name || !*plugins[i].name)
            __builtin_trap();
    if (!config_str(c, "api.socket") || !config_where(c, "api.socket"))
        __builtin_trap();
    config_free(c);
    return 0;
}
