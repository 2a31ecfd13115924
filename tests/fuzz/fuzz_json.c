#include <base/json.h>
#include <base/text.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was parsed must be written so that it is parsed again to the same, in each of the forms. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    C138_JSON struct c138_json *v = NULL, *compact = NULL, *pretty = NULL, *sorted = NULL;
    struct c138_err err = {0};
    if (c138_json_parse((const char *)data, size, &v, &err) < 0) {
        if (!*err.text)
            __builtin_trap();
        return 0;
    }
    C138_FREE char *a = c138_json_dump(v), *b = c138_json_pretty(v), *c = c138_json_canonical(v);
    if (c138_json_parse(a, strlen(a), &compact, NULL) < 0 ||
        c138_json_parse(b, strlen(b), &pretty, NULL) < 0 ||
        c138_json_parse(c, strlen(c), &sorted, NULL) < 0)
        __builtin_trap();
    C138_FREE char *a2 = c138_json_canonical(compact), *b2 = c138_json_canonical(pretty),
                   *c2 = c138_json_canonical(sorted);
    if (strcmp(a2, c) != 0 || strcmp(b2, c) != 0 || strcmp(c2, c) != 0)
        __builtin_trap();
    return 0;
}
