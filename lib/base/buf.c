#include <base/buf.h>
#include <base/mem.h>

#include <stdio.h>
#include <string.h>

void c138_buf_deinit(struct c138_buf *b) {
    free(b->data);
    *b = (struct c138_buf){.max = b->max};
}

void c138_buf_reset(struct c138_buf *b) {
    b->length = 0;
    b->overflow = 0;
    if (b->data)
        b->data[0] = '\0';
}

/* Room for `more` bytes and a NUL. */
static c138_status reserve(struct c138_buf *b, size_t more) {
    if (more > SIZE_MAX / 2 - b->length || (b->max && b->length + more > b->max)) {
        b->overflow = 1;
        return C138_E_LIMIT;
    }
    size_t need = b->length + more + 1;
    if (need <= b->capacity)
        return C138_OK;
    size_t capacity = b->capacity ? b->capacity : 64;
    while (capacity < need)
        capacity += capacity / 2 + 64;
    b->data = c138_xrealloc(b->data, capacity);
    b->capacity = capacity;
    return C138_OK;
}

c138_status c138_buf_add(struct c138_buf *b, const void *bytes, size_t length) {
    c138_status status = reserve(b, length);
    if (status < 0)
        return status;
    if (length)
        memcpy(b->data + b->length, bytes, length);
    b->length += length;
    b->data[b->length] = '\0';
    return C138_OK;
}

c138_status c138_buf_adds(struct c138_buf *b, const char *text) {
    return c138_buf_add(b, text, strlen(text));
}

c138_status c138_buf_addc(struct c138_buf *b, char c) {
    return c138_buf_add(b, &c, 1);
}

c138_status c138_buf_addv(struct c138_buf *b, const char *fmt, va_list ap) {
    va_list again;
    va_copy(again, ap);
    char small[256];
    int n = vsnprintf(small, sizeof(small), fmt, ap);
    c138_status status = C138_E_INTERNAL;
    if (n >= 0 && (size_t)n < sizeof(small)) {
        status = c138_buf_add(b, small, (size_t)n);
    } else if (n >= 0) {
        status = reserve(b, (size_t)n);
        if (status >= 0) {
            (void)vsnprintf(b->data + b->length, (size_t)n + 1, fmt, again);
            b->length += (size_t)n;
        }
    }
    va_end(again);
    return status;
}

c138_status c138_buf_addf(struct c138_buf *b, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    c138_status status = c138_buf_addv(b, fmt, ap);
    va_end(ap);
    return status;
}

const char *c138_buf_text(const struct c138_buf *b) {
    return b->data ? b->data : "";
}

char *c138_buf_steal(struct c138_buf *b) {
    char *text = b->data ? b->data : c138_xstrdup("");
    *b = (struct c138_buf){.max = b->max};
    return text;
}
