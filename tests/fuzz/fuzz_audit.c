/* An audit log: whatever it holds, verify ends, names what is wrong, and does not take a longer file
 * for the same chain. */
#include <audit/audit.h>
#include <base/mem.h>

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int verify(const char *path, uint64_t *ret_seq) {
    C138_JSON struct c138_json *report = NULL;
    if (audit_verify(path, 0, NULL, &report, NULL) < 0)
        __builtin_trap();
    int ok = c138_json_get_bool(report, "ok", 0);
    if (ok != (c138_json_count(c138_json_get(report, "problems")) == 0))
        __builtin_trap();
    *ret_seq = c138_json_get_uint(c138_json_get(report, "head"), "seq", 0);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    C138_JSON struct c138_json *shown = NULL, *report = NULL;
    char path[64];
    uint64_t seq = 0;
    int fd = memfd_create("audit", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        __builtin_trap();
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int ok = verify(path, &seq);
    if (audit_show(path, &(struct audit_filter){.limit = 5}, &shown, NULL) < 0)
        __builtin_trap();
    if (ok) { /* one record less than the store knows, and one line more than there is */
        if (audit_verify(path, seq + 1, "00", &report, NULL) < 0 ||
            c138_json_get_bool(report, "ok", 1))
            __builtin_trap();
        if (pwrite(fd, "{}\n", 3, (off_t)size) != 3 || verify(path, &seq))
            __builtin_trap();
    }
    close(fd);
    return 0;
}
