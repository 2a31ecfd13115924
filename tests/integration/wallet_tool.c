/*
 * tests/integration/wallet_tool: lib/wallet for tests in other languages. A request a line on
 * standard input, an answer a line on standard output, both JSON objects. {"op": ...} as in the
 * table at the end; an error is {"error": key, "text": text}. Test keys only: here secrets are
 * printed.
 */
#include <base/json.h>
#include <base/text.h>
#include <evm/address.h>
#include <wallet/hd.h>
#include <wallet/keystore.h>
#include <wallet/mnemonic.h>
#include <wallet/nodekey.h>
#include <wallet/slip39.h>
#include <wallet/tesserakey.h>

#include <stdio.h>
#include <string.h>

#define WORDS 2048

struct tool {
    const struct secret_host *host;
    const char *list[WORDS]; /* the list that "words" set */
    struct secret kept[WORDS];
    struct words words;
    const struct words *chosen; /* NULL: English */
};
struct text {
    const char *p;
    size_t n;
};

static struct text get(const struct c138_json *request, const char *name) {
    const struct c138_json *v = c138_json_get(request, name);
    return (struct text){c138_json_as_str(v, ""), c138_json_str_length(v)};
}

/* Bytes of a hex member, 0x or not. */
static size_t get_hex(const struct c138_json *request, const char *name, uint8_t *ret_bytes,
                      size_t max) {
    const char *text = c138_json_get_str(request, name, "");
    text += c138_starts_with(text, "0x") ? 2 : 0;
    size_t n = strlen(text) / 2;
    return n <= max && c138_hex_decode(text, strlen(text), ret_bytes) == C138_OK ? n : 0;
}

static void set_hex(struct c138_json *answer, const char *name, const uint8_t *bytes,
                    size_t length) {
    C138_FREE char *hex = c138_xcalloc(1, 2 * length + 1);
    c138_hex_encode(bytes, length, hex);
    c138_json_set_str(answer, name, hex);
}

static void set_secret(struct c138_json *answer, const char *name, const struct secret *s) {
    set_hex(answer, name, s->bytes, s->length);
}

static void set_text(struct c138_json *answer, const char *name, const struct secret *s) {
    c138_json_set(answer, name, c138_json_new_strn((char *)s->bytes, s->length));
}

typedef c138_status op_fn(struct tool *t, const struct c138_json *request, struct c138_json *answer,
                          struct c138_err *err);

static void forget_words(struct tool *t) {
    for (size_t i = 0; i < WORDS; i++)
        secret_deinit(&t->kept[i]);
    t->chosen = NULL;
}

/* Another list; none: English. */
static c138_status op_words(struct tool *t, const struct c138_json *request,
                            struct c138_json *answer, struct c138_err *err) {
    const struct c138_json *words = c138_json_get(request, "words");
    (void)answer;
    forget_words(t);
    if (!words)
        return C138_OK;
    if (c138_json_count(words) != WORDS)
        return c138_error(err, C138_E_INVALID, "tool.words", "not 2048 words");
    for (size_t i = 0; i < WORDS; i++) {
        const struct c138_json *w = c138_json_at(words, i);
        c138_status status = mnemonic_nfkd(t->host, c138_json_as_str(w, ""),
                                           c138_json_str_length(w), 100, &t->kept[i], err);
        if (status < 0)
            return status;
        t->list[i] = (const char *)t->kept[i].bytes;
    }
    t->words = (struct words){t->list, 11};
    t->chosen = &t->words;
    return C138_OK;
}

static c138_status op_mnemonic(struct tool *t, const struct c138_json *request,
                               struct c138_json *answer, struct c138_err *err) {
    SECRET entropy = SECRET_NULL, words = SECRET_NULL, seed = SECRET_NULL;
    struct text text = get(request, "mnemonic"), passphrase = get(request, "passphrase");
    c138_status status = mnemonic_to_entropy(t->host, t->chosen, text.p, text.n, &entropy, err);
    if (status == C138_OK)
        status =
            mnemonic_from_entropy(t->host, t->chosen, entropy.bytes, entropy.length, &words, err);
    if (status == C138_OK)
        status = mnemonic_to_seed(t->host, t->chosen, text.p, text.n, passphrase.p, passphrase.n,
                                  &seed, err);
    if (status < 0)
        return status;
    set_secret(answer, "entropy", &entropy);
    set_text(answer, "mnemonic", &words);
    set_secret(answer, "seed", &seed);
    return C138_OK;
}

static c138_status set_account(struct tool *t, const uint8_t key[32], struct c138_json *answer,
                               struct c138_err *err) {
    uint8_t address[20];
    char text[C138_ADDRESS_TEXT];
    c138_status status = nodekey_address(t->host, key, address, err);
    if (status < 0)
        return status;
    c138_address_format(address, text);
    c138_json_set_str(answer, "address", text);
    set_hex(answer, "key", key, 32);
    return C138_OK;
}

static c138_status op_account(struct tool *t, const struct c138_json *request,
                              struct c138_json *answer, struct c138_err *err) {
    uint8_t key[32] = {0};
    (void)get_hex(request, "key", key, 32);
    return set_account(t, key, answer, err);
}

static c138_status op_path(struct tool *t, const struct c138_json *request,
                           struct c138_json *answer, struct c138_err *err) {
    uint8_t seed[64];
    size_t n = get_hex(request, "seed", seed, sizeof(seed));
    char xpub[HD_TEXT];
    SECRET xprv = SECRET_NULL;
    HD struct hd *root = NULL, *node = NULL;
    c138_status status = hd_from_seed(t->host, seed, n, &root, err);
    if (status == C138_OK)
        status = hd_path(root, get(request, "path").p, &node, err);
    if (status == C138_OK)
        status = hd_public_text(node, xpub, err);
    if (status == C138_OK)
        status = hd_private_text(node, &xprv, err);
    if (status < 0)
        return status;
    c138_json_set_str(answer, "xpub", xpub);
    set_text(answer, "xprv", &xprv);
    return set_account(t, hd_private(node), answer, err);
}

static c138_status op_keystore_open(struct tool *t, const struct c138_json *request,
                                    struct c138_json *answer, struct c138_err *err) {
    SECRET key = SECRET_NULL, entropy = SECRET_NULL, words = SECRET_NULL;
    struct text text = get(request, "json"), password = get(request, "password");
    c138_status status = keystore_open(t->host, text.p, text.n, password.p, password.n,
                                       &KEYSTORE_LIMITS, &key, &entropy, err);
    if (status == C138_OK && entropy.bytes)
        status = mnemonic_from_entropy(t->host, NULL, entropy.bytes, entropy.length, &words, err);
    if (status < 0)
        return status;
    if (words.bytes)
        set_text(answer, "mnemonic", &words);
    return set_account(t, key.bytes, answer, err);
}

static c138_status op_presale(struct tool *t, const struct c138_json *request,
                              struct c138_json *answer, struct c138_err *err) {
    SECRET key = SECRET_NULL;
    struct text text = get(request, "json"), password = get(request, "password");
    c138_status status =
        keystore_open_presale(t->host, text.p, text.n, password.p, password.n, &key, err);
    return status < 0 ? status : set_account(t, key.bytes, answer, err);
}

static c138_status op_keystore_write(struct tool *t, const struct c138_json *request,
                                     struct c138_json *answer, struct c138_err *err) {
    uint8_t key[32] = {0};
    struct text password = get(request, "password");
    struct keystore_kdf kdf = {.c = c138_json_get_uint(request, "c", 0),
                               .n = c138_json_get_uint(request, "n", 0),
                               .r = c138_json_get_uint(request, "r", 0),
                               .p = c138_json_get_uint(request, "p", 0)};
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    (void)get_hex(request, "key", key, 32);
    c138_status status = keystore_write(t->host, key, password.p, password.n, &kdf, &out, err);
    c138_json_set_str(answer, "json", c138_buf_text(&out));
    return status;
}

static c138_status op_tessera_open(struct tool *t, const struct c138_json *request,
                                   struct c138_json *answer, struct c138_err *err) {
    SECRET key = SECRET_NULL;
    uint8_t public_key[32];
    char public_text[TESSERAKEY_TEXT];
    struct text text = get(request, "json"), password = get(request, "password");
    c138_status status = tesserakey_open(t->host, text.p, text.n, password.p, password.n,
                                         &TESSERAKEY_LIMITS, &key, err);
    if (status == C138_OK)
        status = tesserakey_public(key.bytes, public_key, err);
    if (status < 0)
        return status;
    tesserakey_public_text(public_key, public_text);
    c138_json_set_str(answer, "public", public_text);
    set_secret(answer, "key", &key);
    return C138_OK;
}

/* As Tessera does it when nothing else is asked for: 1 GiB, four lanes. */
static c138_status op_tessera_lock(struct tool *t, const struct c138_json *request,
                                   struct c138_json *answer, struct c138_err *err) {
    uint8_t key[32] = {0};
    struct text password = get(request, "password");
    struct tesserakey_argon argon = TESSERAKEY_TESSERA;
    argon.memory_kib = (uint32_t)c138_json_get_uint(request, "memory", argon.memory_kib);
    (void)snprintf(argon.variant, sizeof(argon.variant), "%s",
                   c138_json_get_str(request, "variant", "i"));
    C138_BUF struct c138_buf out = C138_BUF_NULL;
    (void)get_hex(request, "key", key, 32);
    c138_status status = tesserakey_lock(t->host, key, password.p, password.n, &argon, &out, err);
    c138_json_set_str(answer, "json", c138_buf_text(&out));
    return status;
}

static c138_status op_slip39_combine(struct tool *t, const struct c138_json *request,
                                     struct c138_json *answer, struct c138_err *err) {
    SECRET secret = SECRET_NULL;
    struct text shares = get(request, "shares"), passphrase = get(request, "passphrase");
    c138_status status =
        slip39_combine(t->host, shares.p, shares.n, passphrase.p, passphrase.n, &secret, err);
    if (status == C138_OK)
        set_secret(answer, "secret", &secret);
    return status;
}

static c138_status op_slip39_split(struct tool *t, const struct c138_json *request,
                                   struct c138_json *answer, struct c138_err *err) {
    SECRET shares = SECRET_NULL;
    uint8_t secret[SLIP39_SECRET_MAX];
    size_t n = get_hex(request, "secret", secret, sizeof(secret));
    struct text passphrase = get(request, "passphrase");
    const struct c138_json *groups = c138_json_get(request, "groups");
    struct slip39_options o = {
        .group_threshold = (uint8_t)c138_json_get_uint(request, "group_threshold", 1),
        .n_groups = (uint8_t)c138_json_count(groups),
        .iteration_exponent = (uint8_t)c138_json_get_uint(request, "exponent", 0),
        .extendable = (uint8_t)c138_json_get_uint(request, "extendable", 0)};
    for (size_t i = 0; i < o.n_groups && i < 16; i++) {
        const struct c138_json *g = c138_json_at(groups, i);
        o.groups[i].threshold = (uint8_t)c138_json_as_uint(c138_json_at(g, 0), 0);
        o.groups[i].count = (uint8_t)c138_json_as_uint(c138_json_at(g, 1), 0);
    }
    c138_status status =
        slip39_split(t->host, secret, n, passphrase.p, passphrase.n, &o, &shares, err);
    if (status == C138_OK)
        set_text(answer, "shares", &shares);
    return status;
}

static const struct op {
    const char *name;
    op_fn *run;
} ops[] = {{"words", op_words},
           {"mnemonic", op_mnemonic},
           {"path", op_path},
           {"account", op_account},
           {"keystore-open", op_keystore_open},
           {"keystore-write", op_keystore_write},
           {"presale-open", op_presale},
           {"tessera-open", op_tessera_open},
           {"tessera-lock", op_tessera_lock},
           {"slip39-combine", op_slip39_combine},
           {"slip39-split", op_slip39_split}};

static c138_status dispatch(struct tool *t, const struct c138_json *request,
                            struct c138_json *answer, struct c138_err *err) {
    const char *name = c138_json_get_str(request, "op", "");
    for (size_t i = 0; i < C138_COUNT(ops); i++)
        if (!strcmp(ops[i].name, name))
            return ops[i].run(t, request, answer, err);
    return c138_error(err, C138_E_NOTFOUND, "tool.op", "no such op");
}

static void serve(struct tool *t, const char *line, size_t length) {
    C138_JSON struct c138_json *request = NULL, *answer = c138_json_new_object();
    struct c138_err err = {0};
    c138_status status = c138_json_parse(line, length, &request, &err);
    if (status == C138_OK)
        status = dispatch(t, request, answer, &err);
    if (status < 0) {
        c138_json_set_str(answer, "error", err.key);
        c138_json_set_str(answer, "text", err.text);
    }
    C138_FREE char *text = c138_json_dump(answer);
    puts(text);
    fflush(stdout);
}

int main(void) {
    struct tool *t = c138_xcalloc(1, sizeof(*t));
    C138_FREE char *line = NULL;
    size_t size = 0;
    ssize_t n;
    t->host = secret_host_heap();
    while ((n = getline(&line, &size, stdin)) > 0)
        serve(t, line, (size_t)n);
    forget_words(t);
    free(t);
    return 0;
}
