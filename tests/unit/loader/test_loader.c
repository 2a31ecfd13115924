#include "unit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <loader/loader.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DIR_A LOADER_DIR "/a"
#define DIR_B LOADER_DIR "/b"

static void clear(const char *dir) {
    static const char *const names[] = {"good.so", "twin.so",        "text.so",
                                        "link.so", "ctor.so",        "old.so",
                                        "fifo.so", "newer-minor.so", ".hidden.so"};
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        C138_FREE char *path = c138_path_join(dir, names[i]);
        (void)unlink(path);
    }
    (void)chmod(dir, 0755);
}

static void fresh(void) {
    CU_ASSERT_EQUAL_FATAL(c138_mkdir_p(DIR_A, 0755, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(c138_mkdir_p(DIR_B, 0755, NULL), C138_OK);
    clear(DIR_A);
    clear(DIR_B);
}

/* Copies a fault plugin to `path`. */
static void put(const char *plugin, const char *path) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    C138_FREE char *from = c138_xasprintf(FAULT_PLUGIN_DIR "/%s.so", plugin);
    CU_ASSERT_EQUAL_FATAL(c138_file_read(from, 16 << 20, &b, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(c138_file_write(path, 0644, b.data, b.length, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(chmod(path, 0644), 0);
}

static c138_status try_open(const char *path, const char *name, struct c138_err *err) {
    int fd = -1;
    c138_note note;
    c138_status st = loader_open(path, name, &fd, &note, err);
    if (fd >= 0)
        (void)close(fd);
    return st;
}

static void test_open(void) {
    struct c138_err err;
    fresh();
    put("good", DIR_A "/good.so");
    CU_ASSERT_EQUAL(try_open(DIR_A "/good.so", "good", &err), C138_OK);
    CU_ASSERT_EQUAL(try_open(DIR_A "/good.so", NULL, &err), C138_OK);
    CU_ASSERT_EQUAL(try_open(DIR_A "/good.so", "besu", &err), C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "expected \"besu\""));
    CU_ASSERT_EQUAL(try_open(DIR_A "/none.so", NULL, &err), C138_E_NOTFOUND);
    CU_ASSERT_EQUAL(try_open(LOADER_DIR "/no/folder/x.so", NULL, &err), C138_E_NOTFOUND);
    put("newer-minor", DIR_A "/newer-minor.so");
    CU_ASSERT_EQUAL(try_open(DIR_A "/newer-minor.so", NULL, &err), C138_OK);
    put("ctor", DIR_A "/ctor.so");
    CU_ASSERT_EQUAL(try_open(DIR_A "/ctor.so", NULL, &err), C138_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "contract 99."));
    fresh();
}

static void test_rights(void) {
    struct c138_err err;
    fresh();
    put("good", DIR_A "/good.so");
    CU_ASSERT_EQUAL(chmod(DIR_A "/good.so", 0664), 0);
    CU_ASSERT_EQUAL(try_open(DIR_A "/good.so", NULL, &err), C138_E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "chmod go-w " DIR_A "/good.so"));
    CU_ASSERT_EQUAL(chmod(DIR_A "/good.so", 0644), 0);
    CU_ASSERT_EQUAL(chmod(DIR_A, 0777), 0);
    CU_ASSERT_EQUAL(try_open(DIR_A "/good.so", NULL, &err), C138_E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "folder"));
    CU_ASSERT_EQUAL(chmod(DIR_A, 0755), 0);
    if (geteuid() == 0) {
        CU_ASSERT_EQUAL(chown(DIR_A "/good.so", 12345, 0), 0);
        CU_ASSERT_EQUAL(try_open(DIR_A "/good.so", NULL, &err), C138_E_DENIED);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "owner is uid 12345"));
    }
    fresh();
}

static void test_kinds(void) {
    struct c138_err err;
    fresh();
    put("good", DIR_B "/good.so");
    CU_ASSERT_EQUAL(symlink(DIR_B "/good.so", DIR_A "/link.so"), 0);
    CU_ASSERT_EQUAL(try_open(DIR_A "/link.so", NULL, &err), C138_E_DENIED);
    CU_ASSERT_EQUAL(mkfifo(DIR_A "/fifo.so", 0600), 0);
    CU_ASSERT_EQUAL(try_open(DIR_A "/fifo.so", NULL, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(c138_file_write(DIR_A "/text.so", 0644, "text", 4, NULL), C138_OK);
    CU_ASSERT_EQUAL(try_open(DIR_A "/text.so", NULL, &err), C138_E_INVALID);
    fresh();
}

static const struct loader_file *row(const struct loader_list *l, const char *name) {
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->files[i].name, name) == 0)
            return &l->files[i];
    return NULL;
}

static void test_scan(void) {
    const char *const dirs[] = {DIR_A, DIR_B, LOADER_DIR "/absent", NULL};
    struct loader_list l;
    fresh();
    put("good", DIR_A "/good.so");
    put("old", DIR_B "/old.so");
    put("ctor", DIR_B "/ctor.so");
    put("old", DIR_B "/.hidden.so");
    CU_ASSERT_EQUAL(c138_file_write(DIR_A "/text.so", 0644, "text", 4, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(loader_scan(dirs, &l, NULL), C138_OK);
    CU_ASSERT_EQUAL(l.count, 4);
    for (size_t i = 0; i + 1 < l.count; i++)
        CU_ASSERT(strcmp(l.files[i].name, l.files[i + 1].name) < 0);
    CU_ASSERT_EQUAL(row(&l, "good")->refused, 0);
    CU_ASSERT_EQUAL(row(&l, "old")->refused, 0);
    CU_ASSERT_EQUAL(row(&l, "ctor")->refused, 1);
    CU_ASSERT_EQUAL(row(&l, "ctor")->note.abi_major, 99);
    CU_ASSERT_EQUAL(row(&l, "text")->refused, 1);
    loader_list_deinit(&l);
    fresh();
    CU_ASSERT_EQUAL(loader_scan(dirs, &l, NULL), C138_OK);
    CU_ASSERT_EQUAL(l.count, 0);
    loader_list_deinit(&l);
}

static void test_twins(void) {
    const char *const dirs[] = {DIR_A, DIR_B, NULL};
    struct loader_list l;
    fresh();
    put("good", DIR_A "/good.so");
    put("good", DIR_B "/twin.so");
    CU_ASSERT_EQUAL_FATAL(loader_scan(dirs, &l, NULL), C138_OK);
    CU_ASSERT_EQUAL_FATAL(l.count, 2);
    CU_ASSERT(l.files[0].refused && l.files[1].refused);
    CU_ASSERT_PTR_NOT_NULL(strstr(l.files[0].reason, l.files[1].path));
    CU_ASSERT_PTR_NOT_NULL(strstr(l.files[1].reason, l.files[0].path));
    loader_list_deinit(&l);
    fresh();
}

/* The constructor betrays itself when it runs; the loader never lets it. */
static void test_constructor(void) {
    struct c138_err err;
    (void)unlink(FAULT_CTOR_FILE);
    CU_ASSERT_EQUAL(try_open(FAULT_PLUGIN_DIR "/ctor.so", NULL, &err), C138_E_UNSUPPORTED);
    CU_ASSERT(access(FAULT_CTOR_FILE, F_OK) != 0);
}

const CU_TestInfo tests_loader[] = {{"open", test_open},   {"rights", test_rights},
                                    {"kinds", test_kinds}, {"scan", test_scan},
                                    {"twins", test_twins}, {"no constructor", test_constructor},
                                    CU_TEST_INFO_NULL};
