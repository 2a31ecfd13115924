#include "rig.h"

#include <wallet/hd.h>
#include <wallet/slip39.h>
#include <wallet/words.h>

#include <stdio.h>
#include <string.h>

static char *lines_of(const struct c138_json *shares) {
    struct c138_buf all = C138_BUF_NULL;
    for (size_t i = 0; i < c138_json_count(shares); i++) {
        c138_buf_adds(&all, c138_json_as_str(c138_json_at(shares, i), ""));
        c138_buf_addc(&all, '\n');
    }
    return c138_buf_steal(&all);
}

static void vectors(void) {
    struct rig *r = rig_new();
    C138_JSON struct c138_json *data = rig_data("slip39-vectors.json");
    unsigned good = 0, bad = 0;
    for (size_t i = 0; i < c138_json_count(data); i++) {
        const struct c138_json *v = c138_json_at(data, i);
        const char *want = c138_json_as_str(c138_json_at(v, 2), "");
        C138_FREE char *text = lines_of(c138_json_at(v, 1));
        SECRET s = SECRET_NULL, xprv = SECRET_NULL;
        HD struct hd *node = NULL;
        struct c138_err err = {0};
        c138_status status = slip39_combine(&r->host, text, strlen(text), "TREZOR", 6, &s, &err);
        if (!*want) {
            CU_ASSERT(status < 0 && *err.text);
            CU_ASSERT_PTR_NULL(s.bytes);
            bad++;
            continue;
        }
        CU_ASSERT_EQUAL_FATAL(status, C138_OK);
        CU_ASSERT(rig_is_hex(&s, want));
        CU_ASSERT_EQUAL(hd_from_seed(&r->host, s.bytes, s.length, &node, NULL), C138_OK);
        CU_ASSERT_EQUAL(hd_private_text(node, &xprv, NULL), C138_OK);
        CU_ASSERT(rig_is_text(&xprv, c138_json_as_str(c138_json_at(v, 3), "")));
        good++;
    }
    printf("slip39: %u official vectors opened, %u refused\n", good, bad);
    CU_ASSERT_EQUAL(good, 15);
    CU_ASSERT_EQUAL(bad, 30);
    rig_free(r);
}

/* Line `n` of a text. */
static size_t line_of(const struct secret *text, unsigned n, const char **ret_line) {
    const char *p = (const char *)text->bytes;
    for (; n; n--)
        p = strchr(p, '\n') + 1;
    *ret_line = p;
    return (size_t)(strchr(p, '\n') - p);
}

/* Every choice of lines that is said in `wanted`, a bit a line. */
static c138_status combine_lines(struct rig *r, const struct secret *shares, unsigned wanted,
                                 struct secret *ret_secret, struct c138_err *err) {
    C138_BUF struct c138_buf some = C138_BUF_NULL;
    for (unsigned n = 0; n < 31; n++) {
        const char *line;
        if (!(wanted >> n & 1))
            continue;
        size_t length = line_of(shares, n, &line);
        c138_buf_add(&some, line, length);
        c138_buf_addc(&some, '\n');
    }
    return slip39_combine(&r->host, c138_buf_text(&some), some.length, "pass", 4, ret_secret, err);
}

/* 3 of 5, every subset of the five shares: exactly those of three restore, all others are refused.
 */
static void every_subset(void) {
    struct rig *r = rig_new();
    SECRET shares = SECRET_NULL;
    const uint8_t secret[32] = "what must not be lost, nor found";
    const struct slip39_options options = {.group_threshold = 1,
                                           .n_groups = 1,
                                           .groups = {{3, 5}},
                                           .iteration_exponent = 0,
                                           .extendable = 1};
    CU_ASSERT_EQUAL_FATAL(slip39_split(&r->host, secret, 32, "pass", 4, &options, &shares, NULL),
                          C138_OK);
    r->most = 0;
    for (unsigned set = 0; set < 32; set++) {
        SECRET s = SECRET_NULL;
        struct c138_err err = {0};
        c138_status status = combine_lines(r, &shares, set, &s, &err);
        if (__builtin_popcount(set) == 3)
            CU_ASSERT(status == C138_OK && rig_is(&s, secret, 32))
        else
            CU_ASSERT_EQUAL(status, set ? C138_E_CONFLICT : C138_E_INVALID);
    }
    CU_ASSERT(r->most > 0 && r->most < 60000); /* fits where 64 KiB may be locked */
    secret_deinit(&shares);
    rig_free(r);
}

/* Two of three groups: the two chiefs, two of three engineers, three of four of the board; every
 * subset of the nine shares. */
static void groups(void) {
    struct rig *r = rig_new();
    SECRET shares = SECRET_NULL;
    uint8_t secret[64];
    const struct slip39_options options = {.group_threshold = 2,
                                           .n_groups = 3,
                                           .groups = {{2, 2}, {2, 3}, {3, 4}},
                                           .iteration_exponent = 0};
    memset(secret, 0x3c, sizeof(secret));
    CU_ASSERT_EQUAL_FATAL(slip39_split(&r->host, secret, 64, "pass", 4, &options, &shares, NULL),
                          C138_OK);
    unsigned restored = 0;
    for (unsigned set = 1; set < 512; set++) {
        SECRET s = SECRET_NULL;
        int a = __builtin_popcount(set & 3), b = __builtin_popcount(set >> 2 & 7),
            c = __builtin_popcount(set >> 5);
        int good = (a == 2 && b == 2 && c == 0) || (a == 2 && b == 0 && c == 3) ||
                   (a == 0 && b == 2 && c == 3);
        c138_status status = combine_lines(r, &shares, set, &s, NULL);
        CU_ASSERT_EQUAL(status, good ? C138_OK : C138_E_CONFLICT);
        restored += status == C138_OK && rig_is(&s, secret, 64);
    }
    CU_ASSERT_EQUAL(restored, 3 + 4 + 12);
    struct slip39_info info = {0};
    const char *line;
    size_t length = line_of(&shares, 8, &line);
    CU_ASSERT_EQUAL(slip39_inspect(&r->host, line, length, &info, NULL), C138_OK);
    CU_ASSERT(info.group_index == 2 && info.group_threshold == 2 && info.group_count == 3 &&
              info.member_index == 3 && info.member_threshold == 3 && !info.extendable);
    secret_deinit(&shares);
    rig_free(r);
}

static void round_trips(void) {
    struct rig *r = rig_new();
    for (unsigned t = 1; t <= 16; t++) {
        SECRET shares = SECRET_NULL, s = SECRET_NULL, other = SECRET_NULL;
        uint8_t secret[64];
        size_t length = 16 + 2 * (t * 3 % 25);
        struct slip39_options o = {
            .group_threshold = (uint8_t)t, .n_groups = (uint8_t)t, .extendable = t & 1};
        for (unsigned i = 0; i < t; i++)
            o.groups[i] = i % 2 ? (struct slip39_group){1, 1} : (struct slip39_group){2, 2};
        (void)secret_random(&r->host, secret, length, NULL);
        CU_ASSERT_EQUAL_FATAL(
            slip39_split(&r->host, secret, length, "TREZOR", 6, &o, &shares, NULL), C138_OK);
        CU_ASSERT_EQUAL(
            slip39_combine(&r->host, (char *)shares.bytes, shares.length, "TREZOR", 6, &s, NULL),
            C138_OK);
        CU_ASSERT(rig_is(&s, secret, length));
        /* Another passphrase is another secret, and no error. */
        CU_ASSERT_EQUAL(
            slip39_combine(&r->host, (char *)shares.bytes, shares.length, "", 0, &other, NULL),
            C138_OK);
        CU_ASSERT(!rig_is(&other, secret, length));
    }
    rig_free(r);
}

static void same_line_twice(void) {
    struct rig *r = rig_new();
    C138_JSON struct c138_json *data = rig_data("slip39-vectors.json");
    const struct c138_json *shares = c138_json_at(c138_json_at(data, 3), 1);
    const char *a = c138_json_as_str(c138_json_at(shares, 0), ""),
               *b = c138_json_as_str(c138_json_at(shares, 1), "");
    C138_FREE char *text = c138_xasprintf("\n%s\n\n  %s\r\n%s", b, a, b);
    SECRET s = SECRET_NULL;
    CU_ASSERT_EQUAL(slip39_combine(&r->host, text, strlen(text), "TREZOR", 6, &s, NULL), C138_OK);
    CU_ASSERT(rig_is_hex(&s, "b43ceb7e57a0ea8766221624d01b0864"));
    secret_deinit(&s);
    rig_free(r);
}

static void refuses_options(void) {
    struct rig *r = rig_new();
    const uint8_t secret[66] = {0};
    static const struct {
        size_t length;
        struct slip39_options o;
    } cases[] = {
        {14, {1, 1, {{2, 3}}, 0, 0}},  {17, {1, 1, {{2, 3}}, 0, 0}}, {66, {1, 1, {{2, 3}}, 0, 0}},
        {16, {0, 1, {{2, 3}}, 0, 0}},  {16, {2, 1, {{2, 3}}, 0, 0}}, {16, {1, 0, {{2, 3}}, 0, 0}},
        {16, {1, 17, {{2, 3}}, 0, 0}}, {16, {1, 1, {{0, 3}}, 0, 0}}, {16, {1, 1, {{4, 3}}, 0, 0}},
        {16, {1, 1, {{2, 17}}, 0, 0}}, {16, {1, 1, {{1, 3}}, 0, 0}}, {16, {1, 2, {{2, 3}}, 0, 0}},
        {16, {1, 1, {{2, 3}}, 11, 0}}, {16, {1, 1, {{2, 3}}, 0, 2}}};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        SECRET shares = SECRET_NULL;
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(
            slip39_split(&r->host, secret, cases[i].length, "", 0, &cases[i].o, &shares, &err),
            C138_E_INVALID);
        CU_ASSERT(*err.text);
        CU_ASSERT_PTR_NULL(shares.bytes);
    }
    static const char *const passphrases[] = {"\x1f", "\x7f", "\xc3\xa4"};
    const struct slip39_options o = {1, 1, {{2, 3}}, 0, 0};
    for (size_t i = 0; i < C138_COUNT(passphrases); i++) {
        SECRET shares = SECRET_NULL;
        CU_ASSERT_EQUAL(slip39_split(&r->host, secret, 16, passphrases[i], strlen(passphrases[i]),
                                     &o, &shares, NULL),
                        C138_E_INVALID);
    }
    rig_free(r);
}

/* One word of a share replaced by any other: the checksum finds each. */
static void every_mistake(void) {
    struct rig *r = rig_new();
    C138_JSON struct c138_json *data = rig_data("slip39-vectors.json");
    const char *share =
        c138_json_as_str(c138_json_at(c138_json_at(c138_json_at(data, 0), 1), 0), "");
    struct slip39_info info;
    CU_ASSERT_EQUAL(slip39_inspect(&r->host, share, strlen(share), &info, NULL), C138_OK);
    const char *p = share, *end = share + strlen(share), *word;
    size_t length;
    unsigned found = 0;
    while (*p) {
        word = p;
        length = strcspn(p, " ");
        p += length;
        for (unsigned i = 0; i < 1024; i += 37) {
            if (strlen(words_slip39.list[i]) == length &&
                !strncmp(words_slip39.list[i], word, length))
                continue;
            C138_FREE char *text = c138_xasprintf("%.*s%s%.*s", (int)(word - share), share,
                                                  words_slip39.list[i], (int)(end - p), p);
            found += slip39_inspect(&r->host, text, strlen(text), &info, NULL) == C138_E_INVALID;
        }
        p += *p == ' ';
    }
    CU_ASSERT(found >= 20 * 27);
    CU_ASSERT(found <= 20 * 28);
    rig_free(r);
}

static c138_status once(struct rig *r, void *context) {
    SECRET shares = SECRET_NULL, s = SECRET_NULL;
    const uint8_t secret[16] = {1};
    const struct slip39_options o = {1, 1, {{2, 2}}, 0, 1};
    (void)context;
    c138_status status = slip39_split(&r->host, secret, 16, "", 0, &o, &shares, NULL);
    if (status == C138_OK)
        status = slip39_combine(&r->host, (char *)shares.bytes, shares.length, "", 0, &s, NULL);
    return status;
}

static void starves(void) {
    struct rig *r = rig_new();
    CU_ASSERT(rig_starve(r, once, NULL) > 10);
    rig_free(r);
}

const CU_TestInfo tests_slip39[] = {{"vectors", vectors},
                                    {"every subset", every_subset},
                                    {"groups", groups},
                                    {"round trips", round_trips},
                                    {"same line twice", same_line_twice},
                                    {"refuses options", refuses_options},
                                    {"every mistake", every_mistake},
                                    {"starves", starves},
                                    CU_TEST_INFO_NULL};
