/* What backups read from places that others can write to: manifests, lines of hashes, answers of S3, lines of restic, and archives. The
 * first byte chooses. */
#include <plugins/backup/manifest.h>
#include <plugins/backup/pack.h>
#include <plugins/backup/restic.h>
#include <plugins/backup/s3.h>

#include <base/mem.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void a_manifest(const char *text, size_t length) {
    struct manifest *m = NULL;
    if (manifest_parse(text, length, &m, NULL) >= 0)
        for (size_t i = 0; i < m->n_items; i++)
            if (strcmp(m->engine, "archive") == 0 && strchr(m->items[i].object, '/'))
                abort();
    (void)manifest_free(m);
}

static void a_sum(const char *text, size_t length) {
    uint8_t digest[32];
    C138_FREE char *path = NULL;
    C138_BUF struct c138_buf again = C138_BUF_NULL;
    if (pack_sum_parse(text, length, digest, &path) < 0)
        return;
    pack_sum_format(&again, digest, path);
}

static void an_answer(const char *text, size_t length) {
    static const char *const tags[] = {"Code", "Contents", "Key", "UploadId", "NextContinuationToken"};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    for (size_t i = 0; i < C138_COUNT(tags); i++) {
        size_t at = 0, before = 0;
        while (s3_xml_next(text, length, &at, tags[i], &out)) {
            if (at <= before || at > length)
                abort();
            before = at;
        }
    }
}

static void a_line(const char *text, size_t length) {
    struct restic_summary s = {0};
    uint64_t done = 0;
    restic_read_line(text, length, &s, &done);
    if (s.seen && strspn(s.snapshot, "0123456789abcdef") != strlen(s.snapshot))
        abort();
}

struct bytes {
    struct pack_source source; /* first */
    const uint8_t *at;
    size_t left;
};

static c138_status next(struct pack_source *s, void *into, size_t max, size_t *ret_length,
                        struct c138_err *err) {
    struct bytes *b = (struct bytes *)s;
    (void)err;
    *ret_length = b->left < max ? b->left : max;
    if (*ret_length)
        memcpy(into, b->at, *ret_length);
    b->at += *ret_length;
    b->left -= *ret_length;
    return C138_OK;
}

static void an_archive(const uint8_t *data, size_t size) {
    const struct unpack_options o = {.sums = "/dev/null", .files = 1};
    struct bytes b = {{next}, data, size};
    struct unpack_result r;
    (void)pack_read(&o, &b.source, &r, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    C138_FREE char *text = c138_xstrndup((const char *)data + 1, size - 1);
    size_t length = strlen(text);
    switch (data[0] % 5) {
    case 0:
        a_manifest(text, length);
        break;
    case 1:
        a_sum(text, length);
        break;
    case 2:
        an_answer(text, length);
        break;
    case 3:
        a_line(text, length);
        break;
    default:
        an_archive(data + 1, size - 1);
    }
    return 0;
}
