#include "recorded.h"

#include <base/buf.h>
#include <base/fs.h>
#include <base/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const recorded_versions[] = {"besu-25.5.0", "besu-26.8.0", NULL};

char *recorded_text(const char *version, const char *file) {
    struct c138_buf text = C138_BUF_NULL;
    struct c138_err err = {0};
    const char *base = getenv("srcdir") ? getenv("srcdir") : ".";
    C138_FREE char *path = c138_xasprintf("%s/tests/data/%s/%s", base, version, file);
    if (c138_file_read(path, 4 << 20, &text, &err) != C138_OK) {
        printf("%s (run it with srcdir set)\n", err.text);
        exit(99);
    }
    return c138_buf_steal(&text);
}

struct c138_json *recorded_json(const char *version, const char *file) {
    C138_FREE char *text = recorded_text(version, file);
    struct c138_json *value = NULL;
    struct c138_err err = {0};
    if (c138_json_parse(text, strlen(text), &value, &err) != C138_OK) {
        printf("%s/%s: %s\n", version, file, err.text);
        exit(99);
    }
    return value;
}

const struct c138_json *recorded_case(const struct c138_json *entries, const char *name) {
    for (size_t i = 0; i < c138_json_count(entries); i++)
        if (strcmp(c138_json_get_str(c138_json_at(entries, i), "case", ""), name) == 0)
            return c138_json_at(entries, i);
    return NULL;
}

const struct c138_json *recorded_result(const struct c138_json *entries, const char *name) {
    return c138_json_path(recorded_case(entries, name), "response.result");
}
