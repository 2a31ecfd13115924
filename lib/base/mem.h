/*
 * base/mem.h: memory that is there or ends the process, and owners that clean up after themselves.
 *
 * Sizes that come from outside are bounded before they get here, so that a failed allocation means
 * an exhausted machine: the process ends with a line on standard error, and the supervisor starts
 * it again from what is on disk.
 */
#ifndef C138_BASE_MEM_H
#define C138_BASE_MEM_H
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

void *c138_xmalloc(size_t size);
void *c138_xcalloc(size_t count, size_t size);
void *c138_xrealloc(void *p, size_t size);
char *c138_xstrdup(const char *text); /* NULL gives NULL */
char *c138_xstrndup(const char *text, size_t length);
char *c138_xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Clears memory in a way that the compiler keeps. */
void c138_wipe(void *p, size_t size);

static inline void c138_cleanup_free_(void *p) {
    free(*(void **)p);
}
static inline void c138_cleanup_close_(int *fd) {
    if (*fd >= 0)
        (void)close(*fd);
}
#define C138_CLEANUP(fn) __attribute__((cleanup(fn)))
#define C138_FREE C138_CLEANUP(c138_cleanup_free_)
#define C138_CLOSE C138_CLEANUP(c138_cleanup_close_)
/* Hands a pointer over: gives its value and leaves NULL behind. */
#define C138_STEAL(p)                                                                              \
    (__extension__({                                                                               \
        __typeof__(p) stolen_ = (p);                                                               \
        (p) = NULL;                                                                                \
        stolen_;                                                                                   \
    }))
#define C138_COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* The struct around a member. */
#define C138_CONTAINER(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))
#endif
