#include "gpg.h"
#include "packets.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static c138_status said(struct c138_err *err, const char *what, gpgme_error_t e) {
    return c138_error(err, C138_E_INTERNAL, "gpg.engine", "gpg: %s: %s", what, gpgme_strerror(e));
}

/* --- Opening --------------------------------------------------------------------------------- */

static c138_status import_file(struct gpg *g, const char *path, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    gpgme_data_t data = NULL;
    c138_status status = c138_file_read(path, PACKETS_MESSAGE_MAX, &text, err);
    if (status < 0)
        return status;
    gpgme_error_t e = gpgme_data_new_from_mem(&data, c138_buf_text(&text), text.length, 0);
    if (!e)
        e = gpgme_op_import(g->ctx, data);
    gpgme_data_release(data);
    gpgme_import_result_t result = e ? NULL : gpgme_op_import_result(g->ctx);
    if (e)
        return said(err, path, e);
    if (result->secret_read)
        return c138_error(err, C138_E_DENIED, "gpg.secret",
                          "%s holds a secret key: it must not be on this host; export the public "
                          "key alone (gpg --export)",
                          path);
    return result->considered
               ? C138_OK
               : c138_error(err, C138_E_INVALID, "gpg.file", "%s holds no OpenPGP key", path);
}

/* gpgme asks the program for its version when it is told of it; of one that does not run it takes 1.0. */
static c138_status check_program(const struct gpg *g, struct c138_err *err) {
    gpgme_engine_info_t info = gpgme_ctx_get_engine_info(g->ctx);
    while (info && info->protocol != GPGME_PROTOCOL_OpenPGP)
        info = info->next;
    return access(g->settings.program, X_OK) == 0 && info && info->version &&
                   strtol(info->version, NULL, 10) >= 2
               ? C138_OK
               : c138_error(err, C138_E_UNAVAILABLE, "gpg.engine",
                            "%s does not run as GnuPG: install gnupg, or set plugins.gpg.program",
                            g->settings.program);
}

c138_status gpg_open(struct gpg *g, struct c138_err *err) {
    c138_status status = c138_mkdir_p(g->home, 0700, err);
    if (status < 0)
        return status;
    (void)gpgme_check_version(NULL);
    gpgme_error_t e = gpgme_new(&g->ctx);
    if (!e)
        e = gpgme_ctx_set_engine_info(g->ctx, GPGME_PROTOCOL_OpenPGP, g->settings.program, g->home);
    if (e)
        return said(err, g->settings.program, e);
    status = check_program(g, err);
    gpgme_set_armor(g->ctx, 1);
    gpgme_set_offline(g->ctx, 1);
    for (size_t i = 0; status >= 0 && i < g->settings.n_files; i++)
        status = import_file(g, g->settings.files[i], err);
    return status;
}

void gpg_close(struct gpg *g) {
    if (g->ctx)
        gpgme_release(g->ctx);
    g->ctx = NULL;
}

/* --- Recipients ------------------------------------------------------------------------------ */

static const char *unfit(const struct gpg_recipient *r) {
    const struct _gpgme_key *k = r->key;
    return k->revoked    ? "it is revoked"
           : k->expired  ? "it has expired"
           : k->disabled ? "it is disabled"
           : k->invalid  ? "it is invalid"
           : !r->n_ids   ? "it has no key for encryption"
                         : NULL;
}

static void take_ids(struct gpg_recipient *r) {
    for (gpgme_subkey_t s = r->key->subkeys; s && r->n_ids < C138_COUNT(r->ids); s = s->next) {
        uint64_t id = 0;
        uint8_t bytes[8];
        if (!s->can_encrypt || s->revoked || s->expired || s->disabled || s->invalid ||
            strlen(s->keyid) != 16 || c138_hex_decode(s->keyid, 16, bytes) < 0)
            continue;
        for (size_t i = 0; i < sizeof(bytes); i++)
            id = id << 8 | bytes[i];
        r->ids[r->n_ids++] = id;
    }
}

c138_status gpg_recipient_find(struct gpg *g, const char *fingerprint, struct gpg_recipient *ret,
                               struct c138_err *err) {
    struct gpg_recipient r = {0};
    if (strlen(fingerprint) != GPG_FINGERPRINT ||
        strspn(fingerprint, "0123456789abcdefABCDEF") != GPG_FINGERPRINT)
        return c138_error(err, C138_E_INVALID, "gpg.recipient",
                          "\"%.80s\" is no fingerprint: 40 hex digits, as gpg --fingerprint shows "
                          "them, without spaces",
                          fingerprint);
    if (gpgme_get_key(g->ctx, fingerprint, &r.key, 0) || !r.key || !r.key->subkeys)
        return c138_error(err, C138_E_NOTFOUND, "gpg.recipient",
                          "there is no public key %s: name a file that holds it in "
                          "plugins.gpg.keys",
                          fingerprint);
    (void)snprintf(r.fingerprint, sizeof(r.fingerprint), "%s", r.key->subkeys->fpr);
    take_ids(&r);
    const char *why = unfit(&r);
    if (why || strcasecmp(r.fingerprint, fingerprint) != 0) {
        c138_status status = c138_error(err, C138_E_INVALID, "gpg.recipient", "key %s: %s",
                                        fingerprint, why ? why : "this is one of its subkeys");
        gpg_recipient_deinit(&r);
        return status;
    }
    *ret = r;
    return C138_OK;
}

void gpg_recipient_deinit(struct gpg_recipient *r) {
    if (r->key)
        gpgme_key_unref(r->key);
    *r = (struct gpg_recipient){0};
}

/* --- Encrypting ------------------------------------------------------------------------------ */

static int is_for(const struct gpg_recipient *r, uint64_t id) {
    for (size_t i = 0; i < r->n_ids; i++)
        if (r->ids[i] == id)
            return 1;
    return 0;
}

/* gpg leaves a recipient out rather than fail in some of its modes: look at what it wrote. */
static c138_status check_message(const char *text, size_t length, const struct gpg_recipient *to,
                                 size_t count, struct c138_err *err) {
    C138_BUF struct c138_buf message = C138_BUF_NULL;
    uint64_t ids[GPG_RECIPIENTS_MAX];
    size_t n = 0;
    c138_status status = packets_dearmor(text, length, &message, err);
    if (status >= 0)
        status = packets_recipients(c138_buf_text(&message), message.length, ids, C138_COUNT(ids),
                                    &n, err);
    if (status < 0)
        return status;
    for (size_t i = 0; i < count; i++) {
        size_t found = 0;
        for (size_t k = 0; k < n; k++)
            found += (size_t)is_for(&to[i], ids[k]);
        if (found != 1 || n != count)
            return c138_error(err, C138_E_CONFLICT, "gpg.recipients",
                              "the message is for %zu keys, not the %zu wanted (%s)", n, count,
                              to[i].fingerprint);
    }
    return C138_OK;
}

c138_status gpg_encrypt(struct gpg *g, const struct gpg_recipient *to, size_t count,
                        const void *plain, size_t length, char **ret_armored,
                        struct c138_err *err) {
    gpgme_key_t keys[GPG_RECIPIENTS_MAX + 1] = {0};
    gpgme_data_t in = NULL, out = NULL;
    for (size_t i = 0; i < count; i++)
        keys[i] = to[i].key;
    gpgme_error_t e = gpgme_data_new_from_mem(&in, plain, length, 0);
    if (!e)
        e = gpgme_data_new(&out);
    /* A whole fingerprint in the config is the trust; nothing is compressed, as sizes tell. */
    if (!e)
        e = gpgme_op_encrypt(g->ctx, keys, GPGME_ENCRYPT_ALWAYS_TRUST | GPGME_ENCRYPT_NO_COMPRESS,
                             in, out);
    gpgme_data_release(in);
    if (e) {
        gpgme_data_release(out);
        return said(err, "encrypt", e);
    }
    size_t n = 0;
    char *bytes = gpgme_data_release_and_get_mem(out, &n);
    c138_status status = check_message(bytes, n, to, count, err);
    if (status >= 0)
        *ret_armored = c138_xstrndup(bytes, n);
    gpgme_free(bytes);
    return status;
}
