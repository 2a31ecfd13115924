#include "rig.h"

#include <plugins/backup/files.h>

#include <base/mem.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void names_that_stay_inside(void) {
    static const char *const good[] = {"a", "a/b", "database/000001.sst", "..a", "a..", "...", "a b"};
    static const char *const bad[] = {"", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b",
                                      "a/./b", "a\nb", "a\x7f"};
    for (size_t i = 0; i < C138_COUNT(good); i++)
        CU_ASSERT_TRUE(files_path_inside(good[i]));
    for (size_t i = 0; i < C138_COUNT(bad); i++)
        CU_ASSERT_FALSE(files_path_inside(bad[i]));
}

static void a_tree_is_listed(void) {
    static const char *const skip[] = {"caches", "*.ipc", NULL};
    struct folder f = folder_new();
    struct tree t = TREE_NULL;
    C138_FREE char *link = folder_at(&f, "link"), *fifo = folder_at(&f, "fifo");
    folder_write(&f, "b/2", "22", 2);
    folder_write(&f, "b/1", "1", 1);
    folder_write(&f, "caches/x", "x", 1);
    folder_write(&f, "besu.ipc", "x", 1);
    folder_write(&f, ".chain138/stage/x", "x", 1);
    CU_ASSERT_EQUAL(symlink("/etc/passwd", link), 0);
    CU_ASSERT_EQUAL(mkfifo(fifo, 0600), 0);
    CU_ASSERT_EQUAL_FATAL(tree_scan(f.path, skip, &t, NULL), C138_OK);
    CU_ASSERT_EQUAL(t.files, 2);
    CU_ASSERT_EQUAL(t.bytes, 3);
    CU_ASSERT_EQUAL_FATAL(t.count, 4);
    CU_ASSERT_STRING_EQUAL(t.entries[0].path, "b");
    CU_ASSERT_STRING_EQUAL(t.entries[1].path, "b/1");
    CU_ASSERT_STRING_EQUAL(t.entries[3].path, "link");
    CU_ASSERT_TRUE(S_ISLNK(t.entries[3].st.st_mode));
    tree_deinit(&t);
    folder_free(&f);
}

static void removing_follows_no_link(void) {
    struct folder f = folder_new(), other = folder_new();
    C138_FREE char *link = folder_at(&f, "a/link"), *a = folder_at(&f, "a");
    folder_write(&other, "keep", "k", 1);
    folder_write(&f, "a/b/c", "c", 1);
    CU_ASSERT_EQUAL(symlink(other.path, link), 0);
    CU_ASSERT_EQUAL(files_remove(a, NULL), C138_OK);
    CU_ASSERT_FALSE(files_exists(a));
    CU_ASSERT_TRUE(folder_is(&other, "keep", "k", 1));
    CU_ASSERT_EQUAL(files_remove(a, NULL), C138_OK);
    folder_free(&f);
    folder_free(&other);
}

static void copies_have_a_length(void) {
    struct folder f = folder_new();
    C138_FREE char *from = folder_at(&f, "from"), *to = folder_at(&f, "to");
    folder_write(&f, "from", "0123456789", 10);
    CU_ASSERT_EQUAL(files_copy(from, to, 4, 0600, NULL), C138_OK);
    CU_ASSERT_TRUE(folder_is(&f, "to", "0123", 4));
    CU_ASSERT_EQUAL(files_copy(from, to, 11, 0600, NULL), C138_E_CONFLICT);
    CU_ASSERT_FALSE(files_exists(to));
    folder_free(&f);
}

const CU_TestInfo tests_files[] = {{"names that stay inside", names_that_stay_inside},
                                   {"a tree is listed", a_tree_is_listed},
                                   {"removing follows no link", removing_follows_no_link},
                                   {"copies have a length", copies_have_a_length},
                                   CU_TEST_INFO_NULL};
