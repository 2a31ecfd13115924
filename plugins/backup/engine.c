#include "engine.h"

#include <base/text.h>
#include <base/ulid.h>

#include <string.h>

#define BACKUPS_MAX 100000u

c138_status engine_open(struct backup *b, c138_call *call, const struct target_config *target,
                        struct engine **ret, struct c138_err *err) {
    struct engine *e = NULL;
    c138_status status = target->kind == TARGET_RESTIC
                             ? engine_restic_new(b, call, target, &e, err)
                             : engine_archive_new(b, call, target, &e, err);
    if (status < 0)
        return status;
    e->backup = b;
    e->call = call;
    e->target = target;
    *ret = e;
    return C138_OK;
}

struct engine *engine_close(struct engine *e) {
    if (e)
        e->ops->free(e);
    return NULL;
}

/* --- All of them ------------------------------------------------------------------------------ */

struct ids {
    char (*list)[C138_ULID_TEXT];
    size_t count, capacity;
};

static void on_id(void *user, const char *id) {
    struct ids *all = user;
    if (all->count == BACKUPS_MAX || !c138_ulid_valid(id))
        return;
    if (all->count == all->capacity) {
        all->capacity = all->capacity ? all->capacity * 2 : 32;
        all->list = c138_xrealloc(all->list, all->capacity * sizeof(*all->list));
    }
    memcpy(all->list[all->count++], id, C138_ULID_TEXT);
}

/* An id is a time: the newest first. */
static int newest_first(const void *a, const void *b) {
    return strcmp(b, a);
}

static c138_status ids_of(struct engine *e, struct ids *ret, struct c138_err *err) {
    c138_status status = e->ops->list(e, on_id, ret, err);
    if (ret->count)
        qsort(ret->list, ret->count, sizeof(*ret->list), newest_first);
    return status;
}

void manifests_free(struct manifest **list, size_t count) {
    for (size_t i = 0; i < count; i++)
        (void)manifest_free(list[i]);
    free(list);
}

c138_status engine_manifests(struct engine *e, struct manifest ***ret, size_t *ret_count,
                             struct c138_err *err) {
    struct ids ids = {0};
    c138_status status = ids_of(e, &ids, err);
    struct manifest **list = c138_xcalloc(ids.count + 1, sizeof(*list));
    size_t count = 0;
    for (size_t i = 0; status >= 0 && i < ids.count; i++) {
        struct c138_err one = {0};
        if (e->ops->manifest(e, ids.list[i], &list[count], &one) >= 0)
            count++;
        else if (one.status == C138_E_CONFLICT || one.status == C138_E_NOTFOUND)
            backup_log(e->backup, C138_LOG_WARNING, "backup %s: %s", ids.list[i], one.text);
        else {
            status = one.status;
            if (err)
                *err = one;
        }
    }
    free(ids.list);
    if (status < 0) {
        manifests_free(list, count);
        return status;
    }
    *ret = list;
    *ret_count = count;
    return C138_OK;
}

c138_status engine_manifest_of(struct engine *e, const char *id, struct manifest **ret,
                               struct c138_err *err) {
    struct ids ids = {0};
    if (id && strcmp(id, "latest"))
        return c138_ulid_valid(id)
                   ? e->ops->manifest(e, id, ret, err)
                   : c138_error(err, C138_E_INVALID, "backup.id",
                                "%.80s is no id of a backup: backup.list shows them", id);
    c138_status status = ids_of(e, &ids, err);
    if (status >= 0)
        status = ids.count ? e->ops->manifest(e, ids.list[0], ret, err)
                           : c138_error(err, C138_E_NOTFOUND, "backup.none",
                                        "there is no backup in target %s yet: backup.create makes one",
                                        e->target->name);
    free(ids.list);
    return status;
}
