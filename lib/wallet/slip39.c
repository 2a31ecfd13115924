#include <wallet/slip39.h>

#include <base/text.h>
#include <wallet/crypto.h>
#include <wallet/words.h>

#include <string.h>

#define META_WORDS 7 /* 4 in front, 3 of checksum */
#define WORDS_MIN 20 /* a secret of 16 bytes */
#define WORDS_MAX (META_WORDS + (8 * SLIP39_SECRET_MAX + 9) / 10)
#define X_DIGEST 254
#define X_SECRET 255
#define ROUNDS 4

typedef uint8_t value[SLIP39_SECRET_MAX];

struct share {
    struct slip39_info info;
    uint8_t used; /* in combine: belongs to a group that was done */
    uint32_t length;
    value value;
};

/* --- GF(256), polynomial x^8 + x^4 + x^3 + x + 1 --------------------------------------------- */

static uint8_t gf_mul(uint8_t a, uint8_t b) {
    uint8_t product = 0;
    for (unsigned i = 0; i < 8; i++) {
        product ^= (uint8_t)(a & -(b >> i & 1));
        a = (uint8_t)(a << 1 ^ (0x1b & -(a >> 7)));
    }
    return product;
}

/* a^254; 0 for 0. */
static uint8_t gf_inverse(uint8_t a) {
    uint8_t power = a, result = 1;
    for (unsigned i = 1; i < 8; i++) {
        power = gf_mul(power, power);
        result = gf_mul(result, power);
    }
    return result;
}

/* The value at x of the polynomial through n points (xs distinct). Lagrange: the weights depend on
 * the xs alone. */
static void interpolate(const uint8_t *xs, value *ys, unsigned n, size_t length, uint8_t x,
                        uint8_t *ret_y) {
    value sum = {0};
    for (unsigned i = 0; i < n; i++) {
        uint8_t weight = 1;
        for (unsigned j = 0; j < n; j++)
            if (j != i)
                weight = gf_mul(weight,
                                gf_mul((uint8_t)(x ^ xs[j]), gf_inverse((uint8_t)(xs[i] ^ xs[j]))));
        for (size_t k = 0; k < length; k++)
            sum[k] ^= gf_mul(weight, ys[i][k]);
    }
    memcpy(ret_y, sum, length);
    c138_wipe(sum, sizeof(sum));
}

/* --- One secret in n parts, t of which are needed --------------------------------------------- */

struct points {
    uint8_t xs[16];
    value ys[16];
    uint8_t mac[32];
    value secret, digest;
};

/* The first four bytes of what is at X_DIGEST prove the secret; the rest of it is the key of that
 * proof. */
static c138_status prove(const struct secret_host *host, struct points *p, size_t length,
                         struct c138_err *err) {
    return crypto_hmac(host, CRYPTO_SHA256, (struct crypto_bytes){p->digest + 4, length - 4},
                       (struct crypto_bytes){p->secret, length}, p->mac, err);
}

static c138_status divide(const struct secret_host *host, unsigned t, unsigned n,
                          const uint8_t *secret, size_t length, struct points *p, value *ret_parts,
                          struct c138_err *err) {
    c138_status status = C138_OK;
    memcpy(p->secret, secret, length);
    if (t == 1) {
        for (unsigned i = 0; i < n; i++)
            memcpy(ret_parts[i], secret, length);
        return C138_OK;
    }
    for (unsigned i = 0; i < t - 2 && status == C138_OK; i++) {
        status = secret_random(host, p->ys[i], length, err);
        p->xs[i] = (uint8_t)i;
        memcpy(ret_parts[i], p->ys[i], length);
    }
    if (status == C138_OK)
        status = secret_random(host, p->digest + 4, length - 4, err);
    if (status == C138_OK)
        status = prove(host, p, length, err);
    if (status != C138_OK)
        return status;
    memcpy(p->digest, p->mac, 4);
    p->xs[t - 2] = X_DIGEST;
    memcpy(p->ys[t - 2], p->digest, length);
    p->xs[t - 1] = X_SECRET;
    memcpy(p->ys[t - 1], secret, length);
    for (unsigned i = t - 2; i < n; i++)
        interpolate(p->xs, p->ys, t, length, (uint8_t)i, ret_parts[i]);
    return C138_OK;
}

/* From the t points in p into p->secret. */
static c138_status unite(const struct secret_host *host, unsigned t, size_t length,
                         struct points *p, struct c138_err *err) {
    if (t == 1) {
        memcpy(p->secret, p->ys[0], length);
        return C138_OK;
    }
    interpolate(p->xs, p->ys, t, length, X_SECRET, p->secret);
    interpolate(p->xs, p->ys, t, length, X_DIGEST, p->digest);
    c138_status status = prove(host, p, length, err);
    if (status == C138_OK && !c138_secret_equal(p->mac, p->digest, 4))
        return c138_error(
            err, C138_E_INVALID, "slip39.digest",
            "the shares do not fit together: each is well-formed, but one of them is not "
            "of this secret");
    return status;
}

/* --- The passphrase: four rounds of Feistel --------------------------------------------------- */

struct cipher {
    value left, right, f;
    uint8_t password[1 + SLIP39_PASSPHRASE_MAX];
    uint8_t salt[8 + SLIP39_SECRET_MAX / 2];
};

static c138_status check_passphrase(const char *passphrase, size_t length, struct c138_err *err) {
    int good = length <= SLIP39_PASSPHRASE_MAX;
    for (size_t i = 0; i < length && good; i++)
        good = passphrase[i] >= 32 && passphrase[i] <= 126;
    return good ? C138_OK
                : c138_error(err, C138_E_INVALID, "slip39.passphrase",
                             "a passphrase of SLIP-39 is at most %d printable ASCII characters",
                             SLIP39_PASSPHRASE_MAX);
}

/* Turns `text` (in place). Decrypting is encrypting with the rounds backwards. */
static c138_status turn(const struct secret_host *host, const struct slip39_info *info,
                        const char *passphrase, size_t passphrase_length, int decrypt,
                        uint8_t *text, size_t length, struct c138_err *err) {
    SECRET memory = SECRET_NULL;
    c138_status status = check_passphrase(passphrase, passphrase_length, err);
    if (status == C138_OK)
        status = secret_init_zero(&memory, host, sizeof(struct cipher), err);
    if (status != C138_OK)
        return status;
    struct cipher *c = (void *)memory.bytes;
    size_t half = length / 2, prefix = info->extendable ? 0 : 8;
    memcpy(c->salt, "shamir", 6);
    c->salt[6] = (uint8_t)(info->identifier >> 8);
    c->salt[7] = (uint8_t)info->identifier;
    memcpy(c->left, text, half);
    memcpy(c->right, text + half, half);
    if (passphrase_length)
        memcpy(c->password + 1, passphrase, passphrase_length);
    for (unsigned i = 0; i < ROUNDS && status == C138_OK; i++) {
        c->password[0] = (uint8_t)(decrypt ? ROUNDS - 1 - i : i);
        memcpy(c->salt + prefix, c->right, half);
        status = crypto_pbkdf2(host, CRYPTO_SHA256,
                               (struct crypto_bytes){c->password, 1 + passphrase_length},
                               (struct crypto_bytes){c->salt, prefix + half},
                               UINT64_C(2500) << info->iteration_exponent, c->f, half, err);
        for (size_t k = 0; k < half; k++)
            c->f[k] ^= c->left[k];
        memcpy(c->left, c->right, half);
        memcpy(c->right, c->f, half);
    }
    memcpy(text, c->right, half);
    memcpy(text + half, c->left, half);
    return status;
}

/* --- Shares as words ---------------------------------------------------------------------------
 */

static uint32_t rs1024_step(uint32_t sum, uint32_t v) {
    static const uint32_t generator[10] = {0x00e0e040, 0x01c1c080, 0x03838100, 0x07070200,
                                           0x0e0e0009, 0x1c0c2412, 0x38086c24, 0x3090fc48,
                                           0x21b1f890, 0x03f3f120};
    uint32_t top = sum >> 20;
    sum = (sum & 0xfffff) << 10 ^ v;
    for (unsigned i = 0; i < 10; i++)
        sum ^= generator[i] & -(top >> i & 1);
    return sum;
}

/* RS1024 over the customization string and n words: 1 for a whole share. */
static uint32_t rs1024(int extendable, const uint16_t *words, size_t n) {
    const char *custom = extendable ? "shamir_extendable" : "shamir";
    uint32_t sum = 1;
    for (; *custom; custom++)
        sum = rs1024_step(sum, (unsigned char)*custom);
    for (size_t i = 0; i < n; i++)
        sum = rs1024_step(sum, words[i]);
    return sum;
}

struct line {
    uint16_t words[WORDS_MAX];
};

/* The value's bits, zeros in front, over `n` words. */
static void pack(const struct share *s, uint16_t *words, size_t n) {
    size_t pad = 10 * n - 8 * s->length;
    for (size_t bit = 0; bit < 8 * (size_t)s->length; bit++) {
        size_t at = pad + bit;
        unsigned one = (unsigned)s->value[bit / 8] >> (7 - bit % 8) & 1u;
        words[at / 10] |= (uint16_t)(one << (9 - at % 10));
    }
}

/* 0 when the padding is not zero. */
static int unpack(struct share *s, const uint16_t *words, size_t n) {
    size_t pad = 10 * n - 8 * s->length;
    unsigned dirt = 0;
    for (size_t at = 0; at < 10 * n; at++) {
        unsigned one = (unsigned)words[at / 10] >> (9 - at % 10) & 1u;
        if (at < pad)
            dirt |= one;
        else
            s->value[(at - pad) / 8] |= (uint8_t)(one << (7 - (at - pad) % 8));
    }
    return !dirt;
}

static c138_status write_share(const struct share *s, struct line *l, struct secret *out) {
    const struct slip39_info *i = &s->info;
    size_t values = (8 * (size_t)s->length + 9) / 10, n = values + META_WORDS;
    uint32_t head =
        (uint32_t)i->identifier << 5 | (uint32_t)i->extendable << 4 | i->iteration_exponent;
    uint32_t tail = (uint32_t)i->group_index << 16 | (uint32_t)(i->group_threshold - 1) << 12 |
                    (uint32_t)(i->group_count - 1) << 8 | (uint32_t)i->member_index << 4 |
                    (uint32_t)(i->member_threshold - 1);
    memset(l, 0, sizeof(*l));
    l->words[0] = (uint16_t)(head >> 10);
    l->words[1] = head & 1023;
    l->words[2] = (uint16_t)(tail >> 10);
    l->words[3] = tail & 1023;
    pack(s, l->words + 4, values);
    uint32_t sum = rs1024(i->extendable, l->words, n) ^ 1;
    for (unsigned k = 0; k < 3; k++)
        l->words[n - 3 + k] = sum >> (10 * (2 - k)) & 1023;
    c138_status status = C138_OK;
    for (size_t k = 0; k < n && status == C138_OK; k++) {
        status = secret_adds(out, words_slip39.list[l->words[k]]);
        if (status == C138_OK)
            status = secret_adds(out, k + 1 < n ? " " : "\n");
    }
    return status;
}

static c138_status bad_share(struct c138_err *err, const char *why) {
    return c138_error(err, C138_E_INVALID, "slip39.share", "%s", why);
}

static c138_status read_words(const char *p, const char *end, struct line *l, size_t *ret_words,
                              struct c138_err *err) {
    size_t n = 0, length;
    const char *word;
    while ((word = words_next(&p, end, &length))) {
        int v = words_find(&words_slip39, word, length);
        if (v < 0)
            return c138_error(err, C138_E_INVALID, "slip39.word",
                              "word %zu is not in the list: check its spelling", n + 1);
        if (n == WORDS_MAX)
            return bad_share(err, "more words than a share of 64 bytes has");
        l->words[n++] = (uint16_t)v;
    }
    if (n < WORDS_MIN)
        return c138_error(err, C138_E_INVALID, "slip39.length",
                          "%zu words: a share has at least %d", n, WORDS_MIN);
    *ret_words = n;
    return C138_OK;
}

static c138_status read_share(const char *text, const char *end, struct line *l, struct share *s,
                              struct c138_err *err) {
    size_t n = 0;
    c138_status status = read_words(text, end, l, &n, err);
    if (status != C138_OK)
        return status;
    uint32_t head = (uint32_t)l->words[0] << 10 | l->words[1],
             tail = (uint32_t)l->words[2] << 10 | l->words[3];
    s->info = (struct slip39_info){.identifier = (uint16_t)(head >> 5),
                                   .extendable = head >> 4 & 1,
                                   .iteration_exponent = head & 15,
                                   .group_index = tail >> 16 & 15,
                                   .group_threshold = (uint8_t)((tail >> 12 & 15) + 1),
                                   .group_count = (uint8_t)((tail >> 8 & 15) + 1),
                                   .member_index = tail >> 4 & 15,
                                   .member_threshold = (uint8_t)((tail & 15) + 1)};
    if (rs1024(s->info.extendable, l->words, n) != 1)
        return bad_share(err, "its checksum is wrong: a word was mistaken or two were swapped");
    size_t bits = 10 * (n - META_WORDS);
    s->length = (uint32_t)(bits / 16 * 2);
    if (bits % 16 > 8 || !unpack(s, l->words + 4, n - META_WORDS))
        return bad_share(err, "its length or padding is wrong");
    if (s->info.group_threshold > s->info.group_count)
        return bad_share(err, "it asks for more groups than there are");
    if (s->info.iteration_exponent > SLIP39_EXPONENT_MAX)
        return c138_error(err, C138_E_LIMIT, "slip39.exponent",
                          "it asks for 10000 * 2^%u iterations, at most 2^%d are done",
                          s->info.iteration_exponent, SLIP39_EXPONENT_MAX);
    return C138_OK;
}

c138_status slip39_inspect(const struct secret_host *host, const char *share, size_t length,
                           struct slip39_info *ret_info, struct c138_err *err) {
    SECRET memory = SECRET_NULL;
    struct work {
        struct line line;
        struct share share;
    } * w;
    c138_status status = secret_init_zero(&memory, host, sizeof(*w), err);
    if (status != C138_OK)
        return status;
    w = (void *)memory.bytes;
    status = read_share(share, share + length, &w->line, &w->share, err);
    if (status == C138_OK)
        *ret_info = w->share.info;
    return status;
}

/* --- Split --------------------------------------------------------------------------------------
 */

static c138_status check_options(const struct slip39_options *o, size_t length,
                                 struct c138_err *err) {
    if (length < 16 || length > SLIP39_SECRET_MAX || length % 2)
        return c138_error(err, C138_E_INVALID, "slip39.secret",
                          "a secret of %zu bytes: 16 to %d, an even number", length,
                          SLIP39_SECRET_MAX);
    if (!o->n_groups || o->n_groups > 16 || !o->group_threshold ||
        o->group_threshold > o->n_groups || o->iteration_exponent > SLIP39_EXPONENT_MAX ||
        o->extendable > 1)
        return c138_error(
            err, C138_E_INVALID, "slip39.groups",
            "1 to 16 groups, of which 1 to all are needed; iteration exponent 0 to %d",
            SLIP39_EXPONENT_MAX);
    for (unsigned i = 0; i < o->n_groups; i++) {
        const struct slip39_group *g = &o->groups[i];
        if (!g->threshold || g->threshold > g->count || g->count > 16)
            return c138_error(err, C138_E_INVALID, "slip39.group",
                              "group %u: %u of %u shares does not exist", i + 1, g->threshold,
                              g->count);
        if (g->threshold == 1 && g->count > 1)
            return c138_error(err, C138_E_INVALID, "slip39.copies",
                              "group %u: 1 of %u would be copies of one share; make it 1 of 1 and "
                              "hand out copies",
                              i + 1, g->count);
    }
    return C138_OK;
}

struct split {
    value sealed, groups[16], members[16];
    struct points points;
    struct share share;
    struct line line;
};

static c138_status split_group(const struct secret_host *host, struct split *w,
                               const struct slip39_group *g, size_t length, struct secret *out,
                               struct c138_err *err) {
    c138_status status = divide(host, g->threshold, g->count, w->groups[w->share.info.group_index],
                                length, &w->points, w->members, err);
    for (unsigned m = 0; m < g->count && status == C138_OK; m++) {
        w->share.info.member_index = (uint8_t)m;
        w->share.info.member_threshold = g->threshold;
        memcpy(w->share.value, w->members[m], length);
        status = write_share(&w->share, &w->line, out);
    }
    return status;
}

static c138_status split(const struct secret_host *host, struct split *w, const char *passphrase,
                         size_t passphrase_length, const struct slip39_options *o, size_t length,
                         struct secret *out, struct c138_err *err) {
    uint8_t id[2];
    c138_status status = secret_random(host, id, 2, err);
    if (status != C138_OK)
        return status;
    w->share.length = (uint32_t)length;
    w->share.info = (struct slip39_info){.identifier = (uint16_t)((id[0] & 127) << 8 | id[1]),
                                         .extendable = o->extendable,
                                         .iteration_exponent = o->iteration_exponent,
                                         .group_threshold = o->group_threshold,
                                         .group_count = o->n_groups};
    status = turn(host, &w->share.info, passphrase, passphrase_length, 0, w->sealed, length, err);
    if (status == C138_OK)
        status = divide(host, o->group_threshold, o->n_groups, w->sealed, length, &w->points,
                        w->groups, err);
    for (unsigned i = 0; i < o->n_groups && status == C138_OK; i++) {
        w->share.info.group_index = (uint8_t)i;
        status = split_group(host, w, &o->groups[i], length, out, err);
    }
    return status;
}

c138_status slip39_split(const struct secret_host *host, const uint8_t *secret, size_t length,
                         const char *passphrase, size_t passphrase_length,
                         const struct slip39_options *options, struct secret *ret_shares,
                         struct c138_err *err) {
    SECRET memory = SECRET_NULL, out = SECRET_NULL;
    size_t shares = 0;
    c138_status status = check_options(options, length, err);
    for (unsigned i = 0; i < 16 && i < options->n_groups; i++)
        shares += options->groups[i].count;
    if (status == C138_OK)
        status = secret_init_zero(&memory, host, sizeof(struct split), err);
    if (status == C138_OK) /* eight letters and a space a word */
        status = secret_init(&out, host, shares * 9 * (META_WORDS + length), err);
    if (status != C138_OK)
        return status;
    struct split *w = (void *)memory.bytes;
    memcpy(w->sealed, secret, length);
    status = split(host, w, passphrase, passphrase_length, options, length, &out, err);
    if (status == C138_OK)
        *ret_shares = secret_steal(&out);
    return status;
}

/* --- Combine ------------------------------------------------------------------------------------
 */

struct combine {
    unsigned count;
    struct points groups, members;
    struct line line;
    struct share shares[SLIP39_SHARES_MAX];
};

static int same_set(const struct share *a, const struct share *b) {
    return a->info.identifier == b->info.identifier && a->info.extendable == b->info.extendable &&
           a->info.iteration_exponent == b->info.iteration_exponent &&
           a->info.group_threshold == b->info.group_threshold &&
           a->info.group_count == b->info.group_count && a->length == b->length;
}

/* The share just read against those before it. */
static c138_status admit(struct combine *w, struct c138_err *err) {
    const struct share *s = &w->shares[w->count];
    if (w->count && !same_set(s, &w->shares[0]))
        return bad_share(err, "it belongs to another set than the first share");
    for (unsigned i = 0; i < w->count; i++) {
        const struct share *other = &w->shares[i];
        if (other->info.group_index != s->info.group_index)
            continue;
        if (other->info.member_threshold != s->info.member_threshold)
            return bad_share(err, "another share of its group asks for another threshold");
        if (other->info.member_index != s->info.member_index)
            continue;
        if (c138_secret_equal(other->value, s->value, s->length))
            return C138_OK; /* the same again */
        return bad_share(err, "another share has its place in the group");
    }
    w->count++;
    return C138_OK;
}

static c138_status read_shares(struct combine *w, const char *p, const char *end,
                               struct c138_err *err) {
    for (unsigned number = 1; p < end; number++) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        const char *stop = eol ? eol : end, *at = p;
        size_t length;
        p = eol ? eol + 1 : end;
        if (!words_next(&at, stop, &length)) {
            number--; /* an empty line */
            continue;
        }
        if (w->count == SLIP39_SHARES_MAX)
            return c138_error(err, C138_E_LIMIT, "slip39.count", "more than %d shares",
                              SLIP39_SHARES_MAX);
        memset(&w->shares[w->count], 0, sizeof(w->shares[0]));
        c138_status status = read_share(at - length, stop, &w->line, &w->shares[w->count], err);
        if (status == C138_OK)
            status = admit(w, err);
        if (status != C138_OK)
            return c138_error_prefix(err, status, "share %u", number);
    }
    return w->count ? C138_OK
                    : c138_error(err, C138_E_INVALID, "slip39.count", "there is no share");
}

/* All shares of the group of share `first`, into w->members.secret. */
static c138_status unite_group(const struct secret_host *host, struct combine *w, unsigned first,
                               struct c138_err *err) {
    const struct slip39_info *info = &w->shares[first].info;
    unsigned n = 0;
    for (unsigned i = first; i < w->count; i++) {
        struct share *s = &w->shares[i];
        if (s->info.group_index != info->group_index)
            continue;
        s->used = 1;
        w->members.xs[n] = s->info.member_index;
        memcpy(w->members.ys[n++], s->value, s->length);
    }
    if (n != info->member_threshold)
        return c138_error(err, C138_E_CONFLICT, "slip39.count",
                          "group %u: exactly %u shares are needed, here are %u",
                          info->group_index + 1u, info->member_threshold, n);
    return unite(host, n, w->shares[first].length, &w->members, err);
}

static c138_status combine(const struct secret_host *host, struct combine *w,
                           struct c138_err *err) {
    const struct share *any = &w->shares[0];
    unsigned seen = 0, n = 0;
    for (unsigned i = 0; i < w->count; i++)
        seen |= 1u << w->shares[i].info.group_index;
    if ((unsigned)__builtin_popcount(seen) != any->info.group_threshold)
        return c138_error(err, C138_E_CONFLICT, "slip39.count",
                          "shares of exactly %u groups are needed, here are those of %d",
                          any->info.group_threshold, __builtin_popcount(seen));
    for (unsigned i = 0; i < w->count; i++) {
        if (w->shares[i].used)
            continue;
        c138_status status = unite_group(host, w, i, err);
        if (status != C138_OK)
            return status;
        w->groups.xs[n] = w->shares[i].info.group_index;
        memcpy(w->groups.ys[n++], w->members.secret, any->length);
    }
    return unite(host, n, any->length, &w->groups, err);
}

c138_status slip39_combine(const struct secret_host *host, const char *shares, size_t length,
                           const char *passphrase, size_t passphrase_length,
                           struct secret *ret_secret, struct c138_err *err) {
    SECRET memory = SECRET_NULL;
    if (length > SLIP39_TEXT_MAX)
        return c138_error(err, C138_E_LIMIT, "slip39.size", "%zu bytes of shares: at most %d",
                          length, SLIP39_TEXT_MAX);
    c138_status status = secret_init_zero(&memory, host, sizeof(struct combine), err);
    if (status != C138_OK)
        return status;
    struct combine *w = (void *)memory.bytes;
    status = read_shares(w, shares, shares + length, err);
    if (status == C138_OK)
        status = combine(host, w, err);
    const struct share *any = &w->shares[0];
    if (status == C138_OK)
        status = turn(host, &any->info, passphrase, passphrase_length, 1, w->groups.secret,
                      any->length, err);
    if (status != C138_OK)
        return status;
    return secret_init_copy(ret_secret, host, w->groups.secret, any->length, err);
}
