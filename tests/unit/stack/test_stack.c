#include "../fakehost.h"
#include "../keys/rig.h"
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <math.h>
#include <plugins/stack/stack.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static struct fakehost *host(const char *state_dir) {
    struct c138_err err = {0};
    struct fakehost *f = fakehost_new(c138_plugin_entry(), &err);
    if (!f)
        printf("  %s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fakehost_state_dir(f, state_dir);
    return f;
}

static c138_status settings(const char *json, struct c138_err *err) {
    struct folder d = folder_new();
    struct fakehost *f = host(d.path);
    c138_status status = fakehost_settings(f, json, err);
    fakehost_free(f);
    folder_free(&d);
    return status;
}

static void settings_are_checked(void) {
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(settings(NULL, &err), C138_OK);
    CU_ASSERT_EQUAL(settings("{\"services\":[{\"name\":\"-x\"}]}", &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(settings("{\"services\":[{\"name\":\"a\"},{\"name\":\"a\"}]}", &err),
                    C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "another service has this name"));
    CU_ASSERT_EQUAL(settings("{\"services\":[{\"name\":\"a\",\"port\":\"8545\"}]}", &err),
                    C138_E_INVALID);
    CU_ASSERT_EQUAL(settings("{\"project\":\"Not A Name\"}", &err), C138_E_INVALID);
}

static void names_are_no_options(void) {
    CU_ASSERT_TRUE(stack_name_ok("besu-1"));
    CU_ASSERT_TRUE(stack_name_ok("besu@1.service"));
    CU_ASSERT_FALSE(stack_name_ok("--force"));
    CU_ASSERT_FALSE(stack_name_ok(""));
    CU_ASSERT_FALSE(stack_name_ok("a/b"));
    CU_ASSERT_FALSE(stack_name_ok("a b"));
}

static void an_engine_that_is_away(void) {
    struct folder d = folder_new();
    struct fakehost *f = host(d.path);
    struct c138_err err = {0};
    struct c138_json *result = NULL;
    CU_ASSERT_EQUAL(
        fakehost_settings(f, "{\"socket\":\"/nonexistent/docker.sock\",\"disks\":[\"/\"]}", &err),
        C138_OK);
    CU_ASSERT(fakehost_run(f, "ps", "{}", &result, &err) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "docker at /nonexistent/docker.sock"));
    fakehost_tick(f);
    fakehost_tick(f);
    CU_ASSERT_EQUAL(fakehost_count(f, "stack.engine-down"), 1); /* told once */
    CU_ASSERT_EQUAL(fakehost_metric(f, "chain138_stack_engine_up", NULL), 0);
    /* The host's own numbers are told all the same. */
    CU_ASSERT_EQUAL(fakehost_run(f, "resources", "{}", &result, &err), C138_OK);
    CU_ASSERT(c138_json_as_uint(c138_json_path(result, "disks.0.size_bytes"), 0) > 0);
    CU_ASSERT(c138_json_as_uint(c138_json_path(result, "disks.0.samples"), 0) >= 1);
    c138_json_unref(result);
    CU_ASSERT_EQUAL(fakehost_faults(f), 0);
    fakehost_free(f);
    folder_free(&d);
}

/* Without the service "call" nobody knows the quorum, so no validator is touched. */
static void nothing_without_the_chain(void) {
    struct folder d = folder_new();
    struct fakehost *f = host(d.path);
    fakehost_withhold(f, C138_EXT_CALL);
    struct c138_err err = {0};
    struct c138_json *result = NULL;
    CU_ASSERT_EQUAL(
        fakehost_settings(
            f,
            "{\"socket\":\"/nonexistent/docker.sock\",\"services\":[{\"name\":\"v\",\"role\":"
            "\"validator\"}]}",
            &err),
        C138_OK);
    CU_ASSERT(fakehost_run(f, "restart", "{}", &result, &err) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "v was not touched"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "grants"));
    fakehost_free(f);
    folder_free(&d);
}

static char *config_of(const struct folder *logs) {
    return c138_xasprintf(
        "{\"socket\":\"/nonexistent\",\"logs\":[{\"folder\":\"%s\",\"pattern\":"
        "\"*.log\",\"max_size\":\"4KiB\",\"closed_after\":\"0s\",\"keep\":\"1d\"}]}",
        logs->path);
}

static size_t count(const struct c138_json *result) {
    return c138_json_count(c138_json_get(result, "files"));
}

/* A program that keeps the file open and appends loses nothing and goes on at the new end. */
static void logs_are_rotated_and_archived(void) {
    struct folder d = folder_new(), logs = folder_new();
    struct fakehost *f = host(d.path);
    struct c138_err err = {0};
    struct c138_json *result = NULL;
    C138_FREE char *config = config_of(&logs), *path = folder_file(&logs, "besu.log");
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct stat st;
    CU_ASSERT_EQUAL(fakehost_settings(f, config, &err), C138_OK);
    FILE *writer = fopen(path, "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(writer);
    (void)fputs("small\n", writer);
    (void)fflush(writer);
    CU_ASSERT_EQUAL(fakehost_run(f, "rotate-logs", "{}", &result, &err), C138_OK);
    CU_ASSERT_EQUAL(count(result), 0);
    c138_json_unref(result);
    for (int i = 0; i < 1000; i++)
        (void)fprintf(writer, "line %d\n", i);
    (void)fflush(writer);
    CU_ASSERT_EQUAL(fakehost_run(f, "rotate-logs", "{}", &result, &err), C138_OK);
    CU_ASSERT_EQUAL_FATAL(count(result), 1);
    C138_FREE char *rotated =
        c138_xstrdup(c138_json_as_str(c138_json_path(result, "files.0.rotated"), ""));
    c138_json_unref(result);
    (void)fputs("after\n", writer);
    (void)fclose(writer);
    CU_ASSERT_EQUAL(c138_file_read(path, 1u << 20, &text, NULL), C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&text), "after\n");
    CU_ASSERT_EQUAL(c138_file_read(rotated, 1u << 20, &text, NULL), C138_OK);
    CU_ASSERT_TRUE(c138_starts_with(c138_buf_text(&text), "small\nline 0\n"));
    CU_ASSERT_TRUE(c138_ends_with(c138_buf_text(&text), "line 999\n"));

    CU_ASSERT_EQUAL(fakehost_run(f, "archive-logs", "{}", &result, &err), C138_OK);
    CU_ASSERT_EQUAL_FATAL(count(result), 1);
    C138_FREE char *archive =
        c138_xstrdup(c138_json_as_str(c138_json_path(result, "files.0.archive"), ""));
    c138_json_unref(result);
    CU_ASSERT_NOT_EQUAL(stat(rotated, &st), 0);
    CU_ASSERT_EQUAL(stat(archive, &st), 0);
    CU_ASSERT_EQUAL(stat(path, &st), 0); /* the open one stays */
    /* Old archives go. */
    struct timespec old[2] = {{.tv_sec = st.st_mtim.tv_sec - 200000},
                              {.tv_sec = st.st_mtim.tv_sec - 200000}};
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, archive, old, 0), 0);
    CU_ASSERT_EQUAL(fakehost_run(f, "archive-logs", "{}", &result, &err), C138_OK);
    CU_ASSERT_EQUAL(c138_json_get_uint(result, "removed", 0), 1);
    c138_json_unref(result);
    CU_ASSERT_NOT_EQUAL(stat(archive, &st), 0);
    fakehost_free(f);
    folder_free(&logs);
    folder_free(&d);
}

/* A file system that fills by 1 MiB in five minutes, seen through the plugin's timers. */
static void a_disk_that_fills_is_told(void) {
    struct folder d = folder_new();
    struct fakehost *f = host(d.path);
    struct c138_err err = {0};
    struct c138_json *result = NULL;
    char path[] = "/dev/shm/c138-stack-XXXXXX";
    int fd = mkstemp(path);
    static char megabyte[1 << 20];
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(fakehost_settings(f,
                                      "{\"socket\":\"/nonexistent\",\"disks\":[\"/dev/shm\"],"
                                      "\"disk_warn\":\"52w\"}",
                                      &err),
                    C138_OK);
    for (int i = 0; i < 10; i++) {
        memset(megabyte, 'a' + i, sizeof(megabyte));
        CU_ASSERT_EQUAL(write(fd, megabyte, sizeof(megabyte)), (ssize_t)sizeof(megabyte));
        fakehost_utc_offset(f, i * 300 * C138_NS_PER_S);
        fakehost_tick(f);
    }
    CU_ASSERT_EQUAL(fakehost_run(f, "resources", "{}", &result, &err), C138_OK);
    const struct c138_json *disk = c138_json_path(result, "disks.0");
    CU_ASSERT_EQUAL(c138_json_get_uint(disk, "samples", 0), 10);
    CU_ASSERT(c138_json_get_int(disk, "growth_bytes_per_day", 0) > 0);
    CU_ASSERT_PTR_NOT_NULL(c138_json_get_str(disk, "full_at", NULL));
    CU_ASSERT_PTR_NOT_NULL(strstr(c138_json_get_str(disk, "text", ""), "full in"));
    CU_ASSERT_EQUAL(fakehost_count(f, "stack.disk-filling"), 1);
    CU_ASSERT(fakehost_metric(f, "chain138_stack_disk_full_seconds", "/dev/shm") > 0);
    c138_json_unref(result);
    (void)close(fd);
    (void)unlink(path);
    CU_ASSERT_EQUAL(fakehost_faults(f), 0);
    fakehost_free(f);
    folder_free(&d);
}

const CU_TestInfo tests_stack[] = {{"settings are checked", settings_are_checked},
                                   {"names are no options", names_are_no_options},
                                   {"an engine that is away", an_engine_that_is_away},
                                   {"nothing without the chain", nothing_without_the_chain},
                                   {"a disk that fills is told", a_disk_that_fills_is_told},
                                   {"logs are rotated and archived", logs_are_rotated_and_archived},
                                   CU_TEST_INFO_NULL};
