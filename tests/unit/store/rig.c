#include "rig.h"

#include "../unit.h"

#include <base/fs.h>
#include <base/mem.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

c138_status rig_open(struct rig *r, struct c138_err *err) {
    r->base = event_base_new();
    event_base_priority_init(r->base, 3);
    return store_open(r->db, r->base, &r->store, err);
}

void rig_up(struct rig *r) {
    struct c138_err err = {0};
    *r = (struct rig){.folder = "/tmp/c138-store-XXXXXX"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->folder));
    r->db = c138_path_join(r->folder, "agent.db");
    CU_ASSERT_EQUAL_FATAL(rig_open(r, &err), C138_OK);
}

void rig_close(struct rig *r) {
    r->store = store_close(r->store);
    if (r->base)
        event_base_free(r->base);
    r->base = NULL;
}

void rig_down(struct rig *r) {
    DIR *folder = opendir(r->folder);
    rig_close(r);
    for (struct dirent *e; folder && (e = readdir(folder));) {
        C138_FREE char *path = c138_path_join(r->folder, e->d_name);
        if (e->d_name[0] != '.')
            (void)unlink(path);
    }
    if (folder)
        closedir(folder);
    CU_ASSERT_EQUAL(rmdir(r->folder), 0);
    free(r->db);
}

int64_t rig_number(struct rig *r, const char *sql) {
    sqlite3_stmt *q = NULL;
    int64_t n = -1;
    CU_ASSERT_EQUAL_FATAL(sqlite3_prepare_v2(store_db(r->store), sql, -1, &q, NULL), SQLITE_OK);
    if (sqlite3_step(q) == SQLITE_ROW)
        n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return n;
}
