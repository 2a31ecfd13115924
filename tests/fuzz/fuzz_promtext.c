#include <net/promtext.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_sample(void *user, const char *name, const char *labels, double value) {
    *(size_t *)user += strlen(name) + strlen(labels) + (value > 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct c138_err err;
    size_t sum = 0;
    (void)c138_prom_parse((const char *)data, size, on_sample, &sum, &err);
    return 0;
}
