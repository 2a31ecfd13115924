#include <wallet/secret.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

static void *heap_take(void *context, size_t bytes) {
    (void)context;
    return calloc(1, bytes);
}

static void heap_give(void *context, void *p, size_t bytes) {
    (void)context;
    (void)bytes;
    free(p);
}

static c138_status heap_random(void *context, void *bytes, size_t length) {
    (void)context;
    for (uint8_t *p = bytes; length;) {
        ssize_t n = getrandom(p, length < 256 ? length : 256, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return C138_E_UNAVAILABLE;
        p += n;
        length -= (size_t)n;
    }
    return C138_OK;
}

const struct secret_host *secret_host_heap(void) {
    static const struct secret_host heap = {heap_take, heap_give, heap_random, NULL};
    return &heap;
}

c138_status secret_init(struct secret *s, const struct secret_host *host, size_t capacity,
                        struct c138_err *err) {
    uint8_t *bytes = host->take(host->context, capacity + 1);
    if (!bytes)
        return c138_error(
            err, C138_E_LIMIT, "secret.memory",
            "no protected memory left for %zu bytes: raise the limit of locked memory "
            "(LimitMEMLOCK) or forget keys that are not needed",
            capacity);
    memset(bytes, 0, capacity + 1);
    *s = (struct secret){.bytes = bytes, .capacity = capacity, .host = host};
    return C138_OK;
}

c138_status secret_init_zero(struct secret *s, const struct secret_host *host, size_t length,
                             struct c138_err *err) {
    c138_status status = secret_init(s, host, length, err);
    if (status == C138_OK)
        s->length = length;
    return status;
}

c138_status secret_init_copy(struct secret *s, const struct secret_host *host, const void *bytes,
                             size_t length, struct c138_err *err) {
    c138_status status = secret_init(s, host, length, err);
    return status < 0 ? status : secret_add(s, bytes, length);
}

c138_status secret_add(struct secret *s, const void *bytes, size_t length) {
    if (length > s->capacity - s->length)
        return C138_E_LIMIT;
    if (length)
        memcpy(s->bytes + s->length, bytes, length);
    s->length += length;
    s->bytes[s->length] = 0;
    return C138_OK;
}

c138_status secret_adds(struct secret *s, const char *text) {
    return secret_add(s, text, strlen(text));
}

/* What was called before used the stack below: this lies over it. The deepest of them (SHA-512 of
 * libsodium, libsecp256k1's tables) stay within 8 KiB. */
static __attribute__((noinline)) void burn_stack(void) {
    uint8_t stack[16384];
    explicit_bzero(stack, sizeof(stack));
}

void secret_deinit(struct secret *s) {
    if (s->bytes) {
        c138_wipe(s->bytes, s->capacity + 1);
        s->host->give(s->host->context, s->bytes, s->capacity + 1);
    }
    *s = SECRET_NULL;
    burn_stack();
}

struct secret secret_steal(struct secret *s) {
    struct secret stolen = *s;
    *s = SECRET_NULL;
    return stolen;
}

c138_status secret_random(const struct secret_host *host, void *bytes, size_t length,
                          struct c138_err *err) {
    c138_status status = host->random(host->context, bytes, length);
    return status < 0 ? c138_error(err, status, "secret.random",
                                   "no randomness from the kernel: nothing was made")
                      : C138_OK;
}

static c138_status read_all(int fd, struct secret *s, const char *path, struct c138_err *err) {
    for (;;) {
        /* One byte more than fits shows a file that is too large or grows. */
        uint8_t *end = s->bytes + s->length;
        ssize_t n = read(fd, end, s->capacity + 1 - s->length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return c138_error(err, C138_E_UNAVAILABLE, "file.read", "%s: %m", path);
        if (n == 0)
            return C138_OK;
        if ((size_t)n > s->capacity - s->length)
            return c138_error(err, C138_E_LIMIT, "file.size", "%s: more than %zu bytes", path,
                              s->capacity);
        s->length += (size_t)n;
    }
}

c138_status secret_file_read(const struct secret_host *host, const char *path, size_t max_bytes,
                             struct secret *ret_text, struct c138_err *err) {
    C138_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return c138_error(err,
                          errno == ENOENT                     ? C138_E_NOTFOUND
                          : errno == EACCES || errno == EPERM ? C138_E_DENIED
                                                              : C138_E_UNAVAILABLE,
                          "file.open", "%s: %m", path);
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return c138_error(err, C138_E_INVALID, "file.kind", "%s: not a regular file", path);
    SECRET text = SECRET_NULL;
    c138_status status = secret_init(&text, host, max_bytes, err);
    if (status == C138_OK)
        status = read_all(fd, &text, path, err);
    if (status != C138_OK)
        return status;
    text.bytes[text.length] = 0;
    *ret_text = secret_steal(&text);
    return C138_OK;
}
