/* The lines of hashes beside an archive: pack.h. */
#include "pack.h"

#include <base/mem.h>
#include <base/text.h>

#include <string.h>

void pack_sum_format(struct c138_buf *out, const uint8_t digest[32], const char *path) {
    char hex[65];
    c138_hex_encode(digest, 32, hex);
    int escape = strpbrk(path, "\n\\") != NULL;
    (void)c138_buf_addf(out, "%s%s  ", escape ? "\\" : "", hex);
    for (const char *p = path; *p; p++) {
        if (*p == '\n')
            (void)c138_buf_adds(out, "\\n");
        else if (*p == '\\')
            (void)c138_buf_adds(out, "\\\\");
        else
            (void)c138_buf_addc(out, *p);
    }
    (void)c138_buf_addc(out, '\n');
}

static char *unescape(const char *text, size_t length) {
    char *out = c138_xmalloc(length + 1);
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '\\') {
            out[n++] = text[i];
            continue;
        }
        i++;
        if (i == length || (text[i] != 'n' && text[i] != '\\')) {
            free(out);
            return NULL;
        }
        out[n++] = text[i] == 'n' ? '\n' : '\\';
    }
    out[n] = '\0';
    return out;
}

c138_status pack_sum_parse(const char *line, size_t length, uint8_t ret_digest[32],
                           char **ret_path) {
    size_t escaped = length && line[0] == '\\', begin = 66 + escaped;
    if (length <= begin || memchr(line, '\0', length) || line[begin - 1] != ' ' ||
        line[begin - 2] != ' ' || c138_hex_decode(line + escaped, 64, ret_digest) < 0)
        return C138_E_INVALID;
    char *path = escaped ? unescape(line + begin, length - begin)
                         : c138_xstrndup(line + begin, length - begin);
    if (!path)
        return C138_E_INVALID;
    *ret_path = path;
    return C138_OK;
}
