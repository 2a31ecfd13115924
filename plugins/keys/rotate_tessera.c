/*
 * A key of Tessera: the new one comes to the front of keys.keyData, and every old one stays, as what
 * was sent to it can be read with it alone. Tessera reads its keys at its start; so what comes of
 * this is a fragment of its config, in the outbox, locked as Tessera locks keys. The order is that of
 * the passwords only: a node of several keys takes any of them where a sender names none.
 */
#include "rotate.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <stdio.h>
#include <string.h>

#define FILE_MAX 131072

static char *outbox_path(const struct rotate *r) {
    return c138_xasprintf("%s/outbox/tessera-%s.json", r->keys->host->state_dir, r->id);
}

/* The Tessera keys of this host: the one that comes, the one that goes, and all others. */
static c138_status names(struct rotate *r, struct c138_json **ret, struct c138_err *err) {
    C138_JSON struct c138_json *result = NULL, *all = c138_json_new_array();
    c138_status status = keys_ask(r->keys, r->call, "keys.list", NULL, &result, err);
    const struct c138_json *keys = c138_json_get(result, "keys");
    const char *wanted[] = {r->into, r->from, NULL};
    for (size_t w = 0; status >= 0 && w < C138_COUNT(wanted); w++) {
        size_t before = c138_json_count(all);
        for (size_t i = 0; i < c138_json_count(keys); i++) {
            const struct c138_json *key = c138_json_at(keys, i);
            const char *name = c138_json_get_str(key, "name", "");
            int first = !strcmp(name, r->into) || !strcmp(name, r->from);
            if (!strcmp(c138_json_get_str(key, "kind", ""), "tessera") &&
                (wanted[w] ? !strcmp(name, wanted[w]) : !first))
                c138_json_append(all, c138_json_ref(c138_json_at(keys, i)));
        }
        if (wanted[w] && c138_json_count(all) == before)
            status = c138_error(err, C138_E_NOTFOUND, "keys.unknown",
                                "there is no key of Tessera called %.80s here: make the new one "
                                "first (chain138ctl keys generate %.80s --kind tessera)",
                                wanted[w], wanted[w]);
    }
    if (status >= 0)
        *ret = C138_STEAL(all);
    return status;
}

static c138_status plan(struct rotate *r, struct c138_json *steps, struct c138_err *err) {
    C138_JSON struct c138_json *keys = NULL;
    C138_FREE char *path = outbox_path(r);
    c138_status status = names(r, &keys, err);
    if (status < 0)
        return status;
    C138_BUF struct c138_buf does = C138_BUF_NULL;
    c138_buf_addf(&does,
                  "%s gets the keys of Tessera's config (keys that it has and this host does not "
                  "hold must stay in it, behind these), passwords in this order:",
                  path);
    for (size_t i = 0; i < c138_json_count(keys); i++)
        c138_buf_addf(&does, "%s %s", i ? "," : "",
                      c138_json_get_str(c138_json_at(keys, i), "name", ""));
    rotate_add(steps, "write-config", c138_buf_text(&does), NULL, NULL, NULL);
    return C138_OK;
}

/* As the key folder has it: sealed. */
static c138_status add_key(const struct rotate *r, const struct c138_json *key,
                           struct c138_json *data, struct c138_err *err) {
    C138_FREE char *path = c138_xasprintf("%s/keys/%s.json", r->keys->host->state_dir,
                                          c138_json_get_str(key, "name", ""));
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_JSON struct c138_json *file = NULL;
    c138_status status = c138_file_read(path, FILE_MAX, &text, err);
    if (status >= 0)
        status = c138_json_parse(c138_buf_text(&text), text.length, &file, err);
    if (status < 0)
        return status;
    struct c138_json *config = c138_json_get(file, "config");
    if (!config)
        return c138_error(err, C138_E_INVALID, "keys.file", "%s: this is no key of Tessera", path);
    struct c138_json *entry = c138_json_new_object();
    c138_json_set(entry, "config", c138_json_ref(config));
    c138_json_set_str(entry, "publicKey", c138_json_get_str(key, "public_key", ""));
    c138_json_append(data, entry);
    return C138_OK;
}

static c138_status do_step(struct rotate *r, const struct c138_json *step, struct c138_err *err) {
    C138_JSON struct c138_json *keys = NULL, *fragment = c138_json_new_object();
    C138_FREE char *path = outbox_path(r);
    C138_FREE char *folder = c138_path_join(r->keys->host->state_dir, "outbox");
    struct c138_json *section = c138_json_new_object(), *data = c138_json_new_array();
    (void)step;
    c138_json_set(fragment, "keys", section);
    c138_json_set(section, "keyData", data);
    c138_status status = names(r, &keys, err);
    for (size_t i = 0; status >= 0 && i < c138_json_count(keys); i++)
        status = add_key(r, c138_json_at(keys, i), data, err);
    if (status >= 0)
        status = c138_mkdir_p(folder, 0700, err);
    if (status < 0)
        return status;
    C138_FREE char *text = c138_json_pretty(fragment);
    return c138_file_write(path, 0600, text, strlen(text), err);
}

const struct rotate_kind rotate_tessera = {.name = "tessera", .plan = plan, .step = do_step};
