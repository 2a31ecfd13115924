#include "rotation.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/ulid.h>
#include <base/when.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX 65536
#define ROTATIONS_MAX 10000

static char *folder_of(const c138_host *host) {
    return c138_path_join(host->state_dir, "rotations");
}

static void stamp(const c138_host *host, struct c138_json *journal, const char *member) {
    char time[C138_TIME_TEXT];
    c138_time_format(host->now_ns(host, C138_CLOCK_UTC), time);
    c138_json_set_str(journal, member, time);
}

c138_status rotation_save(const c138_host *host, struct c138_json *journal, struct c138_err *err) {
    C138_FREE char *folder = folder_of(host);
    C138_FREE char *path =
        c138_xasprintf("%s/%s.json", folder, c138_json_get_str(journal, "id", ""));
    stamp(host, journal, "changed");
    C138_FREE char *text = c138_json_pretty(journal);
    c138_status status = c138_mkdir_p(folder, 0700, err);
    return status < 0 ? status : c138_file_write(path, 0600, text, strlen(text), err);
}

static int is_journal(const struct dirent *e) {
    C138_FREE char *id = c138_xstrndup(e->d_name, strcspn(e->d_name, "."));
    return c138_ulid_valid(id) && c138_streq(e->d_name + strlen(id), ".json");
}

struct c138_json *rotation_all(const c138_host *host) {
    struct c138_json *all = c138_json_new_array();
    C138_FREE char *folder = folder_of(host);
    struct dirent **names = NULL;
    int count = scandir(folder, &names, is_journal, alphasort);
    for (int i = 0; i < count; i++) {
        C138_FREE char *path = c138_path_join(folder, names[i]->d_name);
        C138_BUF struct c138_buf text = C138_BUF_NULL;
        struct c138_json *journal = NULL;
        if (i < ROTATIONS_MAX && c138_file_read(path, FILE_MAX, &text, NULL) >= 0 &&
            c138_json_parse(c138_buf_text(&text), text.length, &journal, NULL) >= 0)
            c138_json_append(all, journal);
        free(names[i]);
    }
    free(names);
    return all;
}

static int says(const struct c138_json *journal, const char *member, const char *wanted) {
    return !strcmp(c138_json_get_str(journal, member, ""), wanted);
}

struct c138_json *rotation_find(const c138_host *host, const struct rotation_of *of) {
    C138_JSON struct c138_json *all = rotation_all(host);
    for (size_t i = c138_json_count(all); i-- > 0;) {
        struct c138_json *journal = c138_json_at(all, i);
        if (says(journal, "what", of->what) && says(journal, "key", of->key) &&
            says(journal, "to", of->to) && says(journal, "contract", of->contract) &&
            says(journal, "role", of->role))
            return c138_json_ref(journal);
    }
    return NULL;
}

struct c138_json *rotation_new(const c138_host *host, const char *id, const struct rotation_of *of,
                               int back, const struct c138_json *steps) {
    struct c138_json *journal = c138_json_new_object(), *list = c138_json_new_array();
    c138_json_set_str(journal, "id", id);
    c138_json_set_str(journal, "what", of->what);
    c138_json_set_str(journal, "key", of->key);
    c138_json_set_str(journal, "to", of->to);
    c138_json_set_str(journal, "contract", of->contract);
    c138_json_set_str(journal, "role", of->role);
    c138_json_set_bool(journal, "back", back);
    c138_json_set_str(journal, "state", "running");
    stamp(host, journal, "started");
    c138_json_set(journal, "steps", list);
    for (size_t i = 0; i < c138_json_count(steps); i++) {
        struct c138_json *step = c138_json_new_object();
        c138_json_set_str(step, "name", c138_json_get_str(c138_json_at(steps, i), "name", ""));
        c138_json_set_str(step, "state", "open");
        c138_json_append(list, step);
    }
    return journal;
}

int rotation_open(const struct c138_json *journal) {
    return journal && !says(journal, "state", "done");
}

void rotation_step(struct c138_json *journal, const char *name, const char *state) {
    const struct c138_json *steps = c138_json_get(journal, "steps");
    for (size_t i = 0; i < c138_json_count(steps); i++)
        if (says(c138_json_at(steps, i), "name", name))
            c138_json_set_str(c138_json_at(steps, i), "state", state);
}

size_t rotation_count_open(const c138_host *host) {
    C138_JSON struct c138_json *all = rotation_all(host);
    size_t open = 0;
    for (size_t i = 0; i < c138_json_count(all); i++)
        open += (size_t)rotation_open(c138_json_at(all, i));
    return open;
}
