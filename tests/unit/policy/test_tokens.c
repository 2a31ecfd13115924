#include "../unit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <policy/policy.h>
#include <schema/decl.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct rig {
    char folder[64];
    char *file;
    struct policy *policy;
    struct c138_err err;
    struct principal who;
} rig;

static void up(void) {
    struct c138_json *section = c138_json_new_object();
    rig = (struct rig){.folder = "/tmp/c138-policy-XXXXXX"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(rig.folder));
    rig.file = c138_path_join(rig.folder, "tokens");
    c138_json_set_str(section, "tokens_file", rig.file);
    CU_ASSERT_EQUAL_FATAL(policy_new(section, "host", &rig.policy, &rig.err), C138_OK);
    c138_json_unref(section);
}

static void down(void) {
    policy_free(rig.policy);
    (void)unlink(rig.file);
    CU_ASSERT_EQUAL(rmdir(rig.folder), 0);
    free(rig.file);
}

/* In place, as an editor or `echo >>` does it: the same inode. */
static void write_file(const char *text, mode_t mode) {
    int fd = open(rig.file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
    close(fd);
}

static char *line_of(const char *name, const char *role, const char *token) {
    char digest[65];
    c138_sha256_hex(token, strlen(token), digest);
    return c138_xasprintf("%s %s %s\n", name, role, digest);
}

static c138_status ask(const char *token) {
    rig.err = (struct c138_err){0};
    rig.who = (struct principal){0};
    return policy_token(rig.policy, token, &rig.who, &rig.err);
}

static void known_and_unknown(void) {
    C138_FREE char *a = line_of("grafana", "viewer", "secret-a"),
                   *b = line_of("ci", "custodian", "secret-b");
    C138_FREE char *all = c138_xasprintf("# who may\n\n%s  %s", a, b);
    up();
    CU_ASSERT_EQUAL(ask("secret-a"), C138_E_DENIED); /* no file */
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, "cannot be read"));
    write_file(all, 0640);
    CU_ASSERT_EQUAL(ask("secret-a"), C138_OK);
    CU_ASSERT_STRING_EQUAL(rig.who.name, "token:grafana@host");
    CU_ASSERT_EQUAL(rig.who.role, C138_ROLE_VIEWER);
    CU_ASSERT_EQUAL(ask("secret-b"), C138_OK);
    CU_ASSERT_EQUAL(rig.who.role, C138_ROLE_CUSTODIAN);
    CU_ASSERT_EQUAL(ask("secret-"), C138_E_DENIED);
    CU_ASSERT_EQUAL(ask(""), C138_E_DENIED);
    CU_ASSERT_PTR_NULL(strstr(rig.err.text, "secret"));
    down();
    struct policy *p = NULL;
    CU_ASSERT_EQUAL_FATAL(policy_new(NULL, "host", &p, &rig.err), C138_OK);
    CU_ASSERT_EQUAL(policy_token(p, "secret-a", &rig.who, &rig.err), C138_E_DENIED);
    CU_ASSERT_STRING_EQUAL(rig.err.key, "policy.no-tokens");
    policy_free(p);
}

static void a_broken_file_lets_nobody_in(void) {
    static const char *const broken[] = {
        "ci custodian",
        "ci god 00000000000000000000000000000000000000000000000000000000000000000000",
        "ci viewer 0000",
        "ci viewer zz",
        "<<<<<<< HEAD",
        "a b c d"};
    C138_FREE char *good = line_of("ci", "operator", "secret");
    up();
    for (size_t i = 0; i < C138_COUNT(broken); i++) {
        C138_FREE char *text = c138_xasprintf("%s%s\n", good, broken[i]);
        write_file(good, 0600);
        CU_ASSERT_EQUAL(ask("secret"), C138_OK);
        write_file(text, 0600);
        for (int again = 0; again < 3; again++) {
            CU_ASSERT_EQUAL(ask("secret"), C138_E_DENIED);
            CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, "tokens:2:"));
        }
    }
    write_file(good, 0600);
    CU_ASSERT_EQUAL(ask("secret"), C138_OK);
    down();
}

/* Some seconds after the last change the file is not read again: its error must still be known. */
static void a_broken_file_that_has_settled(void) {
    up();
    write_file("ci custodian\n", 0600);
    (void)sleep(4);
    for (int again = 0; again < 3; again++)
        CU_ASSERT_EQUAL(ask("secret"), C138_E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, "tokens:1:"));
    C138_FREE char *good = line_of("ci", "operator", "secret");
    write_file(good, 0600);
    CU_ASSERT_EQUAL(ask("secret"), C138_OK);
    down();
}

static void rights_of_the_file(void) {
    static const struct {
        mode_t mode;
        int good;
    } cases[] = {{0600, 1}, {0640, 1}, {0400, 1}, {0440, 1}, {0660, 0}, {0620, 0},
                 {0644, 0}, {0604, 0}, {0602, 0}, {0666, 0}, {0650, 0}};
    C138_FREE char *good = line_of("ci", "operator", "secret");
    up();
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        (void)unlink(rig.file);
        write_file(good, cases[i].mode);
        CU_ASSERT_EQUAL(ask("secret"), cases[i].good ? C138_OK : C138_E_DENIED);
        if (!cases[i].good)
            CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, "chmod 0640"));
    }
    (void)unlink(rig.file);
    CU_ASSERT_EQUAL(mkdir(rig.file, 0700), 0);
    CU_ASSERT_EQUAL(ask("secret"), C138_E_DENIED);
    CU_ASSERT_EQUAL(rmdir(rig.file), 0);
    if (geteuid() == 0) {
        write_file(good, 0600);
        CU_ASSERT_EQUAL(chown(rig.file, 12345, 0), 0);
        CU_ASSERT_EQUAL(ask("secret"), C138_E_DENIED);
        CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, "another user"));
    }
    down();
}

/* Of one length, within one tick of the clock, with the old time put back: each change counts. */
static void changes_that_hide(void) {
    C138_FREE char *one = line_of("ci", "operator", "secret-1"),
                   *two = line_of("ci", "operator", "secret-2");
    struct stat st;
    up();
    for (int i = 0; i < 200; i++) {
        write_file(i % 2 ? one : two, 0600);
        CU_ASSERT_EQUAL(ask(i % 2 ? "secret-1" : "secret-2"), C138_OK);
        CU_ASSERT_EQUAL(ask(i % 2 ? "secret-2" : "secret-1"), C138_E_DENIED);
    }
    CU_ASSERT_EQUAL(stat(rig.file, &st), 0);
    (void)sleep(4);
    CU_ASSERT_EQUAL(ask("secret-1"), C138_OK);
    write_file(two, 0600);
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, rig.file, times, 0), 0);
    CU_ASSERT_EQUAL(ask("secret-1"), C138_E_DENIED);
    CU_ASSERT_EQUAL(ask("secret-2"), C138_OK);
    CU_ASSERT_EQUAL(unlink(rig.file), 0); /* taken away: nobody gets in with what it said */
    CU_ASSERT_EQUAL(ask("secret-2"), C138_E_DENIED);
    down();
}

const CU_TestInfo tests_tokens[] = {
    {"known and unknown", known_and_unknown},
    {"a broken file lets nobody in", a_broken_file_lets_nobody_in},
    {"a broken file that has settled", a_broken_file_that_has_settled},
    {"rights of the file", rights_of_the_file},
    {"changes that hide", changes_that_hide},
    CU_TEST_INFO_NULL};
