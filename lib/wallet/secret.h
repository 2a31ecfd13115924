/*
 * wallet/secret.h: memory for what must not be seen: keys, passwords, seeds, words.
 *
 * Design. This room never decides where a secret lives: the caller passes a `struct secret_host`
 * in, and every secret that comes out, and every intermediate that is one, is taken from it and
 * given back wiped. So the keys plugin can answer with memfd_secret(2) or locked pages, and a test
 * with memory that it looks through afterwards. Randomness comes the same way.
 *
 * What is not covered: registers, and what libraries keep on the stack while they run.
 * secret_deinit() clears the stack below its caller, which is where those libraries ran.
 *
 * No function of this room writes a secret to a log or into a c138_err. Errors name positions and
 * lengths. Thread: none of this locks; a host may be shared by threads if its functions may.
 */
#ifndef C138_WALLET_SECRET_H
#define C138_WALLET_SECRET_H
#include <base/err.h>
#include <base/mem.h>

struct secret_host {
    /* Memory of at least `bytes`, aligned for any type; NULL when there is none left. */
    void *(*take)(void *context, size_t bytes);
    /* Takes it back; it is wiped already. `bytes` as it was asked for. */
    void (*give)(void *context, void *p, size_t bytes);
    /* Fills with unpredictable bytes; 0 or a negative status. */
    c138_status (*random)(void *context, void *bytes, size_t length);
    void *context;
};
/* calloc, free and getrandom(2): for programs whose whole memory is guarded, and for tests. */
const struct secret_host *secret_host_heap(void);

/* Bytes with an owner. SECRET_NULL is empty and may be deinit. Always a NUL behind the last byte.
 */
struct secret {
    uint8_t *bytes;
    size_t length, capacity;
    const struct secret_host *host; /* must outlive it */
};
#define SECRET_NULL ((struct secret){0})

/* Room for `capacity` bytes, empty. C138_E_LIMIT when the host has none left. */
c138_status secret_init(struct secret *s, const struct secret_host *host, size_t capacity,
                        struct c138_err *err);
/* The same with `length` zero bytes in it: for a struct of intermediates. */
c138_status secret_init_zero(struct secret *s, const struct secret_host *host, size_t length,
                             struct c138_err *err);
c138_status secret_init_copy(struct secret *s, const struct secret_host *host, const void *bytes,
                             size_t length, struct c138_err *err);
/* C138_E_LIMIT when it does not fit: nothing is added. */
c138_status secret_add(struct secret *s, const void *bytes, size_t length);
c138_status secret_adds(struct secret *s, const char *text);
/* Wipes and gives back; wipes the stack below the caller; leaves SECRET_NULL. */
void secret_deinit(struct secret *s);
#define SECRET C138_CLEANUP(secret_deinit) struct secret
/* Hands over: gives the value and leaves SECRET_NULL. */
struct secret secret_steal(struct secret *s);
c138_status secret_random(const struct secret_host *host, void *bytes, size_t length,
                          struct c138_err *err);
/* A whole regular file, never through other memory. Errors as c138_file_read. */
c138_status secret_file_read(const struct secret_host *host, const char *path, size_t max_bytes,
                             struct secret *ret_text, struct c138_err *err);
#endif
