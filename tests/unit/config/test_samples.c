/*
 * The samples are true: all are taken, and the main one names every setting with its default.
 */
#include "../unit.h"
#include <base/fs.h>
#include <base/text.h>
#include <config/config_internal.h>
#include <schema/validate.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static char *source_path(const char *name) {
    const char *folder = getenv("srcdir");
    return c138_path_join(folder ? folder : C138_TEST_SRCDIR, name);
}

static int load_file(const char *path, struct config **ret) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct c138_err err = {0};
    c138_status status = c138_file_read(path, CONFIG_FILE_MAX, &text, &err);
    if (status >= 0)
        status = config_read_text(c138_buf_text(&text), text.length, ret, &err);
    if (status < 0)
        printf("%s: %s\n", path, err.text);
    return status >= 0;
}

static void every_sample(void) {
    C138_FREE char *folder = source_path("conf.d");
    DIR *d = opendir(folder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    size_t n = 0;
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (!c138_ends_with(e->d_name, ".conf") && !c138_ends_with(e->d_name, ".sample"))
            continue;
        C138_FREE char *path = c138_path_join(folder, e->d_name);
        struct config *c = NULL;
        CU_ASSERT_TRUE(load_file(path, &c));
        config_free(c);
        n++;
    }
    (void)closedir(d);
    CU_ASSERT(n >= 1);
    C138_FREE char *packaged = source_path("packaging/chain138.conf");
    struct config *c = NULL;
    if (access(packaged, F_OK) == 0)
        CU_ASSERT_TRUE(load_file(packaged, &c));
    config_free(c);
}

/* The text with the "#" in front of settings (no space behind it) taken away. */
static void uncomment(const char *text, struct c138_buf *out) {
    while (*text) {
        size_t n = strcspn(text, "\n"), space = strspn(text, " ");
        c138_buf_add(out, text, space);
        text += space;
        n -= space;
        int setting = n > 1 && text[0] == '#' && text[1] != ' ';
        int inside = n > 2 && text[0] == '#' && !space && !strncmp(text, "#    ", 5);
        if (setting || inside)
            text++, n--;
        c138_buf_add(out, text, n);
        c138_buf_addc(out, '\n');
        text += n + (text[n] == '\n');
    }
}

static void named(const char *text, struct decl_field *const *fields, int with_default,
                  const struct c138_json *section) {
    for (; *fields; fields++) {
        char name[80];
        (void)snprintf(name, sizeof(name), "%s = ", (*fields)->name);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, name));
        if (!strstr(text, name))
            printf("the sample does not name %s\n", (*fields)->name);
        if (with_default && (*fields)->default_text)
            CU_ASSERT_TRUE(c138_json_has(section, (*fields)->name));
    }
}

/* Paths depend on --prefix; these have no default. */
static int is_own(const char *name) {
    static const char *const own[] = {"state_dir", "run_dir",      "plugin_dirs", "host_name",
                                      "socket",    "socket_group", "tokens_file"};
    for (size_t i = 0; i < C138_COUNT(own); i++)
        if (!strcmp(own[i], name))
            return 1;
    return 0;
}

static void same_section(const char *name, const struct config *a, const struct config *b) {
    const struct c138_json *x = config_json(a, name);
    for (struct c138_json_iter i = c138_json_iter(config_json(b, name)); c138_json_next(&i);) {
        if (is_own(i.name))
            continue;
        C138_FREE char *said = c138_json_dump(c138_json_get(x, i.name));
        C138_FREE char *real = c138_json_dump(i.value);
        CU_ASSERT_STRING_EQUAL(said, real);
        if (strcmp(said, real) != 0)
            printf("sample: %s.%s is %s, the default is %s\n", name, i.name, said, real);
    }
}

static void main_sample(void) {
    static const char *const sections[] = {"agent", "api", "metrics", "jobs", "events", "policy"};
    C138_FREE char *path = source_path("conf.d/chain138.conf.sample");
    C138_BUF struct c138_buf text = C138_BUF_NULL, open = C138_BUF_NULL;
    CU_ASSERT_EQUAL_FATAL(c138_file_read(path, CONFIG_FILE_MAX, &text, NULL), 0);
    uncomment(c138_buf_text(&text), &open);
    struct config *as_is = NULL, *opened = NULL, *empty = NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL_FATAL(config_read_text("", 0, &empty, &err), 0);
    CU_ASSERT_EQUAL_FATAL(config_read_text(text.data, text.length, &as_is, &err), 0);
    if (config_read_text(open.data, open.length, &opened, &err) < 0)
        printf("%s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(opened);
    for (size_t i = 0; i < C138_COUNT(sections); i++) {
        same_section(sections[i], as_is, empty);
        same_section(sections[i], opened, empty);
        const struct decl_field *f = decl_field_find(empty->sections->settings, sections[i]);
        named(open.data, f->fields, 1, config_json(opened, sections[i]));
    }
    for (size_t i = 0; i < 2; i++) {
        const char *list = i ? "triggers" : "schedules";
        const struct decl_field *f = decl_field_find(empty->sections->settings, list);
        named(open.data, f->fields[0]->fields, 0, NULL);
        CU_ASSERT(c138_json_count(config_json(opened, list)) >= 1);
        CU_ASSERT_EQUAL(c138_json_count(config_json(as_is, list)), 0);
    }
    named(open.data, empty->common->settings, 0, NULL);
    const struct c138_json *example = config_json(opened, "plugins.example");
    for (struct decl_field *const *f = empty->common->settings; *f; f++) {
        struct c138_json *value = NULL;
        if (!(*f)->default_text)
            continue;
        CU_ASSERT_EQUAL(validate_text(*f, (*f)->default_text, &value, NULL), 0);
        C138_FREE char *said = c138_json_dump(c138_json_get(example, (*f)->name));
        C138_FREE char *real = c138_json_dump(value);
        CU_ASSERT_STRING_EQUAL(said, real);
        c138_json_unref(value);
    }
    config_free(as_is);
    config_free(opened);
    config_free(empty);
}

const CU_TestInfo tests_samples[] = {
    {"every sample is taken", every_sample},
    {"the main sample names every setting with its default", main_sample},
    CU_TEST_INFO_NULL,
};
