#include "token.h"

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#include <base/mem.h>
#include <base/text.h>

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* --- Without a module ------------------------------------------------------------------------ */

void token_config_free(struct token_config *c) {
    if (!c)
        return;
    for (size_t i = 0; i < c->n_environment; i++)
        free(c->environment[i]);
    free(c->environment);
    free(c->module);
    free(c->token);
    free(c->label);
    free(c->pin);
    free(c);
}

int token_environment_ok(const char *text) {
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return n && text[n] == '=' && !isdigit((unsigned char)text[0]) && strncmp(text, "LD_", 3) != 0;
}

static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                  0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
static const uint8_t half[32] = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
                                 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

void token_low_s(uint8_t s[32]) {
    int borrow = 0;
    if (memcmp(s, half, 32) <= 0)
        return;
    for (int i = 31; i >= 0; i--) {
        int d = order[i] - s[i] - borrow;
        borrow = d < 0;
        s[i] = (uint8_t)(d + 256 * borrow);
    }
}

#ifdef HAVE_PKCS11
#include <p11-kit/pkcs11.h>

struct token {
    CK_FUNCTION_LIST *f;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key; /* the private half; 0 before a login */
    char *label;
    uint8_t public_key[64];
};

static c138_status said(struct c138_err *err, const char *what, CK_RV rv) {
    if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_LOCKED ||
        rv == CKR_PIN_INVALID)
        return c138_error(
            err, C138_E_DENIED, "keys.pin",
            rv == CKR_PIN_LOCKED
                ? "the token's PIN is locked: only its security officer can open it"
                : "the PIN is wrong: it is not tried again until the section changes, "
                  "as tokens lock after a few tries");
    return c138_error(err, C138_E_UNAVAILABLE, "keys.token",
                      "the token: %s: error 0x%lx of PKCS #11", what, rv);
}

/* --- Module and token ------------------------------------------------------------------------ */

/* Held for the life of the process; loading it again gives the same. */
static c138_status load(const struct token_config *c, CK_FUNCTION_LIST **ret,
                        struct c138_err *err) {
    CK_RV (*list)(CK_FUNCTION_LIST **) = NULL;
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    for (size_t i = 0; i < c->n_environment; i++) {
        C138_FREE char *name = c138_xstrndup(c->environment[i], strcspn(c->environment[i], "="));
        (void)setenv(name, c->environment[i] + strlen(name) + 1, 1);
    }
    void *module = dlopen(c->module, RTLD_NOW | RTLD_LOCAL);
    if (module)
        *(void **)(void *)&list = dlsym(module, "C_GetFunctionList");
    if (!list)
        return c138_error(err, C138_E_UNAVAILABLE, "keys.token", "the module %s: %s", c->module,
                          module ? "it is none of PKCS #11" : dlerror());
    CK_RV rv = list(ret);
    if (rv == CKR_OK)
        rv = (*ret)->C_Initialize(&args);
    return rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED ? C138_OK
                                                                  : said(err, c->module, rv);
}

/* PKCS #11 pads labels with blanks to 32 bytes. */
static int label_is(const CK_UTF8CHAR label[32], const char *wanted) {
    size_t n = 32;
    while (n && label[n - 1] == ' ')
        n--;
    return n == strlen(wanted) && !memcmp(label, wanted, n);
}

static c138_status find_slot(CK_FUNCTION_LIST *f, const char *label, CK_SLOT_ID *ret,
                             struct c138_err *err) {
    CK_SLOT_ID slots[64];
    CK_ULONG count = C138_COUNT(slots);
    CK_RV rv = f->C_GetSlotList(CK_TRUE, slots, &count);
    if (rv != CKR_OK)
        return said(err, "its slots", rv);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        if (f->C_GetTokenInfo(slots[i], &info) == CKR_OK && label_is(info.label, label)) {
            *ret = slots[i];
            return C138_OK;
        }
    }
    return c138_error(err, C138_E_UNAVAILABLE, "keys.token",
                      "there is no token \"%s\": the module shows %lu others: check its label, and "
                      "that `files` and `state` name what the module reads and writes",
                      label, count);
}

static c138_status session_open(const struct token_config *c, CK_FLAGS flags, struct token **ret,
                                struct c138_err *err) {
    CK_FUNCTION_LIST *f = NULL;
    CK_SLOT_ID slot = 0;
    CK_SESSION_HANDLE session = 0;
    c138_status status = load(c, &f, err);
    if (status >= 0)
        status = find_slot(f, c->token, &slot, err);
    if (status < 0)
        return status;
    CK_RV rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION | flags, NULL, NULL, &session);
    if (rv != CKR_OK)
        return said(err, "a session", rv);
    *ret = c138_xcalloc(1, sizeof(**ret));
    **ret = (struct token){.f = f, .session = session, .label = c138_xstrdup(c->label)};
    return C138_OK;
}

struct token *token_free(struct token *t) {
    if (!t)
        return NULL;
    /* Its last session of ours closed, a token logs us out; C_Logout would log out the others. */
    (void)t->f->C_CloseSession(t->session);
    free(t->label);
    free(t);
    return NULL;
}

/* --- The key --------------------------------------------------------------------------------- */

static CK_RV find_object(struct token *t, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *ret,
                         CK_ULONG *ret_count) {
    CK_KEY_TYPE type = CKK_EC;
    CK_OBJECT_HANDLE found[2];
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof(class)},
                             {CKA_KEY_TYPE, &type, sizeof(type)},
                             {CKA_LABEL, t->label, strlen(t->label)}};
    *ret_count = 0;
    CK_RV rv = t->f->C_FindObjectsInit(t->session, wanted, C138_COUNT(wanted));
    if (rv == CKR_OK)
        rv = t->f->C_FindObjects(t->session, found, 2, ret_count);
    (void)t->f->C_FindObjectsFinal(t->session);
    if (rv == CKR_OK && *ret_count)
        *ret = found[0];
    return rv;
}

static c138_status find_one(struct token *t, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *ret,
                            struct c138_err *err) {
    CK_ULONG count = 0;
    CK_RV rv = find_object(t, class, ret, &count);
    const char *half_name = class == CKO_PUBLIC_KEY ? "public" : "private";
    if (rv != CKR_OK)
        return said(err, "its keys", rv);
    return count == 1 ? C138_OK
                      : c138_error(err, count ? C138_E_CONFLICT : C138_E_NOTFOUND, "keys.token-key",
                                   "the token has %s %s EC key \"%s\"",
                                   count ? "more than one" : "no", half_name, t->label);
}

/* CKA_EC_POINT: an octet string with 0x04 and the point; some tokens leave the octet string out. */
static c138_status read_point(struct token *t, CK_OBJECT_HANDLE object, struct c138_err *err) {
    static const uint8_t secp256k1[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
    uint8_t params[64], point[128];
    CK_ATTRIBUTE wanted[] = {{CKA_EC_PARAMS, params, sizeof(params)},
                             {CKA_EC_POINT, point, sizeof(point)}};
    CK_RV rv = t->f->C_GetAttributeValue(t->session, object, wanted, 2);
    if (rv != CKR_OK)
        return said(err, "its public key", rv);
    if (wanted[0].ulValueLen != sizeof(secp256k1) ||
        memcmp(params, secp256k1, sizeof(secp256k1)) != 0)
        return c138_error(err, C138_E_INVALID, "keys.token-key",
                          "the token's key \"%s\" is on another curve than secp256k1", t->label);
    const uint8_t *p = point;
    size_t length = wanted[1].ulValueLen;
    if (length == 67 && p[0] == 0x04 && p[1] == 65) {
        p += 2;
        length -= 2;
    }
    if (length != 65 || p[0] != 0x04)
        return c138_error(err, C138_E_INVALID, "keys.token-key",
                          "the token gives the public key \"%s\" in a form that is not known",
                          t->label);
    memcpy(t->public_key, p + 1, 64);
    return C138_OK;
}

c138_status token_open(const struct token_config *c, struct token **ret, struct c138_err *err) {
    struct token *t = NULL;
    CK_OBJECT_HANDLE object = 0;
    c138_status status = session_open(c, 0, &t, err);
    if (status >= 0)
        status = find_one(t, CKO_PUBLIC_KEY, &object, err);
    if (status >= 0)
        status = read_point(t, object, err);
    if (status < 0)
        (void)token_free(t);
    else
        *ret = t;
    return status;
}

const uint8_t *token_public(const struct token *t) {
    return t->public_key;
}

int token_is_open(const struct token *t) {
    return t->key != 0;
}

c138_status token_login(struct token *t, const struct secret *pin, struct c138_err *err) {
    CK_RV rv = t->f->C_Login(t->session, CKU_USER, pin->bytes, pin->length);
    if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
        return said(err, "login", rv);
    return find_one(t, CKO_PRIVATE_KEY, &t->key, err);
}

c138_status token_sign(struct token *t, struct c138_secp *secp, const uint8_t hash[32],
                       uint8_t ret_r[32], uint8_t ret_s[32], uint8_t *ret_parity,
                       struct c138_err *err) {
    CK_MECHANISM mechanism = {.mechanism = CKM_ECDSA};
    uint8_t digest[32], rs[72], key[64];
    CK_ULONG length = sizeof(rs);
    memcpy(digest, hash, 32);
    CK_RV rv = t->f->C_SignInit(t->session, &mechanism, t->key);
    if (rv == CKR_OK)
        rv = t->f->C_Sign(t->session, digest, sizeof(digest), rs, &length);
    if (rv != CKR_OK)
        return said(err, "a signature", rv);
    if (length != 64)
        return c138_error(err, C138_E_INVALID, "keys.token",
                          "the token gave a signature of %lu bytes", length);
    memcpy(ret_r, rs, 32);
    memcpy(ret_s, rs + 32, 32);
    token_low_s(ret_s);
    for (uint8_t parity = 0; parity < 2; parity++)
        if (c138_secp_recover(secp, hash, ret_r, ret_s, parity, key) >= 0 &&
            !memcmp(key, t->public_key, 64)) {
            *ret_parity = parity;
            return C138_OK;
        }
    return c138_error(err, C138_E_CONFLICT, "keys.changed",
                      "the token's private key \"%s\" does not belong to its public key", t->label);
}

/* --- Making ---------------------------------------------------------------------------------- */

static CK_RV make_pair(struct token *t) {
    static uint8_t secp256k1[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_MECHANISM mechanism = {.mechanism = CKM_EC_KEY_PAIR_GEN};
    CK_OBJECT_HANDLE public_key = 0, private_key = 0;
    uint8_t id[32]; /* so that other programs see that the halves belong together */
    c138_sha256(t->label, strlen(t->label), id);
    CK_ATTRIBUTE public_half[] = {{CKA_TOKEN, &yes, sizeof(yes)},
                                  {CKA_VERIFY, &yes, sizeof(yes)},
                                  {CKA_EC_PARAMS, secp256k1, sizeof(secp256k1)},
                                  {CKA_LABEL, t->label, strlen(t->label)},
                                  {CKA_ID, id, 16}};
    CK_ATTRIBUTE private_half[] = {{CKA_TOKEN, &yes, sizeof(yes)},
                                   {CKA_PRIVATE, &yes, sizeof(yes)},
                                   {CKA_SENSITIVE, &yes, sizeof(yes)},
                                   {CKA_EXTRACTABLE, &no, sizeof(no)},
                                   {CKA_SIGN, &yes, sizeof(yes)},
                                   {CKA_LABEL, t->label, strlen(t->label)},
                                   {CKA_ID, id, 16}};
    return t->f->C_GenerateKeyPair(t->session, &mechanism, public_half, C138_COUNT(public_half),
                                   private_half, C138_COUNT(private_half), &public_key,
                                   &private_key);
}

c138_status token_generate(const struct token_config *c, const struct secret *pin,
                           struct c138_err *err) {
    struct token *t = NULL;
    CK_OBJECT_HANDLE object = 0;
    CK_ULONG count = 0;
    c138_status status = session_open(c, CKF_RW_SESSION, &t, err);
    if (status < 0)
        return status;
    CK_RV rv = t->f->C_Login(t->session, CKU_USER, pin->bytes, pin->length);
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
        rv = find_object(t, CKO_PRIVATE_KEY, &object, &count);
    if (rv == CKR_OK && count)
        status =
            c138_error(err, C138_E_CONFLICT, "keys.exists",
                       "the token has a key \"%s\" already: a key is never overwritten", c->label);
    else if (rv == CKR_OK)
        rv = make_pair(t);
    if (rv != CKR_OK)
        status = said(err, "a new key", rv);
    (void)token_free(t);
    return status;
}

#else /* without the header of PKCS #11 */

struct token {
    uint8_t public_key[64];
};

static c138_status unbuilt(struct c138_err *err) {
    return c138_error(err, C138_E_UNSUPPORTED, "keys.token",
                      "this build knows no PKCS #11: it was made without the header of p11-kit");
}

c138_status token_open(const struct token_config *c, struct token **ret, struct c138_err *err) {
    (void)c;
    (void)ret;
    return unbuilt(err);
}

struct token *token_free(struct token *t) {
    free(t);
    return NULL;
}

const uint8_t *token_public(const struct token *t) {
    return t->public_key;
}

int token_is_open(const struct token *t) {
    (void)t;
    return 0;
}

c138_status token_login(struct token *t, const struct secret *pin, struct c138_err *err) {
    (void)t;
    (void)pin;
    return unbuilt(err);
}

c138_status token_sign(struct token *t, struct c138_secp *secp, const uint8_t hash[32],
                       uint8_t ret_r[32], uint8_t ret_s[32], uint8_t *ret_parity,
                       struct c138_err *err) {
    (void)t;
    (void)secp;
    (void)hash;
    (void)ret_r;
    (void)ret_s;
    (void)ret_parity;
    return unbuilt(err);
}

c138_status token_generate(const struct token_config *c, const struct secret *pin,
                           struct c138_err *err) {
    (void)c;
    (void)pin;
    return unbuilt(err);
}
#endif
