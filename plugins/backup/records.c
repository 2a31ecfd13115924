#include "records.h"

#include "files.h"

#include <base/fs.h>
#include <base/ulid.h>
#include <base/when.h>

#include <string.h>

#define RECORD_MAX 4096

static char *path_of(const struct backup *b, const char *id) {
    return c138_ulid_valid(id) ? c138_xasprintf("%s/%s.json", b->records, id) : NULL;
}

static int64_t time_of(const struct c138_json *v, const char *name) {
    int64_t t = 0;
    return c138_time_parse(c138_json_get_str(v, name, ""), &t) < 0 ? 0 : t;
}

void record_read(const struct backup *b, const char *id, struct record *ret) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_JSON struct c138_json *v = NULL;
    C138_FREE char *path = path_of(b, id);
    *ret = (struct record){.level = -1};
    if (!path || c138_file_read(path, RECORD_MAX, &text, NULL) < 0 ||
        c138_json_parse(c138_buf_text(&text), text.length, &v, NULL) < 0)
        return;
    ret->level = (int)c138_json_get_int(v, "level", -1);
    ret->verified_ns = time_of(v, "verified");
    ret->drilled_ns = time_of(v, "drilled");
    ret->drill_took_ns = c138_json_get_int(v, "drill_took_ns", 0);
    ret->damaged = c138_json_get_bool(v, "damaged", 0);
}

static void set_time(struct c138_json *v, const char *name, int64_t ns) {
    char text[C138_TIME_TEXT];
    if (!ns)
        return;
    c138_time_format(ns, text);
    c138_json_set_str(v, name, text);
}

c138_status record_write(const struct backup *b, const char *id, const struct record *r,
                         struct c138_err *err) {
    C138_JSON struct c138_json *v = c138_json_new_object();
    C138_FREE char *path = path_of(b, id);
    if (!path)
        return c138_error(err, C138_E_INVALID, "backup.id", "%.80s is no id of a backup", id);
    c138_json_set_int(v, "level", r->level);
    set_time(v, "verified", r->verified_ns);
    set_time(v, "drilled", r->drilled_ns);
    c138_json_set_int(v, "drill_took_ns", r->drill_took_ns);
    c138_json_set_bool(v, "damaged", r->damaged);
    C138_FREE char *text = c138_json_dump(v);
    c138_status status = c138_mkdir_p(b->records, 0700, err);
    return status < 0 ? status : c138_file_write(path, 0600, text, strlen(text), err);
}

void record_remove(const struct backup *b, const char *id) {
    C138_FREE char *path = path_of(b, id);
    if (path)
        (void)files_remove(path, NULL);
}
