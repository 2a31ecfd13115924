#include <base/mem.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void *check(void *p, size_t size) {
    if (!p && size) {
        static const char text[] = "out of memory: the process ends\n";
        (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
        abort();
    }
    return p;
}

void *c138_xmalloc(size_t size) {
    return check(malloc(size ? size : 1), 1);
}

void *c138_xcalloc(size_t count, size_t size) {
    return check(calloc(count ? count : 1, size ? size : 1), 1);
}

void *c138_xrealloc(void *p, size_t size) {
    return check(realloc(p, size ? size : 1), 1);
}

char *c138_xstrdup(const char *text) {
    return text ? check(strdup(text), 1) : NULL;
}

char *c138_xstrndup(const char *text, size_t length) {
    return check(strndup(text, length), 1);
}

char *c138_xasprintf(const char *fmt, ...) {
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    return check(n < 0 ? NULL : text, 1);
}

void c138_wipe(void *p, size_t size) {
    if (p)
        explicit_bzero(p, size);
}
