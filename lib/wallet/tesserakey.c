#include <wallet/tesserakey.h>

#include <base/json.h>
#include <base/text.h>
#include <wallet/crypto.h>

#include <argon2.h>
#include <inttypes.h>
#include <stdio.h>
#include <sodium.h>
#include <string.h>

#define NONCE crypto_secretbox_NONCEBYTES
#define BOX (32 + crypto_secretbox_MACBYTES)
#define SALT_MAX 64
#define BYTES_MAX 4096 /* of an unlocked key's text: 44, or an EC key's 100 or so */

struct parsed {
    struct tesserakey_info info;
    uint8_t nonce[NONCE], box[BOX], salt[SALT_MAX];
    size_t salt_length;
    const char *bytes; /* in the file's text */
    size_t bytes_length;
};

static c138_status invalid(struct c138_err *err, const char *what) {
    return c138_error(err, C138_E_INVALID, "tesserakey.invalid",
                      "no Tessera key: %s is missing or wrong", what);
}

static const char *skip_space(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    return p;
}

/* Behind the name "bytes": the text of its value, NULL when it is none. */
static char *value_of(char *p, char *end, size_t *ret_length) {
    p = (char *)skip_space(p, end);
    if (p == end || *p != ':')
        return NULL;
    p = (char *)skip_space(p + 1, end);
    if (p == end || *p != '"')
        return NULL;
    char *first = ++p;
    while (p < end && *p != '"')
        p += *p == '\\' && p + 1 < end ? 2 : 1;
    *ret_length = (size_t)(p - first);
    return first;
}

/*
 * The JSON reader keeps texts in memory that nobody wipes. So it gets a copy in which the one
 * secret of the format is blotted out, and the secret is taken from the file's own text. Returns
 * how many there are.
 */
static unsigned blot(char *copy, size_t length, size_t *ret_at, size_t *ret_length) {
    unsigned times = 0;
    char *end = copy + length;
    for (char *p = copy; (p = memmem(p, (size_t)(end - p), "\"bytes\"", 7));) {
        size_t n = 0;
        char *value = value_of(p + 7, end, &n);
        p += 7;
        if (!value)
            continue;
        memset(value, 'A', n);
        *ret_at = (size_t)(value - copy);
        *ret_length = n;
        times++;
    }
    return times;
}

static c138_status get_base64(const struct c138_json *data, const char *name, size_t min,
                              size_t max, uint8_t *ret_bytes, size_t *ret_length,
                              struct c138_err *err) {
    const char *text = c138_json_get_str(data, name, "");
    C138_BUF struct c138_buf out = C138_BUF_MAX(256);
    if (c138_base64_decode(text, strlen(text), &out) < 0 || out.length < min || out.length > max)
        return invalid(err, name);
    memcpy(ret_bytes, out.data, out.length);
    if (ret_length)
        *ret_length = out.length;
    return C138_OK;
}

static c138_status parse_argon(const struct c138_json *aopts, struct tesserakey_argon *a,
                               struct c138_err *err) {
    const char *variant = c138_json_get_str(aopts, "variant", "");
    uint64_t iterations = c138_json_get_uint(aopts, "iterations", 0),
             memory = c138_json_get_uint(aopts, "memory", 0),
             lanes = c138_json_get_uint(aopts, "parallelism", 0);
    if (strcmp(variant, "i") != 0 && strcmp(variant, "d") != 0 && strcmp(variant, "id") != 0)
        return invalid(err, "aopts.variant (i, d or id)");
    if (!iterations || iterations > UINT32_MAX)
        return invalid(err, "aopts.iterations");
    if (!lanes || lanes > 255)
        return invalid(err, "aopts.parallelism (1 to 255)");
    if (memory < 8 * lanes || memory > UINT32_MAX)
        return invalid(err, "aopts.memory (KiB, at least 8 for each lane)");
    (void)snprintf(a->variant, sizeof(a->variant), "%s", variant);
    a->iterations = (uint32_t)iterations;
    a->memory_kib = (uint32_t)memory;
    a->parallelism = (uint32_t)lanes;
    return C138_OK;
}

static c138_status parse_locked(const struct c138_json *data, struct parsed *p,
                                struct c138_err *err) {
    p->info.locked = 1;
    c138_status status = get_base64(data, "snonce", NONCE, NONCE, p->nonce, NULL, err);
    if (status == C138_OK)
        status = get_base64(data, "sbox", BOX, BOX, p->box, NULL, err);
    if (status == C138_OK)
        status = get_base64(data, "asalt", 8, SALT_MAX, p->salt, &p->salt_length, err);
    return status < 0 ? status : parse_argon(c138_json_get(data, "aopts"), &p->info.argon, err);
}

static c138_status parse(const struct secret_host *host, const char *text, size_t length,
                         struct parsed *p, struct c138_err *err) {
    if (length > TESSERAKEY_FILE_MAX)
        return c138_error(err, C138_E_LIMIT, "tesserakey.size",
                          "a Tessera key of %zu bytes: at most %d", length, TESSERAKEY_FILE_MAX);
    SECRET copy = SECRET_NULL;
    C138_JSON struct c138_json *root = NULL;
    c138_status status = secret_init_copy(&copy, host, text, length, err);
    if (status != C138_OK)
        return status;
    size_t at = 0;
    unsigned secrets = blot((char *)copy.bytes, length, &at, &p->bytes_length);
    status = c138_json_parse((char *)copy.bytes, length, &root, err);
    if (status != C138_OK)
        return c138_error_prefix(err, status, "no Tessera key");
    const char *type = c138_json_get_str(root, "type", "");
    const struct c138_json *data = c138_json_get(root, "data");
    if (!strcmp(type, "argon2sbox"))
        return parse_locked(data, p, err);
    if (strcmp(type, "unlocked") != 0)
        return c138_error(err, C138_E_UNSUPPORTED, "tesserakey.type",
                          "no Tessera key: its type is neither unlocked nor argon2sbox");
    if (secrets != 1 || !c138_json_get_str(data, "bytes", NULL))
        return invalid(err, "data.bytes");
    p->bytes = text + at;
    return C138_OK;
}

c138_status tesserakey_inspect(const struct secret_host *host, const char *text, size_t length,
                               struct tesserakey_info *ret_info, struct c138_err *err) {
    struct parsed p = {0};
    c138_status status = parse(host, text, length, &p, err);
    if (status == C138_OK)
        *ret_info = p.info;
    return status;
}

/* JSON lets a slash be written \/; nothing else of base64 needs an escape. */
static c138_status unescape(const struct parsed *p, struct secret *out) {
    for (size_t i = 0; i < p->bytes_length; i++) {
        if (p->bytes[i] == '\\' && (++i == p->bytes_length || p->bytes[i] != '/'))
            return C138_E_INVALID;
        if (secret_add(out, p->bytes + i, 1) < 0)
            return C138_E_LIMIT;
    }
    return C138_OK;
}

static c138_status open_unlocked(const struct secret_host *host, const struct parsed *p,
                                 struct secret *ret_key, struct c138_err *err) {
    SECRET text = SECRET_NULL, key = SECRET_NULL;
    c138_status status = secret_init(&text, host, BYTES_MAX, err);
    if (status == C138_OK)
        status = secret_init_zero(&key, host, 32, err);
    if (status != C138_OK)
        return status;
    if (unescape(p, &text) < 0)
        return invalid(err, "data.bytes (base64)");
    if (text.length > 44)
        return c138_error(
            err, C138_E_UNSUPPORTED, "tesserakey.ec",
            "a Tessera key of %zu characters: only the 32 bytes of NaCl keys are read, "
            "this is an EC key",
            text.length);
    if (crypto_base64_open((char *)text.bytes, text.length, key.bytes, 32) < 0)
        return invalid(err, "data.bytes (base64 of 32 bytes)");
    *ret_key = secret_steal(&key);
    return C138_OK;
}

static c138_status check_limits(const struct tesserakey_argon *a,
                                const struct tesserakey_limits *limits, struct c138_err *err) {
    if ((uint64_t)a->memory_kib * 1024 > limits->memory_bytes)
        return c138_error(err, C138_E_LIMIT, "tesserakey.memory",
                          "the key's Argon2 wants %" PRIu32 " MiB and may have %" PRIu64
                          " MiB: raise the limit, or lock it anew with less memory",
                          a->memory_kib >> 10, limits->memory_bytes >> 20);
    if ((uint64_t)a->memory_kib * a->iterations > limits->work)
        return c138_error(err, C138_E_LIMIT, "tesserakey.work",
                          "the key's Argon2 (%" PRIu32 " iterations over %" PRIu32
                          " KiB) would take too long: raise the limit",
                          a->iterations, a->memory_kib);
    return C138_OK;
}

/* Lanes as the file says; one thread does them all, as the sandbox of the caller may have no
 * others. */
static c138_status derive(const struct tesserakey_argon *a, const void *password,
                          size_t password_length, const uint8_t *salt, size_t salt_length,
                          uint8_t ret_key[32], struct c138_err *err) {
    argon2_context context = {.out = ret_key,
                              .outlen = 32,
                              .pwd = (uint8_t *)(uintptr_t)password,
                              .pwdlen = (uint32_t)password_length,
                              .salt = (uint8_t *)(uintptr_t)salt,
                              .saltlen = (uint32_t)salt_length,
                              .t_cost = a->iterations,
                              .m_cost = a->memory_kib,
                              .lanes = a->parallelism,
                              .threads = 1,
                              .version = ARGON2_VERSION_13};
    if (password_length > 65536)
        return c138_error(err, C138_E_LIMIT, "tesserakey.length", "a password of over 65536 bytes");
    argon2_type type = !strcmp(a->variant, "id")  ? Argon2_id
                       : !strcmp(a->variant, "d") ? Argon2_d
                                                  : Argon2_i;
    int wrong = argon2_ctx(&context, type);
    if (wrong == ARGON2_MEMORY_ALLOCATION_ERROR)
        return c138_error(err, C138_E_LIMIT, "tesserakey.memory",
                          "Argon2 needs %" PRIu32 " MiB that are not to be had: raise the memory "
                          "limit of this process (a plugin's: memory_max)",
                          a->memory_kib >> 10);
    return wrong ? c138_error(err, C138_E_INVALID, "tesserakey.argon", "Argon2 refuses: %s",
                              argon2_error_message(wrong))
                 : C138_OK;
}

c138_status tesserakey_open(const struct secret_host *host, const char *text, size_t length,
                            const void *password, size_t password_length,
                            const struct tesserakey_limits *limits, struct secret *ret_key,
                            struct c138_err *err) {
    struct parsed p = {0};
    SECRET derived = SECRET_NULL, key = SECRET_NULL;
    c138_status status = parse(host, text, length, &p, err);
    if (status == C138_OK && !p.info.locked)
        return open_unlocked(host, &p, ret_key, err);
    if (status == C138_OK)
        status = check_limits(&p.info.argon, limits, err);
    if (status == C138_OK)
        status = secret_init_zero(&derived, host, 32, err);
    if (status == C138_OK)
        status = secret_init_zero(&key, host, 32, err);
    if (status == C138_OK)
        status = derive(&p.info.argon, password, password_length, p.salt, p.salt_length,
                        derived.bytes, err);
    if (status != C138_OK)
        return status;
    if (crypto_secretbox_open_easy(key.bytes, p.box, BOX, p.nonce, derived.bytes) < 0)
        return c138_error(err, C138_E_DENIED, "tesserakey.password",
                          "the password is wrong, or the key file is damaged");
    *ret_key = secret_steal(&key);
    return C138_OK;
}

c138_status tesserakey_new(const struct secret_host *host, struct secret *ret_key,
                           struct c138_err *err) {
    SECRET key = SECRET_NULL;
    c138_status status = secret_init_zero(&key, host, 32, err);
    if (status == C138_OK)
        status = secret_random(host, key.bytes, 32, err);
    if (status == C138_OK)
        *ret_key = secret_steal(&key);
    return status;
}

c138_status tesserakey_write(const struct secret_host *host, const uint8_t key[32],
                             struct secret *ret_text, struct c138_err *err) {
    SECRET text = SECRET_NULL;
    c138_status status = secret_init(&text, host, 128, err);
    if (status != C138_OK)
        return status;
    (void)secret_adds(&text, "{\"type\":\"unlocked\",\"data\":{\"bytes\":\"");
    sodium_bin2base64((char *)text.bytes + text.length, 45, key, 32,
                      sodium_base64_VARIANT_ORIGINAL);
    text.length += 44;
    (void)secret_adds(&text, "\"}}");
    *ret_text = secret_steal(&text);
    return C138_OK;
}

static void set_base64(struct c138_json *object, const char *name, const uint8_t *bytes,
                       size_t length) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    c138_base64_encode(bytes, length, &text);
    c138_json_set_str(object, name, c138_buf_text(&text));
}

static void write_locked(const struct parsed *p, struct c138_buf *out) {
    C138_JSON struct c138_json *root = c138_json_new_object();
    struct c138_json *data = c138_json_new_object(), *aopts = c138_json_new_object();
    c138_json_set_str(aopts, "variant", p->info.argon.variant);
    c138_json_set_uint(aopts, "iterations", p->info.argon.iterations);
    c138_json_set_uint(aopts, "memory", p->info.argon.memory_kib);
    c138_json_set_uint(aopts, "parallelism", p->info.argon.parallelism);
    set_base64(data, "snonce", p->nonce, NONCE);
    set_base64(data, "asalt", p->salt, p->salt_length);
    set_base64(data, "sbox", p->box, BOX);
    c138_json_set(data, "aopts", aopts);
    c138_json_set_str(root, "type", "argon2sbox");
    c138_json_set(root, "data", data);
    C138_FREE char *text = c138_json_dump(root);
    c138_buf_adds(out, text);
}

c138_status tesserakey_lock(const struct secret_host *host, const uint8_t key[32],
                            const void *password, size_t password_length,
                            const struct tesserakey_argon *argon, struct c138_buf *out,
                            struct c138_err *err) {
    struct parsed p = {.info.argon = *argon, .salt_length = 16};
    SECRET derived = SECRET_NULL;
    if (!password_length)
        return c138_error(err, C138_E_INVALID, "tesserakey.empty",
                          "Tessera takes an empty password for an unlocked key: give a password");
    c138_status status = secret_init_zero(&derived, host, 32, err);
    if (status == C138_OK)
        status = secret_random(host, p.salt, p.salt_length, err);
    if (status == C138_OK)
        status = secret_random(host, p.nonce, NONCE, err);
    if (status == C138_OK)
        status =
            derive(argon, password, password_length, p.salt, p.salt_length, derived.bytes, err);
    if (status != C138_OK)
        return status;
    (void)crypto_secretbox_easy(p.box, key, 32, p.nonce, derived.bytes);
    write_locked(&p, out);
    return C138_OK;
}

c138_status tesserakey_public(const uint8_t key[32], uint8_t ret_public[32], struct c138_err *err) {
    /* Zero only for what no clamped scalar gives. */
    return crypto_scalarmult_base(ret_public, key) == 0
               ? C138_OK
               : c138_error(err, C138_E_INVALID, "tesserakey.scalar", "no Curve25519 key");
}

void tesserakey_public_text(const uint8_t public_key[32], char ret_text[TESSERAKEY_TEXT]) {
    sodium_bin2base64(ret_text, TESSERAKEY_TEXT, public_key, 32, sodium_base64_VARIANT_ORIGINAL);
}
