/* An OpenPGP message, armored or not, as gpg or somebody in its place hands it back. */
#include <base/buf.h>
#include <plugins/gpg/packets.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void recipients(const void *bytes, size_t length) {
    uint64_t ids[16];
    size_t count = 0;
    struct c138_err err = {0};
    c138_status status = packets_recipients(bytes, length, ids, 16, &count, &err);
    if (count > 16 || (status < 0) != (err.text[0] != '\0'))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    struct c138_err err = {0};
    recipients(data, size);
    if (packets_dearmor((const char *)data, size, &out, &err) >= 0)
        recipients(c138_buf_text(&out), out.length);
    return 0;
}
