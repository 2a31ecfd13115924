/*
 * base/buf.h: a byte buffer that grows to a bound. Always NUL-terminated behind its last byte.
 * Embedded: C138_BUF_NULL is a valid empty buffer; deinit takes it, and leaves it so again. Not for
 * several threads.
 */
#ifndef C138_BASE_BUF_H
#define C138_BASE_BUF_H
#include <base/mem.h>
#include <chain138/abi.h>
#include <stdarg.h>

struct c138_buf {
    char *data;      /* NULL only while empty and never written: use c138_buf_text() */
    size_t length;   /* bytes, without the NUL */
    size_t capacity; /* bytes allocated */
    size_t max;      /* 0: no bound; else add fails past it */
    int overflow;    /* 1 after an add that did not fit: nothing of it was added */
};
#define C138_BUF_NULL ((struct c138_buf){0})
#define C138_BUF_MAX(bytes) ((struct c138_buf){.max = (bytes)})

void c138_buf_deinit(struct c138_buf *b);
void c138_buf_reset(struct c138_buf *b); /* empty, memory kept */
/* 0 or C138_E_LIMIT (and b->overflow). */
c138_status c138_buf_add(struct c138_buf *b, const void *bytes, size_t length);
c138_status c138_buf_adds(struct c138_buf *b, const char *text);
c138_status c138_buf_addc(struct c138_buf *b, char c);
c138_status c138_buf_addf(struct c138_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
c138_status c138_buf_addv(struct c138_buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
/* Never NULL. Valid until the next change. */
const char *c138_buf_text(const struct c138_buf *b);
/* Hands the text over (the caller frees it) and leaves the buffer empty. Never NULL. */
char *c138_buf_steal(struct c138_buf *b);
#define C138_BUF C138_CLEANUP(c138_buf_deinit)
#endif
