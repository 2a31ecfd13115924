#include "init.h"
#include "versions.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <evm/address.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define OWNER_UID 1000u /* of Besu's image; where the agent is not root, its own */

/* --- Files ----------------------------------------------------------------------------------- */

static c138_status give_away(const struct init *n, const char *path, struct c138_err *err) {
    if (geteuid() != 0 || chown(path, n->uid, n->gid) == 0)
        return C138_OK;
    return c138_error(err, C138_E_DENIED, "stack.init", "%s cannot be given to user %u: %s", path,
                      n->uid, strerror(errno));
}

c138_status init_mkdir(struct init *n, const char *path, struct c138_err *err) {
    C138_FREE char *full = c138_xasprintf("%s/%s", n->folder, path);
    /* Each folder on the way, so that all have the owner. */
    for (char *p = full + strlen(n->folder); *p; p++) {
        if (*p != '/' || p == full + strlen(n->folder))
            continue;
        *p = '\0';
        int made = mkdir(full, 0755) == 0;
        c138_status status = made ? give_away(n, full, err) : C138_OK;
        *p = '/';
        if (status < 0)
            return status;
    }
    if (mkdir(full, 0755) != 0 && errno != EEXIST)
        return c138_error(err, C138_E_DENIED, "stack.init", "%s cannot be made: %s", full,
                          strerror(errno));
    return give_away(n, full, err);
}

c138_status init_write(struct init *n, const char *path, int secret, const void *bytes,
                       size_t length, struct c138_err *err) {
    C138_FREE char *full = c138_xasprintf("%s/%s", n->folder, path);
    C138_FREE char *folder = c138_xstrdup(path);
    char *slash = strrchr(folder, '/');
    c138_status status = C138_OK;
    if (slash) {
        *slash = '\0';
        status = init_mkdir(n, folder, err);
    }
    if (status >= 0)
        status = c138_file_write(full, secret ? 0600 : 0644, bytes, length, err);
    if (status >= 0)
        status = give_away(n, full, err);
    n->n_files++;
    return status;
}

c138_status init_text(struct init *n, const char *path, int secret, const struct c138_buf *text,
                      struct c138_err *err) {
    return init_write(n, path, secret, c138_buf_text(text), text->length, err);
}

char *init_ip(const struct init *n, unsigned last) {
    return c138_xasprintf("%s.%u", n->subnet, last);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void remove_tree(const char *path) {
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- What is asked for ----------------------------------------------------------------------- */

static void init_deinit(struct init *n) {
    char *all[] = {n->name, n->folder, n->final, n->subnet, n->besu, n->tessera, n->jdbc_driver,
                   n->alert_url};
    for (size_t i = 0; i < C138_COUNT(all); i++)
        free(all[i]);
    for (size_t i = 0; i < n->n_accounts; i++)
        free(n->accounts[i]);
}

static c138_status wrong(struct c138_err *err, const char *what) {
    return c138_error(err, C138_E_INVALID, "param.invalid", "%s", what);
}

static int is_subnet(const char *text) {
    unsigned a = 0, b = 0, c = 0;
    char rest = '\0';
    return sscanf(text, "%3u.%3u.%3u%c", &a, &b, &c, &rest) == 3 && a > 0 && a < 224 && b < 256 &&
           c < 256;
}

static int is_version(const char *text) {
    return *text && strspn(text, "0123456789.-abcdefghijklmnopqrstuvwxyz") == strlen(text) &&
           besu_version_read(text) != 0;
}

static c138_status ask(struct init *n, struct c138_err *err) {
    c138_call *call = n->call;
    n->name = c138_xstrdup(c138_str(call, "name"));
    n->subnet = c138_xstrdup(c138_str(call, "subnet"));
    n->besu = c138_xstrdup(c138_str(call, "besu_version"));
    n->tessera = c138_xstrdup(c138_str(call, "tessera_version"));
    n->jdbc_driver = c138_xstrdup(c138_str(call, "jdbc_driver"));
    n->alert_url = c138_has(call, "alert_url") ? c138_xstrdup(c138_str(call, "alert_url")) : NULL;
    n->chain_id = c138_uint(call, "chain_id");
    n->period_s = (uint64_t)(c138_int(call, "block_period") / C138_NS_PER_S);
    n->privacy = c138_int(call, "privacy") != 0;
    n->n_validators = (size_t)c138_uint(call, "validators");
    n->uid = geteuid() == 0 ? OWNER_UID : geteuid();
    n->gid = geteuid() == 0 ? OWNER_UID : getegid();
    for (uint64_t i = 0, k = c138_uint(call, "accounts"); i < k && i < INIT_ACCOUNTS_MAX; i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "accounts.%u", (unsigned)i);
        n->accounts[n->n_accounts++] = c138_xstrdup(c138_str(call, path));
    }
    if (!stack_name_ok(n->name) ||
        strspn(n->name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(n->name))
        return wrong(err, "name: small letters, digits, \"-\" and \"_\"");
    if (!is_subnet(n->subnet))
        return wrong(err, "subnet: the first three numbers of one, as 172.31.138");
    if (!is_version(n->besu) || !is_version(n->tessera))
        return wrong(err, "a version is written as 25.5.0");
    if (besu_version_read(n->tessera) < BESU_VERSION(21, 7, 0))
        return wrong(err, "tessera_version: 21.7.0 or newer: older images have no folder for the "
                          "driver of the database");
    if (n->period_s < 1)
        return wrong(err, "block_period: whole seconds");
    if (n->privacy && besu_version_read(n->besu) >= BESU_VERSION(25, 6, 0))
        return wrong(err, "Besu has no private transactions since 25.6.0: take 25.5.0, or "
                          "--privacy false");
    return C138_OK;
}

static c138_status places(struct init *n, struct c138_err *err) {
    struct stat st;
    C138_FREE char *top = n->s->settings.init_dir
                              ? c138_xstrdup(n->s->settings.init_dir)
                              : c138_path_join(n->s->host->state_dir, "networks");
    n->final = c138_path_join(top, n->name);
    n->folder = c138_xasprintf("%s.new", n->final);
    if (lstat(n->final, &st) == 0)
        return c138_error(err, C138_E_CONFLICT, "stack.init",
                          "%s is there already: a network is never written over another: take "
                          "another name",
                          n->final);
    c138_status status = c138_mkdir_p(top, 0755, err);
    if (status < 0)
        return status;
    remove_tree(n->folder); /* of one that was killed half way */
    if (mkdir(n->folder, 0755) != 0)
        return c138_error(err, C138_E_DENIED, "stack.init", "%s cannot be made: %s", n->folder,
                          strerror(errno));
    return give_away(n, n->folder, err);
}

static void name_nodes(struct init *n) {
    for (size_t i = 0; i <= n->n_validators; i++) {
        struct init_node *x = &n->nodes[n->n_nodes++];
        x->validator = i < n->n_validators;
        if (x->validator)
            (void)snprintf(x->name, sizeof(x->name), "validator-%zu", i + 1);
        else
            (void)snprintf(x->name, sizeof(x->name), "rpc-1");
        (void)snprintf(x->ip, sizeof(x->ip), "%s.%u", n->subnet,
                       x->validator ? (unsigned)(11 + i) : INIT_IP_RPC);
    }
}

static void show(const struct init *n) {
    c138_call *call = n->call;
    c138_set_str(call, "folder", n->final);
    c138_set_uint(call, "files", n->n_files);
    c138_open_list(call, "nodes");
    for (size_t i = 0; i < n->n_nodes; i++) {
        char address[C138_ADDRESS_TEXT];
        c138_address_format(n->nodes[i].address, address);
        c138_open_object(call, NULL);
        c138_set_str(call, "name", n->nodes[i].name);
        c138_set_str(call, "role", n->nodes[i].validator ? "validator" : "rpc");
        c138_set_str(call, "address", address);
        c138_set_str(call, "enode", n->nodes[i].enode);
        c138_close(call);
    }
    c138_close(call);
    c138_set_str(call, "tessera_key", n->tessera_key);
    C138_FREE char *text = c138_xasprintf(
        "start it with docker compose in %s, or copy agent/*.conf into conf.d and use stack up; "
        "read README.md there: what to back up, and what nobody else may read",
        n->final);
    c138_set_str(call, "text", text);
}

c138_status stack_init_run(void *self, c138_call *call) {
    C138_CLEANUP(init_deinit) struct init n = {.s = self, .call = call};
    struct c138_err err = {0};
    c138_status status = ask(&n, &err);
    if (status >= 0)
        status = places(&n, &err);
    if (status < 0)
        return stack_fail(call, status, &err);
    name_nodes(&n);
    c138_status (*const parts[])(struct init *, struct c138_err *) = {init_keys, init_besu,
                                                                      init_tessera, init_compose};
    for (size_t i = 0; status >= 0 && i < C138_COUNT(parts); i++) {
        c138_progress(call, (uint32_t)(i * 250), "writing the network");
        status = parts[i](&n, &err);
    }
    if (status >= 0 && rename(n.folder, n.final) != 0)
        status = c138_error(&err, C138_E_INTERNAL, "stack.init", "%s cannot be named: %s", n.final,
                            strerror(errno));
    if (status < 0) {
        remove_tree(n.folder);
        return stack_fail(call, status, &err);
    }
    show(&n);
    return C138_OK;
}
