#include <wallet/mnemonic.h>

#include <base/text.h>
#include <wallet/crypto.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <uninorm.h>

#define WORDS_MAX 24
#define WORD_BYTES_MAX 40 /* the longest of any published list, in NFKD: 33 */

static const struct words *or_english(const struct words *list) {
    return list ? list : &words_bip39_english;
}

static int is_ascii(const char *text, size_t length) {
    unsigned char all = 0;
    for (size_t i = 0; i < length; i++)
        all |= (unsigned char)text[i];
    return all < 0x80;
}

c138_status mnemonic_nfkd(const struct secret_host *host, const char *text, size_t length,
                          size_t max, struct secret *ret_text, struct c138_err *err) {
    if (length > max)
        return c138_error(err, C138_E_LIMIT, "mnemonic.length", "%zu bytes of text: at most %zu",
                          length, max);
    if (is_ascii(text, length))
        return secret_init_copy(ret_text, host, text, length, err);
    if (!c138_utf8_valid(text, length))
        return c138_error(err, C138_E_INVALID, "mnemonic.utf8", "the text is not UTF-8");
    /* One character grows to 33 bytes at most (U+FDFA, from 3); twice that, so that the library
     * never needs memory of its own. */
    SECRET out = SECRET_NULL;
    c138_status status = secret_init(&out, host, 24 * length + 64, err);
    if (status != C138_OK)
        return status;
    size_t n = out.capacity;
    uint8_t *got = u8_normalize(UNINORM_NFKD, (const uint8_t *)text, length, out.bytes, &n);
    if (got != out.bytes) {
        if (got)
            c138_wipe(got, n);
        free(got);
        return c138_error(err, C138_E_INTERNAL, "mnemonic.nfkd",
                          "the text could not be brought to its normal form");
    }
    out.length = n;
    out.bytes[n] = 0;
    *ret_text = secret_steal(&out);
    return C138_OK;
}

static c138_status bad_count(struct c138_err *err, size_t words) {
    return c138_error(err, C138_E_INVALID, "mnemonic.count",
                      "%zu words: a mnemonic has 12, 15, 18, 21 or 24", words);
}

/* The 11 bits from bit 11 * index of `bytes`. */
static unsigned bits_at(const uint8_t *bytes, unsigned index) {
    unsigned value = 0;
    for (unsigned bit = 11 * index; bit < 11 * index + 11; bit++)
        value = value << 1 | ((unsigned)bytes[bit / 8] >> (7 - bit % 8) & 1u);
    return value;
}

static void put_bits(uint8_t *bytes, unsigned index, unsigned value) {
    for (unsigned i = 0; i < 11; i++) {
        unsigned bit = 11 * index + i;
        bytes[bit / 8] |= (uint8_t)((value >> (10 - i) & 1u) << (7 - bit % 8));
    }
}

struct work {
    uint8_t bits[33]; /* entropy and checksum */
    uint8_t sha[32];
};

/* libsodium's, as OpenSSL leaves its state behind. */
static uint8_t checksum(struct work *w, size_t entropy_bytes) {
    crypto_hash_sha256(w->sha, w->bits, entropy_bytes);
    return (uint8_t)(w->sha[0] &
                     (0xff00u >> entropy_bytes / 4)); /* its first bits, one for four bytes */
}

c138_status mnemonic_from_entropy(const struct secret_host *host, const struct words *list,
                                  const uint8_t *entropy, size_t length, struct secret *ret_text,
                                  struct c138_err *err) {
    if (length < 16 || length > 32 || length % 4)
        return c138_error(err, C138_E_INVALID, "mnemonic.entropy",
                          "%zu bytes: words stand for 16, 20, 24, 28 or 32", length);
    SECRET memory = SECRET_NULL, text = SECRET_NULL;
    c138_status status = secret_init_zero(&memory, host, sizeof(struct work), err);
    if (status == C138_OK)
        status = secret_init(&text, host, WORDS_MAX * (WORD_BYTES_MAX + 1), err);
    if (status != C138_OK)
        return status;
    struct work *w = (void *)memory.bytes;
    memcpy(w->bits, entropy, length);
    w->bits[length] = checksum(w, length);
    for (unsigned i = 0; i < length * 3 / 4 && status == C138_OK; i++) {
        if (i)
            status = secret_adds(&text, " ");
        if (status == C138_OK)
            status = secret_adds(&text, or_english(list)->list[bits_at(w->bits, i)]);
    }
    if (status != C138_OK)
        return c138_error(err, status, "mnemonic.list", "the word list has words over %d bytes",
                          WORD_BYTES_MAX);
    *ret_text = secret_steal(&text);
    return C138_OK;
}

c138_status mnemonic_new(const struct secret_host *host, const struct words *list, unsigned words,
                         struct secret *ret_text, struct c138_err *err) {
    if (words < 12 || words > WORDS_MAX || words % 3)
        return bad_count(err, words);
    SECRET entropy = SECRET_NULL;
    c138_status status = secret_init_zero(&entropy, host, words / 3 * 4, err);
    if (status == C138_OK)
        status = secret_random(host, entropy.bytes, entropy.length, err);
    if (status != C138_OK)
        return status;
    return mnemonic_from_entropy(host, list, entropy.bytes, entropy.length, ret_text, err);
}

/* Words of normal text into w->bits; *ret_words how many. */
static c138_status read_words(struct work *w, const struct words *list, const struct secret *text,
                              size_t *ret_words, struct c138_err *err) {
    const char *p = (const char *)text->bytes, *end = p + text->length, *word;
    size_t n = 0, length;
    while ((word = words_next(&p, end, &length))) {
        if (n == WORDS_MAX)
            return bad_count(err, n + 1);
        int value = words_find(list, word, length);
        if (value < 0)
            return c138_error(err, C138_E_INVALID, "mnemonic.word",
                              "word %zu is not in the list: check its spelling", n + 1);
        put_bits(w->bits, (unsigned)n++, (unsigned)value);
    }
    if (n < 12 || n % 3)
        return bad_count(err, n);
    *ret_words = n;
    return C138_OK;
}

c138_status mnemonic_to_entropy(const struct secret_host *host, const struct words *list,
                                const char *text, size_t length, struct secret *ret_entropy,
                                struct c138_err *err) {
    SECRET memory = SECRET_NULL, normal = SECRET_NULL;
    size_t words = 0;
    c138_status status = mnemonic_nfkd(host, text, length, MNEMONIC_TEXT_MAX, &normal, err);
    if (status == C138_OK)
        status = secret_init_zero(&memory, host, sizeof(struct work), err);
    struct work *w = (void *)memory.bytes;
    if (status == C138_OK)
        status = read_words(w, or_english(list), &normal, &words, err);
    if (status != C138_OK)
        return status;
    size_t bytes = words / 3 * 4;
    if (checksum(w, bytes) != w->bits[bytes])
        return c138_error(
            err, C138_E_INVALID, "mnemonic.checksum",
            "all %zu words are in the list, but their checksum is wrong: two are swapped, "
            "or one was mistaken for another",
            words);
    return secret_init_copy(ret_entropy, host, w->bits, bytes, err);
}

c138_status mnemonic_to_seed(const struct secret_host *host, const struct words *list,
                             const char *text, size_t length, const char *passphrase,
                             size_t passphrase_length, struct secret *ret_seed,
                             struct c138_err *err) {
    SECRET entropy = SECRET_NULL, words = SECRET_NULL, normal = SECRET_NULL, salt = SECRET_NULL,
           seed = SECRET_NULL;
    c138_status status = mnemonic_to_entropy(host, list, text, length, &entropy, err);
    if (status == C138_OK) /* the words as they are in the list, one space between */
        status = mnemonic_from_entropy(host, list, entropy.bytes, entropy.length, &words, err);
    if (status == C138_OK)
        status = mnemonic_nfkd(host, passphrase, passphrase_length, MNEMONIC_PASSPHRASE_MAX,
                               &normal, err);
    if (status == C138_OK)
        status = secret_init(&salt, host, normal.length + 8, err);
    if (status == C138_OK)
        status = secret_init_zero(&seed, host, MNEMONIC_SEED, err);
    if (status != C138_OK)
        return status;
    (void)secret_adds(&salt, "mnemonic");
    (void)secret_add(&salt, normal.bytes, normal.length);
    status = crypto_pbkdf2(host, CRYPTO_SHA512, (struct crypto_bytes){words.bytes, words.length},
                           (struct crypto_bytes){salt.bytes, salt.length}, 2048, seed.bytes,
                           MNEMONIC_SEED, err);
    if (status == C138_OK)
        *ret_seed = secret_steal(&seed);
    return status;
}
