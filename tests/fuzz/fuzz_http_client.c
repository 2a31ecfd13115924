#include <ctl/answer.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says in how large pieces the answer arrives. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct answer a;
    struct c138_err err;
    size_t step = size ? (size_t)data[0] + 1 : 1, used = 0;
    c138_status status = C138_OK;
    answer_init(&a, 4096);
    for (size_t i = 1; i < size && status >= 0 && a.part != ANSWER_DONE; i += step)
        status =
            answer_feed(&a, (const char *)data + i, size - i < step ? size - i : step, &used, &err);
    if (status >= 0)
        (void)answer_eof(&a, &err);
    answer_deinit(&a);
    return 0;
}
