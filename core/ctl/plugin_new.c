/*
 * chain138ctl plugin-new NAME DIR: copies the template with the name put in. In names and contents
 * of its files @NAME@ is the name as it is, @NAME_C@ the name as a C identifier ('-' becomes '_').
 */
#include "config.h"

#include <ctl/ctl.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX (256u << 10)
#define FILES_MAX 100
#define DEPTH_MAX 4
#define NAME_LENGTH_MAX 31

struct copy {
    const char *name;
    char *name_c;
    int files;
};

/* `text` with the placeholders replaced; the caller frees. */
static char *filled(const struct copy *k, const char *text) {
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    for (const char *p = text; *p;) {
        if (c138_starts_with(p, "@NAME@")) {
            c138_buf_adds(&out, k->name);
            p += strlen("@NAME@");
        } else if (c138_starts_with(p, "@NAME_C@")) {
            c138_buf_adds(&out, k->name_c);
            p += strlen("@NAME_C@");
        } else {
            c138_buf_addc(&out, *p++);
        }
    }
    return c138_buf_steal(&out);
}

static c138_status copy_file(struct copy *k, const char *from, const char *to, mode_t mode,
                             struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    if (++k->files > FILES_MAX)
        return c138_error(err, C138_E_LIMIT, NULL, "the template has more than %d files",
                          FILES_MAX);
    c138_status status = c138_file_read(from, FILE_MAX, &text, err);
    if (status < 0)
        return status;
    C138_FREE char *content = filled(k, c138_buf_text(&text));
    return c138_file_write(to, mode & 0111 ? 0755 : 0644, content, strlen(content), err);
}

static c138_status copy_folder(struct copy *k, const char *from, const char *to, int depth,
                               struct c138_err *err);

static c138_status copy_entry(struct copy *k, const char *from, const char *to, const char *name,
                              int depth, struct c138_err *err) {
    struct stat st;
    C138_FREE char *new_name = filled(k, name);
    C138_FREE char *source = c138_path_join(from, name);
    C138_FREE char *target = c138_path_join(to, new_name);
    if (stat(source, &st) < 0)
        return c138_error(err, C138_E_NOTFOUND, NULL, "%s: %s", source, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return copy_folder(k, source, target, depth + 1, err);
    return S_ISREG(st.st_mode) ? copy_file(k, source, target, st.st_mode, err) : C138_OK;
}

static c138_status copy_folder(struct copy *k, const char *from, const char *to, int depth,
                               struct c138_err *err) {
    if (depth > DEPTH_MAX)
        return c138_error(err, C138_E_LIMIT, NULL, "the template %s is too deep", from);
    DIR *folder = opendir(from);
    if (!folder)
        return c138_error(err, C138_E_NOTFOUND, NULL,
                          "no template in %s: %s: install the package with the headers "
                          "(chain138-plugin-dev), or set C138_TEMPLATE_DIR",
                          from, strerror(errno));
    c138_status status = c138_mkdir_p(to, 0755, err);
    for (const struct dirent *e; status >= 0 && (e = readdir(folder)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            status = copy_entry(k, from, to, e->d_name, depth, err);
    closedir(folder);
    return status;
}

static int name_is_good(const char *name) {
    if (!islower((unsigned char)name[0]) || strlen(name) > NAME_LENGTH_MAX)
        return 0;
    for (const char *p = name; *p; p++)
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-')
            return 0;
    return strcmp(name, "agent") != 0 && name[strlen(name) - 1] != '-';
}

static int folder_is_free(const char *path) {
    DIR *folder = opendir(path);
    int entries = 0;
    if (!folder)
        return errno == ENOENT;
    while (readdir(folder))
        entries++;
    closedir(folder);
    return entries <= 2;
}

int ctl_plugin_new(struct ctl *c, const char *name, const char *dir) {
    const char *template = getenv("C138_TEMPLATE_DIR");
    struct copy k = {.name = name};
    struct c138_err err = {0};
    if (!name_is_good(name))
        return ctl_usage_error(c,
                               "plugin-new: \"%.60s\" is no name for a plugin: lower-case letters, "
                               "digits and '-', at most %d, a letter first",
                               name, NAME_LENGTH_MAX);
    if (!folder_is_free(dir))
        return ctl_usage_error(c, "plugin-new: %s is there already and not empty: name another one",
                               dir);
    k.name_c = c138_xstrdup(name);
    for (char *p = k.name_c; *p; p++)
        *p = *p == '-' ? '_' : *p;
    c138_status status =
        copy_folder(&k, template && *template ? template : C138_DATA_DIR "/template", dir, 0, &err);
    free(k.name_c);
    if (status < 0)
        return ctl_fail(c, &err);
    printf("%s: %d files. To build and test it:\n  cd %s && make && make check\n", dir, k.files,
           dir);
    return EXIT_DONE;
}
