/* Owns one text, and offers it to backups as plugins/backup/item.h says. */
#include "small.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

C138_PLUGIN_NOTE("owner", "1.0.0", 0);

#define TEXT_MAX 256

static const char *file_of(const struct small *s, const char *name, char into[512]) {
    (void)snprintf(into, 512, "%s/%s", s->host->state_dir, name);
    return into;
}

static int read_text(const char *path, char text[TEXT_MAX]) {
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, TEXT_MAX - 1, f) : 0;
    text[n] = '\0';
    if (f)
        (void)fclose(f);
    return f != NULL;
}

static int write_text(const char *path, const char *text) {
    FILE *f = fopen(path, "we");
    int good = f && fputs(text, f) >= 0;
    return f && fclose(f) == 0 && good;
}

static c138_status put(void *self, c138_call *c) {
    char path[512];
    return write_text(file_of(self, "text", path), c138_str(c, "text")) ? C138_OK : C138_E_INTERNAL;
}

static c138_status get(void *self, c138_call *c) {
    char path[512], text[TEXT_MAX];
    (void)read_text(file_of(self, "text", path), text);
    c138_set_str(c, "text", text);
    return C138_OK;
}

static c138_status backup_item(void *self, c138_call *c) {
    char outbox[512], path[512], text[TEXT_MAX];
    (void)mkdir(file_of(self, "outbox", outbox), 0700);
    (void)file_of(self, "outbox/text", path);
    if (!strcmp(c138_str(c, "step"), "done")) {
        (void)unlink(path);
        return C138_OK;
    }
    char source[512];
    if (!read_text(file_of(self, "text", source), text) || !text[0])
        return c138_fail(c, C138_E_NOTFOUND, "owner.empty", "nothing to back up");
    if (!write_text(path, text))
        return C138_E_INTERNAL;
    c138_set_str(c, "folder", outbox);
    c138_set_json(c, "details", "{\"kind\":\"a stand-in\"}");
    return C138_OK;
}

static c138_status restore_item(void *self, c138_call *c) {
    char from[768], path[512], text[TEXT_MAX];
    (void)snprintf(from, sizeof(from), "%s/text", c138_str(c, "folder"));
    if (c->dry_run)
        return C138_OK;
    if (!read_text(from, text))
        return c138_fail(c, C138_E_NOTFOUND, "owner.folder", "the folder cannot be read");
    return write_text(file_of(self, "text", path), text) ? C138_OK : C138_E_INTERNAL;
}

#define TEXT_PARAM C138_FIELDS(P(C138_T_STRING, "text"))
#define NAMED(n, e, f, p, r, fn)                                                                   \
    C138_ACTION(.effect = e, .role = C138_ROLE_OPERATOR, .flags = f, .name = n,                    \
                .summary = "A stand-in's", .params = p, .results = r, .run = fn)

static c138_status prepare(void *self, c138_call *settings) {
    (void)self, (void)settings;
    return C138_OK;
}

static void commit(void *self, uint32_t apply) {
    (void)self, (void)apply;
}

SMALL_CREATE
SMALL_TABLE("owner",
            C138_ACTIONS(NAMED("put", C138_EFFECT_WRITE, 0, TEXT_PARAM, NULL, put),
                         NAMED("get", C138_EFFECT_READ, 0, NULL, TEXT_PARAM, get),
                         NAMED("backup-item", C138_EFFECT_WRITE, 0,
                               C138_FIELDS(P(C138_T_STRING, "item"), P(C138_T_STRING, "step"),
                                           P(C138_T_STRING, "id")),
                               C138_FIELDS(P(C138_T_PATH, "folder"), P(C138_T_OBJECT, "details")),
                               backup_item),
                         NAMED("restore-item", C138_EFFECT_DANGEROUS, C138_ACTION_DRY_RUN,
                               C138_FIELDS(P(C138_T_STRING, "item"), P(C138_T_PATH, "folder"),
                                           P(C138_T_STRING, "id")),
                               NULL, restore_item)),
            .settings = C138_FIELDS(P(C138_T_PATH, "restore_from")), .prepare = prepare,
            .commit = commit)
