/* Eight bytes: a time; one: a zone; the rest: an expression. */
#include <base/mem.h>
#include <schema/cron.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"UTC", "Europe/Berlin", "Australia/Lord_Howe",
                                        "Pacific/Apia"};
    struct cron c;
    struct zone *z = NULL;
    int64_t after, next, third;
    if (size < 9)
        return 0;
    memcpy(&after, data, sizeof(after));
    C138_FREE char *text = c138_xstrndup((const char *)data + 9, size - 9);
    struct c138_err err = {0};
    if (cron_parse(text, &c, &err) < 0) {
        if (!*err.text)
            __builtin_trap();
        return 0;
    }
    if (zone_new(names[data[8] % C138_COUNT(names)], &z, NULL) < 0)
        return 0;
    after %= INT64_C(8000000000000000000); /* within the years of int64 nanoseconds */
    if (cron_next(&c, z, after, &next) >= 0) {
        if (next <= after || next % INT64_C(1000000000) != 0)
            __builtin_trap();
        /* Nothing lies between. */
        if (next - 1 > after && (cron_next(&c, z, next - 1, &third) < 0 || third != next))
            __builtin_trap();
    }
    zone_free(z);
    return 0;
}
