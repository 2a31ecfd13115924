#include "rig.h"

#include <plugins/backup/pack.h>

#include <base/fs.h>
#include <base/mem.h>

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define LARGE ((3u << 20) + 17)

struct packed {
    struct folder folder;
    char *source, *object, *sums, *into;
    struct pack_result made;
};

static struct packed packed_new(void) {
    struct packed p = {.folder = folder_new()};
    C138_FREE char *large = c138_xmalloc(LARGE);
    p.source = folder_at(&p.folder, "source");
    p.object = folder_at(&p.folder, "object");
    p.sums = folder_at(&p.folder, "sums");
    p.into = folder_at(&p.folder, "into");
    for (size_t i = 0; i < LARGE; i++)
        large[i] = (char)(i * i >> 7);
    folder_write(&p.folder, "source/database/000001.sst", large, LARGE);
    folder_write(&p.folder, "source/empty", "", 0);
    folder_write(&p.folder, "source/small", "small", 5);
    C138_FREE char *link = folder_at(&p.folder, "source/link");
    CU_ASSERT_EQUAL(symlink("small", link), 0);
    return p;
}

static c138_status pack(struct packed *p, struct c138_err *err) {
    struct tree tree = TREE_NULL;
    const struct pack_options o = {.threads = 2};
    c138_status status = tree_scan(p->source, NULL, &tree, err);
    if (status >= 0)
        status = pack_write(&o, &tree, p->object, p->sums, &p->made, err);
    tree_deinit(&tree);
    return status;
}

static c138_status unpack(const struct packed *p, const char *into, struct unpack_result *ret,
                          struct c138_err *err) {
    struct pack_file file;
    const struct unpack_options o = {.into = into,
                                     .sums = p->sums,
                                     .files = p->made.files,
                                     .stored_sha256 = p->made.stored_sha256};
    CU_ASSERT_EQUAL_FATAL(pack_file_open(&file, p->object, err), C138_OK);
    c138_status status = pack_read(&o, &file.source, ret, err);
    pack_file_close(&file);
    return status;
}

static void packed_free(struct packed *p) {
    folder_free(&p->folder);
    free(p->source);
    free(p->object);
    free(p->sums);
    free(p->into);
}

static void there_and_back(void) {
    struct packed p = packed_new();
    struct unpack_result r = {0};
    struct stat st;
    CU_ASSERT_EQUAL_FATAL(pack(&p, NULL), C138_OK);
    CU_ASSERT_EQUAL(p.made.files, 3);
    CU_ASSERT_EQUAL(p.made.bytes, LARGE + 5);
    CU_ASSERT_EQUAL(stat(p.object, &st), 0);
    CU_ASSERT_EQUAL(p.made.stored_bytes, (uint64_t)st.st_size);
    CU_ASSERT_EQUAL(unpack(&p, NULL, &r, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(unpack(&p, p.into, &r, NULL), C138_OK);
    CU_ASSERT_EQUAL(r.bytes, p.made.bytes);
    CU_ASSERT_TRUE(folder_is(&p.folder, "into/small", "small", 5));
    CU_ASSERT_TRUE(folder_is(&p.folder, "into/empty", "", 0));
    C138_FREE char *link = folder_at(&p.folder, "into/link");
    char target[16] = "";
    CU_ASSERT_EQUAL(readlink(link, target, sizeof(target)), 5);
    /* Neither is written over. */
    CU_ASSERT_EQUAL(pack(&p, NULL), C138_E_CONFLICT);
    CU_ASSERT_TRUE(unpack(&p, p.into, &r, NULL) < 0);
    packed_free(&p);
}

/* Any bit, anywhere: in zstd's frame, in the tar below it, in the sums. */
static void every_flipped_bit_is_found(void) {
    struct packed p = packed_new();
    struct unpack_result r;
    CU_ASSERT_EQUAL_FATAL(pack(&p, NULL), C138_OK);
    C138_BUF struct c138_buf object = C138_BUF_NULL, sums = C138_BUF_NULL;
    CU_ASSERT_EQUAL(c138_file_read(p.object, 1u << 26, &object, NULL), C138_OK);
    CU_ASSERT_EQUAL(c138_file_read(p.sums, 1u << 26, &sums, NULL), C138_OK);
    for (size_t i = 0; i < 60; i++) {
        size_t at = i * object.length / 60;
        object.data[at] ^= 0x10;
        CU_ASSERT_EQUAL(c138_file_write(p.object, 0644, object.data, object.length, NULL), C138_OK);
        CU_ASSERT_TRUE(unpack(&p, NULL, &r, NULL) < 0);
        object.data[at] ^= 0x10;
    }
    for (size_t cut = 1; cut < object.length; cut *= 3) {
        CU_ASSERT_EQUAL(c138_file_write(p.object, 0644, object.data, object.length - cut, NULL),
                        C138_OK);
        CU_ASSERT_EQUAL(unpack(&p, NULL, &r, NULL), C138_E_CONFLICT);
    }
    CU_ASSERT_EQUAL(c138_file_write(p.object, 0644, object.data, object.length, NULL), C138_OK);
    for (size_t i = 0; i < sums.length; i += 13) {
        sums.data[i] ^= 1;
        CU_ASSERT_EQUAL(c138_file_write(p.sums, 0644, sums.data, sums.length, NULL), C138_OK);
        CU_ASSERT_EQUAL(unpack(&p, NULL, &r, NULL), C138_E_CONFLICT);
        sums.data[i] ^= 1;
    }
    packed_free(&p);
}

/* A tar that somebody else made, with sums that fit: names and kinds are still not believed. */
static void craft(struct packed *p, const char *name, unsigned type, const char *link) {
    char tar[65536], stored[70000];
    size_t used = 0;
    struct archive *a = archive_write_new();
    (void)archive_write_set_format_pax(a);
    (void)archive_write_open_memory(a, tar, sizeof(tar), &used);
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, type);
    archive_entry_set_perm(e, 06777);
    archive_entry_set_size(e, 0);
    if (link && type == AE_IFLNK)
        archive_entry_set_symlink(e, link);
    else if (link)
        archive_entry_set_hardlink(e, link);
    (void)archive_write_header(a, e);
    if (link && type == AE_IFLNK) { /* and a file below the link */
        C138_FREE char *below = c138_xasprintf("%s/pwned", name);
        archive_entry_clear(e);
        archive_entry_set_pathname(e, below);
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_perm(e, 0644);
        archive_entry_set_size(e, 0);
        (void)archive_write_header(a, e);
    }
    archive_entry_free(e);
    (void)archive_write_free(a);
    size_t n = ZSTD_compress(stored, sizeof(stored), tar, used, 1);
    CU_ASSERT_FALSE_FATAL(ZSTD_isError(n));
    CU_ASSERT_EQUAL(c138_file_write(p->object, 0644, stored, n, NULL), C138_OK);
    C138_FREE char *sums = c138_xasprintf(
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  %s%s\n", name,
        link && type == AE_IFLNK ? "/pwned" : "");
    CU_ASSERT_EQUAL(c138_file_write(p->sums, 0644, sums, strlen(sums), NULL), C138_OK);
}

static void nothing_leads_out(void) {
    struct packed p = packed_new();
    struct pack_file file;
    struct unpack_result r;
    const struct {
        const char *name;
        unsigned type;
        const char *link;
    } wrong[] = {{"../pwned", AE_IFREG, NULL},     {"/tmp/pwned", AE_IFREG, NULL},
                 {"a/../../pwned", AE_IFREG, NULL}, {"dev", AE_IFCHR, NULL},
                 {"pipe", AE_IFIFO, NULL},          {"hard", AE_IFREG, "/etc/passwd"},
                 {"link", AE_IFLNK, "/tmp"}};
    for (size_t i = 0; i < C138_COUNT(wrong); i++) {
        craft(&p, wrong[i].name, wrong[i].type, wrong[i].link);
        const struct unpack_options o = {.into = p.into, .sums = p.sums, .files = 1};
        CU_ASSERT_EQUAL_FATAL(pack_file_open(&file, p.object, NULL), C138_OK);
        CU_ASSERT_EQUAL(pack_read(&o, &file.source, &r, NULL), C138_E_CONFLICT);
        pack_file_close(&file);
        CU_ASSERT_EQUAL(files_remove(p.into, NULL), C138_OK);
    }
    CU_ASSERT_FALSE(files_exists("/tmp/pwned"));
    /* What is right about them is taken: no bits but rwx. */
    craft(&p, "fine", AE_IFREG, NULL);
    const struct unpack_options o = {.into = p.into, .sums = p.sums, .files = 1};
    struct stat st;
    C138_FREE char *fine = folder_at(&p.folder, "into/fine");
    CU_ASSERT_EQUAL_FATAL(pack_file_open(&file, p.object, NULL), C138_OK);
    CU_ASSERT_EQUAL(pack_read(&o, &file.source, &r, NULL), C138_OK);
    pack_file_close(&file);
    CU_ASSERT_TRUE(stat(fine, &st) == 0 && (st.st_mode & 07000) == 0);
    packed_free(&p);
}

/* A file that is cut while it is packed. */
struct cutter {
    const char *path;
    int done;
};

static void cut(void *user, uint64_t bytes) {
    struct cutter *c = user;
    (void)bytes;
    if (!c->done++)
        CU_ASSERT_EQUAL(truncate(c->path, 10), 0);
}

static void a_file_that_shrinks(void) {
    struct packed p = packed_new();
    C138_FREE char *path = folder_at(&p.folder, "source/database/000001.sst");
    struct cutter cutter = {path, 0};
    struct tree tree = TREE_NULL;
    struct c138_err err = {0};
    const struct pack_options o = {.threads = 1, .progress = cut, .user = &cutter};
    CU_ASSERT_EQUAL_FATAL(tree_scan(p.source, NULL, &tree, NULL), C138_OK);
    CU_ASSERT_EQUAL(pack_write(&o, &tree, p.object, p.sums, &p.made, &err), C138_E_CONFLICT);
    CU_ASSERT_STRING_EQUAL(err.key, "pack.vanished");
    tree_deinit(&tree);
    packed_free(&p);
}

const CU_TestInfo tests_pack[] = {{"there and back", there_and_back},
                                  {"every flipped bit is found", every_flipped_bit_is_found},
                                  {"nothing leads out", nothing_leads_out},
                                  {"a file that shrinks", a_file_that_shrinks},
                                  CU_TEST_INFO_NULL};
