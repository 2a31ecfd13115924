#include "vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

/* Pieces follow one another without a gap; free neighbours are joined when they are walked over. */
struct piece {
    size_t size; /* of what follows this head; a multiple of STEP */
    size_t taken;
};
#define STEP sizeof(struct piece)
_Static_assert(sizeof(struct piece) % _Alignof(max_align_t) == 0, "pieces keep the alignment");

struct vault {
    uint8_t *memory;
    const char *kind;
    size_t used;
    struct secret_host host;
};

static struct piece *piece_at(const struct vault *v, size_t at) {
    return (struct piece *)(void *)(v->memory + at);
}

static void join(const struct vault *v, size_t at) {
    struct piece *p = piece_at(v, at);
    for (size_t next = at + STEP + p->size; next < VAULT_SIZE; next = at + STEP + p->size) {
        const struct piece *n = piece_at(v, next);
        if (n->taken)
            return;
        p->size += STEP + n->size;
    }
}

static void *take(void *context, size_t bytes) {
    struct vault *v = context;
    if (bytes > VAULT_SIZE)
        return NULL;
    size_t size = (bytes + STEP - 1) / STEP * STEP;
    for (size_t at = 0; at < VAULT_SIZE; at += STEP + piece_at(v, at)->size) {
        struct piece *p = piece_at(v, at);
        if (p->taken)
            continue;
        join(v, at);
        if (p->size < size)
            continue;
        if (p->size >= size + 2 * STEP) {
            *piece_at(v, at + STEP + size) = (struct piece){.size = p->size - size - STEP};
            p->size = size;
        }
        p->taken = 1;
        v->used += p->size;
        return p + 1;
    }
    return NULL;
}

static void give(void *context, void *p, size_t bytes) {
    struct vault *v = context;
    struct piece *piece = (struct piece *)p - 1;
    (void)bytes;
    c138_wipe(p, piece->size);
    piece->taken = 0;
    v->used -= piece->size;
}

static c138_status fill(void *context, void *bytes, size_t length) {
    (void)context;
    for (uint8_t *p = bytes; length;) {
        ssize_t n = getrandom(p, length, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return C138_E_INTERNAL;
        p += n;
        length -= (size_t)n;
    }
    return C138_OK;
}

/* Pages are touched once: what the kernel cannot give shows now, not in the middle of work. */
static void *secret_pages(void) {
    int fd = (int)syscall(SYS_memfd_secret, (unsigned)O_CLOEXEC);
    if (fd < 0)
        return NULL;
    void *p = ftruncate(fd, VAULT_SIZE) < 0
                  ? MAP_FAILED
                  : mmap(NULL, VAULT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    return p == MAP_FAILED ? NULL : p;
}

static void *locked_pages(void) {
    void *p = mmap(NULL, VAULT_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (mlock(p, VAULT_SIZE) == 0 && madvise(p, VAULT_SIZE, MADV_DONTDUMP) == 0)
        return p;
    (void)munmap(p, VAULT_SIZE);
    return NULL;
}

c138_status vault_new(struct vault **ret_vault, struct c138_err *err) {
    const char *kind = "memfd_secret";
    uint8_t *memory = secret_pages();
    if (!memory) {
        kind = "locked memory";
        memory = locked_pages();
    }
    if (!memory)
        return c138_error(err, C138_E_INTERNAL, "keys.memory",
                          "there is no memory that may hold keys: the kernel gives neither "
                          "memfd_secret nor %u KiB of locked pages (%s): raise LimitMEMLOCK",
                          VAULT_SIZE >> 10, strerror(errno));
    (void)madvise(memory, VAULT_SIZE, MADV_DONTFORK);
    struct vault *v = c138_xcalloc(1, sizeof(*v));
    *v = (struct vault){.memory = memory,
                        .kind = kind,
                        .host = {.take = take, .give = give, .random = fill, .context = v}};
    *piece_at(v, 0) = (struct piece){.size = VAULT_SIZE - STEP};
    *ret_vault = v;
    return C138_OK;
}

struct vault *vault_free(struct vault *v) {
    if (!v)
        return NULL;
    c138_wipe(v->memory, VAULT_SIZE);
    (void)munmap(v->memory, VAULT_SIZE);
    free(v);
    return NULL;
}

const struct secret_host *vault_host(struct vault *v) {
    return &v->host;
}

const char *vault_kind(const struct vault *v) {
    return v->kind;
}

size_t vault_used(const struct vault *v) {
    return v->used;
}
