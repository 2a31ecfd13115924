/* An event's declaration, a newline, and a log as a node gives it: a row or an error, and of the arguments of a row a filter that
 * means it. */
#include <base/mem.h>
#include <base/text.h>
#include <plugins/chain/logs.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as(const struct log_filter *f, const struct c138_json *log) {
    C138_JSON struct c138_json *row = NULL;
    struct c138_err err = {0};
    c138_status status = log_read(f, log, &row, &err);
    if (status < 0 && (row || !err.text[0]))
        __builtin_trap();
    if (row && (!c138_json_has(row, "block") || !c138_json_has(row, "block_hash") ||
                c138_json_has(row, "args") == c138_json_has(row, "topics")))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *newline = memchr(data, '\n', size);
    C138_JSON struct c138_json *log = NULL;
    struct log_filter f;
    if (!newline || c138_json_parse((const char *)newline + 1, size - (size_t)(newline + 1 - data),
                                    &log, NULL) < 0)
        return 0;
    C138_FREE char *event = c138_xstrndup((const char *)data, (size_t)(newline - data));
    /* An object may bring its own addresses and args. */
    if (log_filter_init(&f, *event ? event : NULL, c138_json_get(log, "addresses"),
                        c138_json_get(log, "args"), NULL) < 0)
        return 0;
    C138_JSON struct c138_json *range = log_filter_range(&f, 1, UINT64_MAX);
    if (c138_json_count(range) != 1)
        __builtin_trap();
    read_as(&f, log);
    log_filter_deinit(&f);
    return 0;
}
