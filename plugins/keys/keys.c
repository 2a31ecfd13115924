#include "keys.h"
#include "rotation.h"

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#include <base/fs.h>
#include <base/mem.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

C138_PLUGIN_NOTE("keys", "0.1.0", C138_PLUGIN_WORKER_ONLY | C138_PLUGIN_NO_NETWORK);

/* --- Life ------------------------------------------------------------------------------------ */

static c138_status create(const c138_host *host, void **ret_self) {
    struct keys *k = c138_xcalloc(1, sizeof(*k));
    k->host = host;
    *ret_self = k;
    return C138_OK;
}

static c138_status prepare(void *self, c138_call *settings) {
    return keys_settings_prepare(self, settings);
}

static void commit(void *self, uint32_t apply) {
    keys_settings_commit(self, apply);
}

/* Neither a core nor another process of the same user reads this one. Not where a sanitizer looks
 * for leaks in the way of a debugger. */
static void close_to_others(const c138_host *host) {
#ifndef C138_SANITIZED
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        host->log(host, C138_LOG_WARNING, "keys: this process can be traced by others of its user");
#else
    (void)host;
#endif
}

static c138_status open_all(struct keys *k, struct c138_err *err) {
    C138_FREE char *folder = c138_path_join(k->host->state_dir, "keys");
    C138_FREE char *inbox = c138_path_join(k->host->state_dir, "inbox");
    C138_FREE char *log = c138_path_join(k->host->state_dir, "signed.log");
    c138_status status = vault_new(&k->vault, err);
    if (status >= 0)
        status = c138_mkdir_p(inbox, 0700, err);
    if (status >= 0)
        status = ring_open(folder, vault_host(k->vault), &k->ring, err);
    if (status >= 0)
        status = ledger_open(log, k->host->now_ns(k->host, C138_CLOCK_UTC), &k->ledger, err);
    k->secp = c138_secp_new();
    if (status >= 0 && !k->secp)
        status = c138_error(err, C138_E_INTERNAL, "keys.random", "the kernel gives no randomness");
    return status;
}

/* A file that is sealed as hard as geth's takes more than a worker has by itself. */
static void look_at_memory(struct keys *k) {
    const struct keystore_kdf *kdf = &k->settings.costs.kdf;
    uint64_t wanted = 128 * kdf->r * (kdf->n + kdf->p) + (UINT64_C(32) << 20);
    struct rlimit data;
    if (getrlimit(RLIMIT_DATA, &data) < 0 || data.rlim_cur >= wanted)
        return;
    C138_FREE char *text =
        c138_xasprintf("keys: sealing a file takes %u MiB, and this worker may have %u: set "
                       "memory_max = \"2GiB\" in "
                       "plugins.keys",
                       (unsigned)(wanted >> 20), (unsigned)(data.rlim_cur >> 20));
    k->host->log(k->host, C138_LOG_WARNING, text);
}

static c138_status start(void *self) {
    struct keys *k = self;
    struct c138_err err = {0};
    close_to_others(k->host);
    look_at_memory(k);
    c138_status status = open_all(k, &err);
    if (status < 0)
        k->host->log(k->host, C138_LOG_ERROR, err.text);
    for (size_t i = 0; status >= 0 && i < ring_troubles(k->ring); i++)
        k->host->log(k->host, C138_LOG_WARNING, ring_trouble(k->ring, i));
    return status;
}

static void stop(void *self) {
    struct keys *k = self;
    if (k->ring)
        ring_lock(k->ring, NULL);
}

static void destroy(void *self) {
    struct keys *k = self;
    keys_settings_commit(k, 0);
    keys_settings_commit(k, 1);
    (void)ring_free(k->ring);
    (void)ledger_close(k->ledger);
    (void)vault_free(k->vault);
    (void)c138_secp_free(k->secp);
    free(k);
}

static uint32_t health(void *self, c138_text_fn on_text, void *user) {
    const struct keys *k = self;
    size_t open = 0, rotations = rotation_count_open(k->host);
    for (size_t i = 0; k->ring && i < ring_count(k->ring); i++)
        open += ring_at(k->ring, i)->secret.bytes != NULL;
    C138_FREE char *text =
        c138_xasprintf("%zu keys, %zu open, in %s%s", k->ring ? ring_count(k->ring) : 0, open,
                       k->vault ? vault_kind(k->vault) : "no memory",
                       rotations ? "; a rotation is not at its end: keys rotations" : "");
    on_text(user, text, strlen(text));
    return k->ring && !ring_troubles(k->ring) && !rotations ? C138_HEALTH_OK : C138_HEALTH_DEGRADED;
}

static void item(c138_call *out, const char *name, const char *state, const char *text) {
    c138_open_object(out, NULL);
    c138_set_str(out, "name", name);
    c138_set_str(out, "state", state);
    c138_set_str(out, "text", text);
    c138_close(out);
}

static void status(void *self, c138_call *out) {
    const struct keys *k = self;
    size_t rotations = rotation_count_open(k->host);
    C138_FREE char *memory = c138_xasprintf("open keys are in %s, %zu bytes of it used",
                                            k->vault ? vault_kind(k->vault) : "no memory",
                                            k->vault ? vault_used(k->vault) : 0);
    c138_open_list(out, "items");
    item(out, "memory", k->vault ? "ok" : "critical", memory);
    for (size_t i = 0; k->ring && i < ring_troubles(k->ring); i++)
        item(out, "file", "warning", ring_trouble(k->ring, i));
    if (rotations)
        item(out, "rotation", "warning",
             "one is not at its end: keys rotations says where it stands");
    c138_close(out);
}

static const void *get_extension(void *self, const char *id) {
    static const c138_health health_table = {C138_SIZED(c138_health), .health = health};
    static const c138_status_ext status_table = {C138_SIZED(c138_status_ext), .status = status};
    (void)self;
    return strcmp(id, C138_EXT_HEALTH) == 0   ? (const void *)&health_table
           : strcmp(id, C138_EXT_STATUS) == 0 ? &status_table
                                              : NULL;
}

static const c138_plugin plugin = {
    C138_SIZED(c138_plugin),
    .abi_major = C138_ABI_MAJOR,
    .abi_minor = C138_ABI_MINOR,
    .name = "keys",
    .version = "0.1.0",
    .summary = "Holds keys and signs what their rules allow",
    .license = "Apache-2.0",
    .settings = keys_setting_fields,
    .actions = keys_actions,
    .create = create,
    .prepare = prepare,
    .commit = commit,
    .start = start,
    .stop = stop,
    .destroy = destroy,
    .get_extension = get_extension,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
