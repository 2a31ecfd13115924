#include <wallet/keystore.h>

#include <base/json.h>
#include <base/text.h>
#include <evm/keccak.h>
#include <wallet/crypto.h>
#include <wallet/nodekey.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define SALT_MAX 256 /* bytes */

/* Everything of a file, decoded; nothing of it is secret. */
struct parsed {
    struct keystore_info info;
    uint8_t salt[SALT_MAX], iv[16], text[32], mac[32];
    size_t salt_length, text_length;
    uint8_t words[32], words_iv[16]; /* ethers.js */
    size_t words_length;
};

/* Intermediates, in secret memory. */
struct work {
    uint8_t derived[64], maced[64], key[32];
};

static c138_status invalid(struct c138_err *err, const char *what) {
    return c138_error(err, C138_E_INVALID, "keystore.invalid",
                      "no keystore: %s is missing, there twice, or wrong", what);
}

/* The member of that name in any case; NULL when there is none or more than one. */
static struct c138_json *get(const struct c138_json *object, const char *name) {
    struct c138_json *found = NULL;
    unsigned times = 0;
    if (c138_json_type(object) != C138_JSON_OBJECT)
        return NULL;
    for (struct c138_json_iter i = c138_json_iter(object); c138_json_next(&i);) {
        if (strcasecmp(i.name, name))
            continue;
        found = i.value;
        times++;
    }
    return times == 1 ? found : NULL;
}

static const char *get_str(const struct c138_json *object, const char *name) {
    return c138_json_as_str(get(object, name), "");
}

static uint64_t get_uint(const struct c138_json *object, const char *name) {
    return c138_json_as_uint(get(object, name), 0);
}

/* Hex of min..max bytes, with or without 0x. */
static c138_status get_hex(const struct c138_json *object, const char *name, size_t min, size_t max,
                           uint8_t *ret_bytes, size_t *ret_length) {
    const char *text = get_str(object, name);
    if (!strncmp(text, "0x", 2))
        text += 2;
    size_t n = strlen(text);
    if (n / 2 < min || n / 2 > max || n % 2)
        return C138_E_INVALID;
    if (ret_length)
        *ret_length = n / 2;
    return c138_hex_decode(text, n, ret_bytes);
}

static c138_status parse_kdf(const struct c138_json *crypto, struct parsed *p,
                             struct c138_err *err) {
    const struct c138_json *params = get(crypto, "kdfparams");
    const char *kdf = get_str(crypto, "kdf");
    struct keystore_kdf *k = &p->info.kdf;
    if (get_hex(params, "salt", 0, SALT_MAX, p->salt, &p->salt_length) < 0)
        return invalid(err, "kdfparams.salt");
    if (get_uint(params, "dklen") < 32)
        return invalid(err, "kdfparams.dklen (at least 32)");
    if (!strcasecmp(kdf, "pbkdf2")) {
        if (strcasecmp(get_str(params, "prf"), "hmac-sha256"))
            return c138_error(err, C138_E_UNSUPPORTED, "keystore.prf",
                              "the keystore's pbkdf2 uses a prf that is not hmac-sha256");
        k->c = get_uint(params, "c");
        return k->c ? C138_OK : invalid(err, "kdfparams.c");
    }
    if (strcasecmp(kdf, "scrypt"))
        return c138_error(err, C138_E_UNSUPPORTED, "keystore.kdf",
                          "the keystore's kdf is neither scrypt nor pbkdf2");
    k->n = get_uint(params, "n");
    k->r = get_uint(params, "r");
    k->p = get_uint(params, "p");
    if (k->n < 2 || k->n & (k->n - 1) || k->n > UINT32_MAX || !k->r || !k->p ||
        k->r >= UINT64_C(1) << 30 || k->p >= UINT64_C(1) << 30 || k->r * k->p >= UINT64_C(1) << 30)
        return invalid(err, "kdfparams (n a power of two, r * p below 2^30)");
    p->info.memory_bytes = 128 * k->r * (k->n + k->p);
    return C138_OK;
}

/* What ethers.js keeps beside the key; what it keeps in another version is not read. */
static void parse_words(const struct c138_json *root, struct parsed *p) {
    const struct c138_json *ethers = get(root, "x-ethers");
    p->info.has_words =
        !strcmp(get_str(ethers, "version"), "0.1") &&
        get_hex(ethers, "mnemonicCiphertext", 16, 32, p->words, &p->words_length) == C138_OK &&
        get_hex(ethers, "mnemonicCounter", 16, 16, p->words_iv, NULL) == C138_OK;
}

static c138_status parse_crypto(const struct c138_json *crypto, struct parsed *p,
                                struct c138_err *err) {
    if (c138_json_type(crypto) != C138_JSON_OBJECT)
        return invalid(err, "crypto");
    if (strcasecmp(get_str(crypto, "cipher"), "aes-128-ctr"))
        return c138_error(err, C138_E_UNSUPPORTED, "keystore.cipher",
                          "the keystore's cipher is not aes-128-ctr");
    if (get_hex(get(crypto, "cipherparams"), "iv", 16, 16, p->iv, NULL) < 0)
        return invalid(err, "cipherparams.iv (16 bytes)");
    if (get_hex(crypto, "ciphertext", 1, 32, p->text, &p->text_length) < 0)
        return invalid(err, "ciphertext (32 bytes)");
    if (get_hex(crypto, "mac", 32, 32, p->mac, NULL) < 0)
        return invalid(err, "mac (32 bytes)");
    return parse_kdf(crypto, p, err);
}

static c138_status parse_address(const struct c138_json *root, const char *name, struct parsed *p,
                                 struct c138_err *err) {
    if (!*get_str(root, name))
        return C138_OK;
    p->info.has_address = 1;
    return get_hex(root, name, 20, 20, p->info.address, NULL) < 0 ? invalid(err, name) : C138_OK;
}

static c138_status parse_json(const char *text, size_t length, struct c138_json **ret_root,
                              struct c138_err *err) {
    if (length > KEYSTORE_FILE_MAX)
        return c138_error(err, C138_E_LIMIT, "keystore.size", "a keystore of %zu bytes: at most %d",
                          length, KEYSTORE_FILE_MAX);
    c138_status status = c138_json_parse(text, length, ret_root, err);
    return status < 0 ? c138_error_prefix(err, status, "no keystore") : status;
}

static c138_status parse(const char *text, size_t length, struct parsed *p, struct c138_err *err) {
    C138_JSON struct c138_json *root = NULL;
    c138_status status = parse_json(text, length, &root, err);
    if (status != C138_OK)
        return status;
    const struct c138_json *version = get(root, "version");
    if (c138_json_as_int(version, 0) != 3 && strcmp(c138_json_as_str(version, ""), "3") != 0)
        return c138_error(err, C138_E_UNSUPPORTED, "keystore.version",
                          "no keystore of version 3: open it with what wrote it, and export again");
    status = parse_crypto(get(root, "crypto"), p, err);
    if (status == C138_OK)
        status = parse_address(root, "address", p, err);
    const char *id = get_str(root, "id");
    memcpy(p->info.id, id, strnlen(id, sizeof(p->info.id) - 1));
    parse_words(root, p);
    return status;
}

c138_status keystore_inspect(const char *text, size_t length, struct keystore_info *ret_info,
                             struct c138_err *err) {
    struct parsed p = {0};
    c138_status status = parse(text, length, &p, err);
    if (status == C138_OK)
        *ret_info = p.info;
    return status;
}

static c138_status check_limits(const struct keystore_info *info,
                                const struct keystore_limits *limits, struct c138_err *err) {
    const struct keystore_kdf *k = &info->kdf;
    if (info->memory_bytes > limits->memory_bytes)
        return c138_error(err, C138_E_LIMIT, "keystore.memory",
                          "the keystore's scrypt wants %" PRIu64 " MiB and may have %" PRIu64
                          " MiB: raise the limit, or write it anew with a smaller n",
                          info->memory_bytes >> 20, limits->memory_bytes >> 20);
    if (k->n && k->r * k->p > limits->work / k->n)
        return c138_error(err, C138_E_LIMIT, "keystore.work",
                          "the keystore's scrypt (n %" PRIu64 ", r %" PRIu64 ", p %" PRIu64
                          ") would take too long: raise the limit",
                          k->n, k->r, k->p);
    if (k->c > limits->iterations)
        return c138_error(err, C138_E_LIMIT, "keystore.work",
                          "the keystore's pbkdf2 has %" PRIu64 " iterations, at most %" PRIu64
                          " are done: raise the limit",
                          k->c, limits->iterations);
    return C138_OK;
}

static c138_status derive(const struct secret_host *host, const struct keystore_kdf *k,
                          struct crypto_bytes password, struct crypto_bytes salt,
                          uint8_t *ret_derived, size_t length, struct c138_err *err) {
    if (k->c)
        return crypto_pbkdf2(host, CRYPTO_SHA256, password, salt, k->c, ret_derived, length, err);
    return crypto_scrypt(password, salt, k->n, (uint32_t)k->r, (uint32_t)k->p, ret_derived, length,
                         err);
}

/* Of the second half of what was derived, and the cipher text. */
static void mac_of(struct work *w, const uint8_t *text, size_t length, uint8_t ret_mac[32]) {
    memcpy(w->maced, w->derived + 16, 16);
    memcpy(w->maced + 16, text, length);
    c138_keccak256(w->maced, 16 + length, ret_mac);
}

static c138_status check_address(const struct secret_host *host, const struct keystore_info *info,
                                 const uint8_t key[32], struct c138_err *err) {
    uint8_t address[20];
    c138_status status = nodekey_address(host, key, address, err);
    if (status < 0 || !info->has_address || !memcmp(address, info->address, 20))
        return status;
    return c138_error(
        err, C138_E_CONFLICT, "keystore.address",
        "the keystore opens, but its key is not that of the address written in it: it "
        "was edited or mixed up");
}

static c138_status decrypt(const struct secret_host *host, const struct parsed *p, struct work *w,
                           struct c138_err *err) {
    uint8_t mac[32];
    mac_of(w, p->text, p->text_length, mac);
    if (!c138_secret_equal(mac, p->mac, 32))
        return c138_error(err, C138_E_DENIED, "keystore.password",
                          "the password is wrong, or the keystore is damaged");
    c138_status status = crypto_aes_ctr((struct crypto_bytes){w->derived, 16}, p->iv, p->text,
                                        p->text_length, w->key + 32 - p->text_length, err);
    return status < 0 ? status : check_address(host, &p->info, w->key, err);
}

static c138_status decrypt_words(const struct secret_host *host, const struct parsed *p,
                                 const struct work *w, struct secret *ret_entropy,
                                 struct c138_err *err) {
    SECRET entropy = SECRET_NULL;
    c138_status status = secret_init_zero(&entropy, host, p->words_length, err);
    if (status == C138_OK)
        status = crypto_aes_ctr((struct crypto_bytes){w->derived + 32, 32}, p->words_iv, p->words,
                                p->words_length, entropy.bytes, err);
    if (status == C138_OK)
        *ret_entropy = secret_steal(&entropy);
    return status;
}

c138_status keystore_open(const struct secret_host *host, const char *text, size_t length,
                          const void *password, size_t password_length,
                          const struct keystore_limits *limits, struct secret *ret_key,
                          struct secret *ret_entropy, struct c138_err *err) {
    struct parsed p = {0};
    SECRET memory = SECRET_NULL, entropy = SECRET_NULL;
    c138_status status = parse(text, length, &p, err);
    if (status == C138_OK)
        status = check_limits(&p.info, limits, err);
    if (status == C138_OK)
        status = secret_init_zero(&memory, host, sizeof(struct work), err);
    if (status != C138_OK)
        return status;
    struct work *w = (void *)memory.bytes;
    int words = ret_entropy && p.info.has_words;
    status = derive(host, &p.info.kdf, (struct crypto_bytes){password, password_length},
                    (struct crypto_bytes){p.salt, p.salt_length}, w->derived, words ? 64 : 32, err);
    if (status == C138_OK)
        status = decrypt(host, &p, w, err);
    if (status == C138_OK && words)
        status = decrypt_words(host, &p, w, &entropy, err);
    if (status == C138_OK)
        status = secret_init_copy(ret_key, host, w->key, 32, err);
    if (status == C138_OK && ret_entropy)
        *ret_entropy = secret_steal(&entropy);
    return status;
}

/* --- Writing --------------------------------------------------------------------------------- */

static void set_hex(struct c138_json *object, const char *name, const uint8_t *bytes,
                    size_t length) {
    char text[129];
    c138_hex_encode(bytes, length, text);
    c138_json_set_str(object, name, text);
}

static struct c138_json *kdf_params(const struct keystore_kdf *k, const struct parsed *p) {
    struct c138_json *params = c138_json_new_object();
    if (k->c) {
        c138_json_set_uint(params, "c", k->c);
        c138_json_set_uint(params, "dklen", 32);
        c138_json_set_str(params, "prf", "hmac-sha256");
    } else {
        c138_json_set_uint(params, "dklen", 32);
        c138_json_set_uint(params, "n", k->n);
        c138_json_set_uint(params, "p", k->p);
        c138_json_set_uint(params, "r", k->r);
    }
    set_hex(params, "salt", p->salt, p->salt_length);
    return params;
}

static void write_json(const struct parsed *p, struct c138_buf *out) {
    C138_JSON struct c138_json *root = c138_json_new_object();
    struct c138_json *crypto = c138_json_new_object(), *params = c138_json_new_object();
    set_hex(root, "address", p->info.address, 20);
    c138_json_set_str(crypto, "cipher", "aes-128-ctr");
    set_hex(crypto, "ciphertext", p->text, 32);
    set_hex(params, "iv", p->iv, 16);
    c138_json_set(crypto, "cipherparams", params);
    c138_json_set_str(crypto, "kdf", p->info.kdf.c ? "pbkdf2" : "scrypt");
    c138_json_set(crypto, "kdfparams", kdf_params(&p->info.kdf, p));
    set_hex(crypto, "mac", p->mac, 32);
    c138_json_set(root, "crypto", crypto);
    c138_json_set_str(root, "id", p->info.id);
    c138_json_set_int(root, "version", 3);
    C138_FREE char *text = c138_json_dump(root);
    c138_buf_adds(out, text);
}

/* Salt, iv and a random id (RFC 4122, version 4). */
static c138_status fresh(const struct secret_host *host, struct parsed *p, struct c138_err *err) {
    uint8_t id[16];
    char hex[33];
    p->salt_length = 32;
    c138_status status = secret_random(host, p->salt, p->salt_length, err);
    if (status == C138_OK)
        status = secret_random(host, p->iv, sizeof(p->iv), err);
    if (status == C138_OK)
        status = secret_random(host, id, sizeof(id), err);
    if (status != C138_OK)
        return status;
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
    c138_hex_encode(id, sizeof(id), hex);
    (void)snprintf(p->info.id, sizeof(p->info.id), "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
                   hex + 12, hex + 16, hex + 20);
    return C138_OK;
}

c138_status keystore_write(const struct secret_host *host, const uint8_t key[32],
                           const void *password, size_t password_length,
                           const struct keystore_kdf *kdf, struct c138_buf *out,
                           struct c138_err *err) {
    struct parsed p = {.info.kdf = *kdf};
    SECRET memory = SECRET_NULL;
    c138_status status = secret_init_zero(&memory, host, sizeof(struct work), err);
    if (status == C138_OK)
        status = nodekey_address(host, key, p.info.address, err);
    if (status == C138_OK)
        status = fresh(host, &p, err);
    if (status != C138_OK)
        return status;
    struct work *w = (void *)memory.bytes;
    status = derive(host, kdf, (struct crypto_bytes){password, password_length},
                    (struct crypto_bytes){p.salt, p.salt_length}, w->derived, 32, err);
    if (status == C138_OK)
        status = crypto_aes_ctr((struct crypto_bytes){w->derived, 16}, p.iv, key, 32, p.text, err);
    if (status != C138_OK)
        return status;
    mac_of(w, p.text, 32, p.mac);
    write_json(&p, out);
    return C138_OK;
}

void keystore_name(const uint8_t address[20], int64_t now_ns, char ret_name[KEYSTORE_NAME]) {
    char day[32], hex[41];
    struct tm tm;
    time_t seconds = (time_t)(now_ns / 1000000000);
    gmtime_r(&seconds, &tm);
    (void)strftime(day, sizeof(day), "%Y-%m-%dT%H-%M-%S", &tm);
    c138_hex_encode(address, 20, hex);
    (void)snprintf(ret_name, KEYSTORE_NAME, "UTC--%s.%09dZ--%s", day, (int)(now_ns % 1000000000),
                   hex);
}

/* --- Presale --------------------------------------------------------------------------------- */

#define SEED_MAX 1024 /* bytes of cipher text; those of 2014 have 80 to 600 */

struct presale_work {
    uint8_t derived[16], seed[SEED_MAX], key[32];
};

static c138_status presale_key(const struct secret_host *host, const uint8_t *sealed, size_t length,
                               struct crypto_bytes password, struct presale_work *w,
                               struct c138_err *err) {
    size_t n = 0;
    c138_status status =
        crypto_pbkdf2(host, CRYPTO_SHA256, password, password, 2000, w->derived, 16, err);
    if (status == C138_OK)
        status =
            crypto_aes128_cbc_open(w->derived, sealed, sealed + 16, length - 16, w->seed, &n, err);
    if (status == C138_OK)
        c138_keccak256(w->seed, n, w->key);
    return status;
}

c138_status keystore_open_presale(const struct secret_host *host, const char *text, size_t length,
                                  const void *password, size_t password_length,
                                  struct secret *ret_key, struct c138_err *err) {
    C138_JSON struct c138_json *root = NULL;
    struct parsed p = {0};
    uint8_t sealed[SEED_MAX];
    size_t n = 0;
    c138_status status = parse_json(text, length, &root, err);
    if (status != C138_OK)
        return status;
    if (get_hex(root, "encseed", 32, SEED_MAX, sealed, &n) < 0 || n % 16)
        return invalid(err, "encseed");
    status = parse_address(root, "ethaddr", &p, err);
    if (status == C138_OK && !p.info.has_address)
        return invalid(err, "ethaddr");
    SECRET memory = SECRET_NULL;
    if (status == C138_OK)
        status = secret_init_zero(&memory, host, sizeof(struct presale_work), err);
    if (status != C138_OK)
        return status;
    struct presale_work *w = (void *)memory.bytes;
    status = presale_key(host, sealed, n, (struct crypto_bytes){password, password_length}, w, err);
    /* The padding of a wrong key is right once in 256 times: then the address is not. */
    if (status == C138_OK && check_address(host, &p.info, w->key, NULL) < 0)
        status = C138_E_DENIED;
    if (status == C138_E_DENIED)
        return c138_error(err, status, "keystore.password",
                          "the password is wrong, or the keystore is damaged");
    return status < 0 ? status : secret_init_copy(ret_key, host, w->key, 32, err);
}
