/* What S3 answers, as far as it is read: text of flat elements. */
#include "s3.h"

#include <base/text.h>

#include <stdio.h>
#include <string.h>

#define TAG_MAX 64
#define TEXT_MAX 8192

static const char *find(const char *xml, size_t length, const char *text) {
    return memmem(xml, length, text, strlen(text));
}

static size_t entity(const char *p, size_t left, char *ret) {
    static const struct {
        const char *name;
        char c;
    } all[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''},
               {"&#34;", '"'}, {"&#39;", '\''}, {"&#x22;", '"'}, {"&#xD;", '\r'}};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        size_t n = strlen(all[i].name);
        if (n <= left && memcmp(p, all[i].name, n) == 0) {
            *ret = all[i].c;
            return n;
        }
    }
    return 0;
}

static void resolve(const char *text, size_t length, struct c138_buf *out) {
    for (size_t i = 0; i < length;) {
        char c = text[i];
        size_t n = c == '&' ? entity(text + i, length - i, &c) : 0;
        (void)c138_buf_addc(out, c);
        i += n ? n : 1;
    }
}

int s3_xml_next(const char *xml, size_t length, size_t *at, const char *tag,
                struct c138_buf *out) {
    char open[TAG_MAX + 4], close[TAG_MAX + 4];
    if (strlen(tag) > TAG_MAX || *at > length)
        return 0;
    (void)snprintf(open, sizeof(open), "<%s>", tag);
    (void)snprintf(close, sizeof(close), "</%s>", tag);
    const char *begin = find(xml + *at, length - *at, open);
    if (!begin)
        return 0;
    begin += strlen(open);
    const char *end = find(begin, length - (size_t)(begin - xml), close);
    if (!end || end - begin > TEXT_MAX)
        return 0;
    c138_buf_reset(out);
    /* What has elements in it is read further, and its entities then. */
    if (memchr(begin, '<', (size_t)(end - begin)))
        (void)c138_buf_add(out, begin, (size_t)(end - begin));
    else
        resolve(begin, (size_t)(end - begin), out);
    *at = (size_t)(end - xml) + strlen(close);
    return 1;
}

uint64_t s3_part_bytes(uint64_t configured, uint64_t size) {
    const uint64_t mib = 1u << 20;
    uint64_t needed = (size / 9000 / mib + 1) * mib;
    return needed > configured ? needed : configured;
}
