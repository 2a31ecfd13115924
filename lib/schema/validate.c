/*
 * One file per idea would part what belongs together: a type's reading, its canonical form and its
 * words for people stand in one row of one table.
 */
#include <base/fs.h>
#include <base/text.h>
#include <base/u256.h>
#include <base/when.h>
#include <evm/address.h>
#include <schema/cron.h>
#include <schema/validate.h>

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX (64u << 10)
#define LIST_MAX 10000u

/* --- Types: text to canonical value --------------------------------------------------------------
 */

typedef c138_status read_fn(const char *text, struct c138_json **ret);

static c138_status give_text(const char *text, struct c138_json **ret) {
    *ret = c138_json_new_str(text);
    return C138_OK;
}

static c138_status read_bool(const char *text, struct c138_json **ret) {
    static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no",
                                                                                "off", "0"};
    for (size_t i = 0; i < 4; i++)
        if (!strcmp(text, yes[i]) || !strcmp(text, no[i])) {
            *ret = c138_json_new_bool(!strcmp(text, yes[i]));
            return C138_OK;
        }
    return C138_E_INVALID;
}

static c138_status read_int(const char *text, struct c138_json **ret) {
    int64_t v = 0;
    if (c138_parse_int(text, &v) < 0)
        return C138_E_INVALID;
    *ret = c138_json_new_int(v);
    return C138_OK;
}

static c138_status read_uint(const char *text, struct c138_json **ret) {
    uint64_t v = 0;
    if (c138_parse_uint(text, &v) < 0)
        return C138_E_INVALID;
    *ret = c138_json_new_uint(v);
    return C138_OK;
}

static c138_status read_decimal(const char *text, struct c138_json **ret) {
    const char *p = text + (*text == '-');
    size_t whole = strspn(p, "0123456789"), rest = 0;
    if (!whole || strlen(text) > 100 || (whole > 1 && *p == '0'))
        return C138_E_INVALID;
    p += whole;
    if (*p == '.') {
        rest = strspn(p + 1, "0123456789");
        p += rest ? 1 + rest : 0;
    }
    return *p ? C138_E_INVALID : give_text(text, ret);
}

static c138_status read_string(const char *text, struct c138_json **ret) {
    size_t n = strlen(text);
    if (n > TEXT_MAX || !c138_utf8_valid(text, n))
        return C138_E_INVALID;
    for (const char *p = text; *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\t' && *p != '\n') || *p == 0x7f)
            return C138_E_INVALID;
    return give_text(text, ret);
}

static c138_status read_duration(const char *text, struct c138_json **ret) {
    int64_t ns = 0;
    char canonical[C138_DURATION_TEXT];
    if (c138_duration_parse(text, &ns) < 0)
        return C138_E_INVALID;
    c138_duration_format(ns, canonical);
    return give_text(canonical, ret);
}

/* Canonical is the number of bytes: exact, and a number for programs. */
static c138_status read_size(const char *text, struct c138_json **ret) {
    uint64_t bytes = 0;
    if (c138_size_parse(text, &bytes) < 0)
        return C138_E_INVALID;
    *ret = c138_json_new_uint(bytes);
    return C138_OK;
}

static c138_status read_time(const char *text, struct c138_json **ret) {
    int64_t ns = 0;
    char canonical[C138_TIME_TEXT];
    if (c138_time_parse(text, &ns) < 0)
        return C138_E_INVALID;
    c138_time_format(ns, canonical);
    return give_text(canonical, ret);
}

static c138_status read_path(const char *text, struct c138_json **ret) {
    if (strlen(text) > 4095 || c138_path_check(text) < 0)
        return C138_E_INVALID;
    return read_string(text, ret);
}

static int port_ok(const char *text, size_t length) {
    char copy[8] = "";
    uint64_t port = 0;
    if (!length || length >= sizeof(copy))
        return 0;
    memcpy(copy, text, length);
    return c138_parse_uint(copy, &port) >= 0 && port <= 65535;
}

static c138_status read_url(const char *text, struct c138_json **ret) {
    size_t scheme = c138_starts_with(text, "http://")    ? 7
                    : c138_starts_with(text, "https://") ? 8
                                                         : 0;
    if (!scheme || strlen(text) > 2048 || strpbrk(text, " \t\n\r\"<>\\^`{|}"))
        return C138_E_INVALID;
    const char *host = text + scheme;
    size_t n = strcspn(host, "/?#");
    const char *at = memchr(host, '@', n);
    const char *name = at ? at + 1 : host;
    size_t length = n - (size_t)(name - host);
    const char *bracket = *name == '[' ? memchr(name, ']', length) : name;
    const char *colon = bracket ? memchr(bracket, ':', length - (size_t)(bracket - name)) : NULL;
    if (!length || *name == ':' || !bracket ||
        (colon && !port_ok(colon + 1, length - (size_t)(colon + 1 - name))))
        return C138_E_INVALID;
    return read_string(text, ret);
}

static c138_status read_cron(const char *text, struct c138_json **ret) {
    struct cron c;
    return cron_parse(text, &c, NULL) < 0 ? C138_E_INVALID : give_text(text, ret);
}

static c138_status read_address(const char *text, struct c138_json **ret) {
    uint8_t address[20];
    char canonical[C138_ADDRESS_TEXT];
    c138_status status = c138_address_parse(text, address, NULL);
    if (status < 0)
        return status;
    c138_address_format(address, canonical);
    return give_text(canonical, ret);
}

/* 0x and hex digits, lower case. digits 0: any even number of them. */
static c138_status read_hex(const char *text, size_t digits, struct c138_json **ret) {
    size_t n = strlen(text);
    if (n < 2 || text[0] != '0' || text[1] != 'x' || n % 2 || n > TEXT_MAX * 4 ||
        (digits && n != digits + 2))
        return C138_E_INVALID;
    C138_FREE char *lower = c138_xstrdup(text);
    for (char *p = lower + 2; *p; p++) {
        if (!isxdigit((unsigned char)*p))
            return C138_E_INVALID;
        *p = (char)tolower((unsigned char)*p);
    }
    return give_text(lower, ret);
}

static c138_status read_hash32(const char *text, struct c138_json **ret) {
    return read_hex(text, 64, ret);
}

static c138_status read_bytes(const char *text, struct c138_json **ret) {
    return read_hex(text, 0, ret);
}

static c138_status read_wei(const char *text, struct c138_json **ret) {
    struct c138_u256 v;
    char canonical[C138_U256_TEXT];
    if (c138_wei_parse(text, &v) < 0)
        return C138_E_INVALID;
    c138_u256_to_dec(&v, canonical);
    return give_text(canonical, ret);
}

static c138_status read_enode(const char *text, struct c138_json **ret) {
    uint8_t key[64];
    if (!c138_starts_with(text, "enode://") || strlen(text) > 512 || strlen(text) < 8 + 128 + 1 ||
        c138_hex_decode(text + 8, 128, key) < 0 || text[136] != '@')
        return C138_E_INVALID;
    const char *host = text + 137;
    const char *colon = *host == '[' ? strstr(host, "]:") : strchr(host, ':');
    if (!colon || colon == host)
        return C138_E_INVALID;
    const char *port = colon + (*host == '[' ? 2 : 1);
    size_t digits = strcspn(port, "?");
    if (!port_ok(port, digits) || strpbrk(host, "/ \t\n\"@"))
        return C138_E_INVALID;
    const char *query = port + digits;
    if (*query &&
        (!c138_starts_with(query, "?discport=") || !port_ok(query + 10, strlen(query + 10))))
        return C138_E_INVALID;
    for (const char *p = host; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
            return C138_E_INVALID;
    /* Lower case: nodes write it so, and what is the same must compare so. */
    char hex[129];
    c138_hex_encode(key, sizeof(key), hex);
    C138_FREE char *canonical = c138_xasprintf("enode://%s@%s", hex, host);
    return give_text(canonical, ret);
}

static c138_status read_block(const char *text, struct c138_json **ret) {
    static const char *const tags[] = {"latest", "earliest", "pending", "finalized", "safe"};
    uint64_t number = 0;
    for (size_t i = 0; i < C138_COUNT(tags); i++)
        if (!strcmp(text, tags[i]))
            return give_text(text, ret);
    if (c138_parse_uint(text, &number) < 0 && c138_parse_quantity(text, &number) < 0)
        return C138_E_INVALID;
    char canonical[24];
    (void)snprintf(canonical, sizeof(canonical), "%" PRIu64, number);
    return give_text(canonical, ret);
}

static c138_status read_secret(const char *text, struct c138_json **ret) {
    if (!strcmp(text, "prompt"))
        return give_text(text, ret);
    const char *rest = strchr(text, ':');
    if (!rest || !rest[1] || strlen(text) > 4096)
        return C138_E_INVALID;
    if (c138_starts_with(text, "file:") && c138_path_check(text + 5) < 0)
        return C138_E_INVALID;
    if (!c138_starts_with(text, "file:") && !c138_starts_with(text, "cred:") &&
        !c138_starts_with(text, "env:") && !c138_starts_with(text, "prompt:"))
        return C138_E_INVALID;
    return read_string(text, ret);
}

struct type {
    read_fn *read;
    const char *expected;
};

static const struct type types[] = {
    [C138_T_BOOL] = {read_bool, "true or false"},
    [C138_T_INT] = {read_int, "a whole number, such as -5"},
    [C138_T_UINT] = {read_uint, "a whole number from 0 on, such as 5"},
    [C138_T_DECIMAL] = {read_decimal, "a decimal number, such as 12.50"},
    [C138_T_STRING] = {read_string, "text without control characters, at most 64 KiB"},
    [C138_T_ENUM] = {give_text, NULL},
    [C138_T_DURATION] = {read_duration, "a duration, such as 1h30m, 90s or 250ms"},
    [C138_T_SIZE] = {read_size, "a size, such as 512MiB, 10GB or a number of bytes"},
    [C138_T_TIME] = {read_time, "a time (RFC 3339), such as 2026-11-23T03:00:00Z"},
    [C138_T_PATH] = {read_path,
                     "an absolute path without . and .. parts, such as /var/lib/chain138"},
    [C138_T_URL] = {read_url,
                    "an http:// or https:// URL with a host, such as http://127.0.0.1:8545"},
    [C138_T_CRON] = {read_cron,
                     "five cron fields (minute hour day month weekday), such as \"15 3 * * *\""},
    [C138_T_ADDRESS] = {read_address, "an address, 0x and 40 hex digits (EIP-55), such as "
                                      "0x52908400098527886E0F7030069857D2E4169EE7"},
    [C138_T_HASH32] = {read_hash32, "a hash, 0x and 64 hex digits"},
    [C138_T_BYTES] = {read_bytes, "bytes, 0x and an even number of hex digits, such as 0xdeadbeef"},
    [C138_T_WEI] = {read_wei, "an amount in wei or with a unit, such as 1000, 20gwei or 1.5ether"},
    [C138_T_ENODE] = {read_enode, "an enode URL, enode://<128 hex digits>@host:port"},
    [C138_T_BLOCK] = {read_block,
                      "a block: a number, or latest, earliest, pending, finalized, safe"},
    [C138_T_SECRET] =
        {read_secret,
         "a reference to a secret: file:/path, cred:NAME, env:NAME or prompt (never the secret itself)"},
    [C138_T_LIST] = {NULL, "a list"},
    [C138_T_OBJECT] = {NULL, "an object"},
};

void validate_expectation(const struct decl_field *field, struct c138_buf *out) {
    if (field->type == C138_T_ENUM) {
        c138_buf_adds(out, "one of");
        for (size_t i = 0; field->choices[i]; i++)
            c138_buf_addf(out, "%s %s", i ? "," : "", field->choices[i]);
    } else {
        c138_buf_adds(out, field->type < C138_COUNT(types) && types[field->type].expected
                               ? types[field->type].expected
                               : "a value");
    }
    int length =
        field->type == C138_T_STRING || field->type == C138_T_LIST || field->type == C138_T_BYTES;
    if (field->min_text || field->max_text)
        c138_buf_addf(out, " (%s%s%s%s%s)", length ? "length " : "",
                      field->min_text ? "at least " : "", field->min_text ? field->min_text : "",
                      field->min_text && field->max_text ? ", " : "",
                      field->max_text ? "at most " : "");
    if (field->max_text) {
        out->length--; /* the ")" */
        out->data[out->length] = '\0';
        c138_buf_addf(out, "%s)", field->max_text);
    }
}

/* --- Bounds ---------------------------------------------------------------------------------- */

static int compare_decimal(const char *a, const char *b) {
    int minus_a = *a == '-', minus_b = *b == '-';
    if (minus_a != minus_b)
        return minus_a ? -1 : 1;
    a += minus_a;
    b += minus_b;
    size_t wa = strcspn(a, "."), wb = strcspn(b, ".");
    int d = wa != wb ? (wa < wb ? -1 : 1) : strncmp(a, b, wa);
    const char *fa = a[wa] ? a + wa + 1 : "", *fb = b[wb] ? b + wb + 1 : "";
    while (!d && (*fa || *fb)) {
        char ca = *fa ? *fa++ : '0', cb = *fb ? *fb++ : '0';
        d = ca < cb ? -1 : ca > cb;
    }
    d = d < 0 ? -1 : d > 0;
    return minus_a ? -d : d;
}

static size_t characters(const char *text) {
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* value against a bound given as text: -1, 0, 1; 0 also where there is no order. */
static int compare(const struct decl_field *f, const struct c138_json *value, const char *bound) {
    uint64_t length = 0, have = 0;
    if (f->type == C138_T_STRING || f->type == C138_T_LIST || f->type == C138_T_BYTES) {
        (void)c138_parse_uint(bound, &length);
        const char *text = c138_json_as_str(value, "");
        have = f->type == C138_T_LIST     ? c138_json_count(value)
               : f->type == C138_T_STRING ? characters(text)
                                          : (strlen(text) - 2) / 2;
        return have < length ? -1 : have > length;
    }
    C138_JSON struct c138_json *b = NULL;
    if (!types[f->type].read || types[f->type].read(bound, &b) < 0)
        return 0;
    if (f->type == C138_T_WEI) {
        struct c138_u256 x, y;
        (void)c138_u256_from_dec(c138_json_as_str(value, "0"), &x);
        (void)c138_u256_from_dec(c138_json_as_str(b, "0"), &y);
        return c138_u256_cmp(&x, &y);
    }
    if (f->type == C138_T_DECIMAL)
        return compare_decimal(c138_json_as_str(value, "0"), c138_json_as_str(b, "0"));
    if (f->type == C138_T_UINT || f->type == C138_T_SIZE) {
        uint64_t x = validate_as_uint(f->type, value), y = validate_as_uint(f->type, b);
        return x < y ? -1 : x > y;
    }
    int64_t x = validate_as_int(f->type, value), y = validate_as_int(f->type, b);
    return x < y ? -1 : x > y;
}

/* --- One value ------------------------------------------------------------------------------- */

struct check {
    uint32_t flags;
    uint32_t hidden; /* how many sensitive fields we are inside of */
    struct c138_err *err;
    char path[512]; /* dotted, of the value being checked */
};

static int has_sensitive(const struct decl_field *f) {
    if (f->flags & C138_FIELD_SENSITIVE)
        return 1;
    for (size_t i = 0; f->fields && f->fields[i]; i++)
        if (has_sensitive(f->fields[i]))
            return 1;
    return 0;
}

/* What was given, cut to a readable length; never where it is, holds or lies in something
 * sensitive. Instead of a reference to a secret people type the secret itself. */
static void add_given(const struct check *c, const struct decl_field *f,
                      const struct c138_json *value, struct c138_buf *out) {
    if (c->hidden || has_sensitive(f) || f->type == C138_T_SECRET) {
        c138_buf_adds(out, "the value given");
        return;
    }
    C138_FREE char *text = c138_json_dump(value);
    size_t n = strlen(text);
    size_t shown = n > 60 ? 60 : n;
    while (shown && shown < n && ((unsigned char)text[shown] & 0xc0) == 0x80)
        shown--;
    c138_buf_add(out, text, shown);
    if (shown < n)
        c138_buf_adds(out, "...");
}

static c138_status invalid(struct check *c, const struct decl_field *f,
                           const struct c138_json *value, const char *why) {
    struct c138_buf given = C138_BUF_NULL, expected = C138_BUF_NULL;
    add_given(c, f, value, &given);
    validate_expectation(f, &expected);
    c138_error(c->err, C138_E_INVALID, "param.invalid", "%s: %s is not right%s%s: expected %s",
               c->path, c138_buf_text(&given), why ? ": " : "", why ? why : "",
               c138_buf_text(&expected));
    c138_buf_deinit(&given);
    c138_buf_deinit(&expected);
    return C138_E_INVALID;
}

static c138_status check_members(struct check *c, struct decl_field *const *fields,
                                 const struct c138_json *in, struct c138_json **ret);
static c138_status check_value(struct check *c, const struct decl_field *f,
                               const struct c138_json *value, struct c138_json **ret);

/* A JSON value in the form of its type; text where text is meant. */
static c138_status check_scalar(struct check *c, const struct decl_field *f,
                                const struct c138_json *value, struct c138_json **ret) {
    enum c138_json_type type = c138_json_type(value);
    int wants_text = f->type != C138_T_BOOL && f->type != C138_T_INT && f->type != C138_T_UINT;
    int from_text = (c->flags & VALIDATE_FROM_TEXT) != 0;
    char number[64];
    const char *text = c138_json_as_str(value, NULL);
    const char *why = NULL;
    if (text && strlen(text) != c138_json_str_length(value))
        return invalid(c, f, value, "it holds a NUL");
    if (!text && type == C138_JSON_BOOL && f->type == C138_T_BOOL)
        text = c138_json_as_bool(value, 0) ? "true" : "false";
    /* Numbers: where a number is declared, a size in bytes, a block, an amount; and 1.5 for a
     * decimal in a config. 1 for a boolean is a text's habit. */
    if (!text &&
        (type == C138_JSON_INT || (type == C138_JSON_DOUBLE && f->type == C138_T_DECIMAL)) &&
        ((!wants_text && f->type != C138_T_BOOL) || f->type == C138_T_SIZE ||
         f->type == C138_T_BLOCK || f->type == C138_T_DECIMAL || f->type == C138_T_WEI ||
         from_text)) {
        C138_FREE char *dump = c138_json_dump(value);
        (void)snprintf(number, sizeof(number), "%s", dump);
        text = number;
    } else if (type == C138_JSON_STRING && !wants_text && !from_text) {
        why = "a JSON number or boolean is meant, not text";
        text = NULL;
    }
    if (text && f->type == C138_T_ENUM) {
        for (size_t i = 0; f->choices[i]; i++)
            if (!strcmp(f->choices[i], text))
                return give_text(text, ret);
        return invalid(c, f, value, NULL);
    }
    c138_status status = text ? types[f->type].read(text, ret) : C138_E_INVALID;
    if (status < 0 && f->type == C138_T_ADDRESS && text) {
        struct c138_err inner = {0};
        uint8_t ignored[20];
        (void)c138_address_parse(text, ignored, &inner);
        if (c138_streq(inner.key, "address.checksum"))
            why = inner.text;
        return invalid(c, f, value,
                       why ? "its EIP-55 checksum is wrong, a digit was mistyped" : NULL);
    }
    return status < 0 ? invalid(c, f, value, why) : C138_OK;
}

/* "a,b" or JSON text, as a command line gives a list. */
static c138_status list_from_text(struct check *c, const struct decl_field *f,
                                  const struct c138_json *value, struct c138_json **ret) {
    const char *text = c138_json_as_str(value, "");
    if (*text == '[') {
        if (c138_json_parse(text, strlen(text), ret, NULL) < 0)
            return invalid(c, f, value, "it is not JSON");
        return C138_OK;
    }
    struct c138_json *list = c138_json_new_array();
    while (*text) {
        text += strspn(text, " ");
        if (!*text)
            break;
        size_t n = strcspn(text, ","), length = n;
        while (length && text[length - 1] == ' ')
            length--;
        c138_json_append(list, c138_json_new_strn(text, length));
        text += n + (text[n] == ',');
    }
    *ret = list;
    return C138_OK;
}

static c138_status check_list(struct check *c, const struct decl_field *f,
                              const struct c138_json *value, struct c138_json **ret) {
    size_t length = strlen(c->path);
    C138_JSON struct c138_json *split = NULL;
    if (c138_json_type(value) == C138_JSON_STRING && (c->flags & VALIDATE_FROM_TEXT)) {
        c138_status status = list_from_text(c, f, value, &split);
        if (status < 0)
            return status;
        value = split;
    }
    if (c138_json_type(value) != C138_JSON_ARRAY || c138_json_count(value) > LIST_MAX)
        return invalid(c, f, value, NULL);
    C138_JSON struct c138_json *list = c138_json_new_array();
    for (size_t i = 0; i < c138_json_count(value); i++) {
        struct c138_json *item = NULL;
        (void)snprintf(c->path + length, sizeof(c->path) - length, ".%zu", i);
        c138_status status = check_value(c, f->fields[0], c138_json_at(value, i), &item);
        if (status < 0)
            return status;
        c138_json_append(list, item);
    }
    c->path[length] = '\0';
    *ret = C138_STEAL(list);
    return C138_OK;
}

static c138_status check_object(struct check *c, const struct decl_field *f,
                                const struct c138_json *value, struct c138_json **ret) {
    C138_JSON struct c138_json *parsed = NULL;
    const char *text = c138_json_as_str(value, NULL);
    if (text && (c->flags & VALIDATE_FROM_TEXT)) {
        if (c138_json_parse(text, strlen(text), &parsed, NULL) < 0)
            return invalid(c, f, value, "it is not JSON");
        value = parsed;
    }
    if (c138_json_type(value) != C138_JSON_OBJECT)
        return invalid(c, f, value, NULL);
    if (f->fields[0])
        return check_members(c, f->fields, value, ret);
    *ret = c138_json_copy(value);
    return C138_OK;
}

static c138_status check_value(struct check *c, const struct decl_field *f,
                               const struct c138_json *value, struct c138_json **ret) {
    struct c138_json *out = NULL;
    uint32_t sensitive = (f->flags & C138_FIELD_SENSITIVE) != 0;
    c->hidden += sensitive;
    c138_status status = f->type == C138_T_LIST     ? check_list(c, f, value, &out)
                         : f->type == C138_T_OBJECT ? check_object(c, f, value, &out)
                                                    : check_scalar(c, f, value, &out);
    c->hidden -= sensitive;
    if (status < 0)
        return status;
    if ((f->min_text && compare(f, out, f->min_text) < 0) ||
        (f->max_text && compare(f, out, f->max_text) > 0)) {
        c138_json_unref(out);
        return invalid(c, f, value, "it is out of bounds");
    }
    *ret = out;
    return C138_OK;
}

/* --- Objects --------------------------------------------------------------------------------- */

/* Names as typed on a command line have '-' for '_'. */
static int same_name(const char *given, const char *declared, int from_text) {
    for (; *given && *declared; given++, declared++)
        if (*given != *declared && !(from_text && *given == '-' && *declared == '_'))
            return 0;
    return *given == *declared;
}

static c138_status unknown(struct check *c, struct decl_field *const *fields, const char *name) {
    const char *names[257];
    size_t n = 0;
    for (; fields[n] && n < 256; n++)
        names[n] = fields[n]->name;
    names[n] = NULL;
    const char *near = c138_nearest(name, names);
    struct c138_buf known = C138_BUF_NULL;
    for (size_t i = 0; i < n && i < 12; i++)
        c138_buf_addf(&known, "%s%s", i ? ", " : "", names[i]);
    c138_error(c->err, C138_E_INVALID, "param.unknown", "%s%s%.100s: unknown%s%s; %s%s", c->path,
               *c->path ? "." : "", name, near ? "; did you mean " : "", near ? near : "",
               n ? "known here: " : "nothing is expected here", c138_buf_text(&known));
    c138_buf_deinit(&known);
    return C138_E_INVALID;
}

static struct c138_json *given(const struct c138_json *in, const char *name, int from_text) {
    for (struct c138_json_iter i = c138_json_iter(in); c138_json_next(&i);)
        if (same_name(i.name, name, from_text))
            return i.value;
    return NULL;
}

static c138_status check_member(struct check *c, const struct decl_field *f,
                                const struct c138_json *in, struct c138_json *out) {
    const struct c138_json *value = given(in, f->name, (c->flags & VALIDATE_FROM_TEXT) != 0);
    struct c138_json *checked = NULL;
    if (!value && !(c->flags & VALIDATE_PARTIAL)) {
        if (f->default_text) {
            c138_status status = validate_text(f, f->default_text, &checked, c->err);
            if (status >= 0)
                c138_json_set(out, f->name, checked);
            return status;
        }
        if (f->flags & C138_FIELD_REQUIRED) {
            C138_BUF struct c138_buf expected = C138_BUF_NULL;
            validate_expectation(f, &expected);
            return c138_error(c->err, C138_E_INVALID, "param.missing", "%s: missing; expected %s",
                              c->path, c138_buf_text(&expected));
        }
    }
    if (!value)
        return C138_OK;
    c138_status status = check_value(c, f, value, &checked);
    if (status >= 0)
        c138_json_set(out, f->name, checked);
    return status;
}

static c138_status check_members(struct check *c, struct decl_field *const *fields,
                                 const struct c138_json *in, struct c138_json **ret) {
    int from_text = (c->flags & VALIDATE_FROM_TEXT) != 0;
    size_t length = strlen(c->path);
    for (struct c138_json_iter i = c138_json_iter(in); c138_json_next(&i);) {
        size_t n = 0;
        while (fields[n] && !same_name(i.name, fields[n]->name, from_text))
            n++;
        if (!fields[n])
            return unknown(c, fields, i.name);
        if (from_text && strchr(i.name, '-') && c138_json_has(in, fields[n]->name))
            return c138_error(c->err, C138_E_INVALID, "param.invalid",
                              "%s%s%s: given twice, as %s and as %s: leave one out", c->path,
                              length ? "." : "", fields[n]->name, fields[n]->name, i.name);
    }
    C138_JSON struct c138_json *out = c138_json_new_object();
    for (; *fields; fields++) {
        (void)snprintf(c->path + length, sizeof(c->path) - length, "%s%s", length ? "." : "",
                       (*fields)->name);
        c138_status status = check_member(c, *fields, in, out);
        if (status < 0)
            return status;
        c->path[length] = '\0';
    }
    *ret = C138_STEAL(out);
    return C138_OK;
}

c138_status validate_object(struct decl_field *const *fields, const struct c138_json *in,
                            uint32_t flags, struct c138_json **ret_out, struct c138_err *err) {
    struct check c = {.flags = flags, .err = err};
    if (in && c138_json_type(in) != C138_JSON_OBJECT)
        return c138_error(err, C138_E_INVALID, "param.invalid",
                          "the parameters must be one JSON object");
    return check_members(&c, fields, in, ret_out);
}

c138_status validate_text(const struct decl_field *field, const char *text,
                          struct c138_json **ret_value, struct c138_err *err) {
    struct check c = {.flags = VALIDATE_FROM_TEXT, .err = err};
    (void)snprintf(c.path, sizeof(c.path), "%s", field->name);
    C138_JSON struct c138_json *value = c138_json_new_str(text);
    return check_value(&c, field, value, ret_value);
}

/* --- Redaction ------------------------------------------------------------------------------- */

static struct c138_json *redact_value(const struct decl_field *f, const struct c138_json *value) {
    if (!value)
        return NULL;
    if (f->flags & C138_FIELD_SENSITIVE)
        return c138_json_new_str("***");
    if (f->type == C138_T_LIST && c138_json_type(value) == C138_JSON_ARRAY) {
        struct c138_json *list = c138_json_new_array();
        for (size_t i = 0; i < c138_json_count(value); i++)
            c138_json_append(list, redact_value(f->fields[0], c138_json_at(value, i)));
        return list;
    }
    if (f->type == C138_T_OBJECT && f->fields[0] && c138_json_type(value) == C138_JSON_OBJECT)
        return validate_redact(f->fields, value);
    /* Not of its type, "{...}" as text say: what is in it cannot be told apart. */
    return has_sensitive(f) ? c138_json_new_str("***") : c138_json_copy(value);
}

/* Also under the name as typed: what is redacted may not have been validated yet. */
static const struct decl_field *field_typed(struct decl_field *const *fields, const char *name) {
    for (; *fields; fields++)
        if (same_name(name, (*fields)->name, 1))
            return *fields;
    return NULL;
}

struct c138_json *validate_redact(struct decl_field *const *fields, const struct c138_json *value) {
    if (c138_json_type(value) != C138_JSON_OBJECT)
        return c138_json_copy(value);
    struct c138_json *out = c138_json_new_object();
    for (struct c138_json_iter i = c138_json_iter(value); c138_json_next(&i);) {
        const struct decl_field *f = field_typed(fields, i.name);
        c138_json_set(out, i.name, f ? redact_value(f, i.value) : c138_json_copy(i.value));
    }
    return out;
}

/* Every text in `value`. */
static void collect_all(const struct c138_json *value, struct c138_json *texts) {
    const char *text = c138_json_as_str(value, "");
    if (strlen(text) > 3)
        c138_json_append(texts, c138_json_new_str(text));
    for (size_t i = 0; c138_json_type(value) == C138_JSON_ARRAY && i < c138_json_count(value); i++)
        collect_all(c138_json_at(value, i), texts);
    for (struct c138_json_iter i = c138_json_iter(value); c138_json_next(&i);)
        collect_all(i.value, texts);
}

static void collect(const struct decl_field *f, const struct c138_json *value,
                    struct c138_json *texts) {
    if (f->flags & C138_FIELD_SENSITIVE || (c138_json_as_str(value, NULL) && has_sensitive(f))) {
        collect_all(value, texts);
        return;
    }
    for (size_t i = 0; f->type == C138_T_LIST && i < c138_json_count(value); i++)
        collect(f->fields[0], c138_json_at(value, i), texts);
    for (size_t i = 0; f->type == C138_T_OBJECT && f->fields[i]; i++)
        collect(f->fields[i], given(value, f->fields[i]->name, 1), texts);
}

void validate_sensitive_texts(struct decl_field *const *fields, const struct c138_json *value,
                              struct c138_json *texts) {
    for (; *fields; fields++)
        collect(*fields, given(value, (*fields)->name, 1), texts);
}

/* --- Numbers out of canonical values --------------------------------------------------------- */

int64_t validate_as_int(uint32_t type, const struct c138_json *value) {
    int64_t v = 0;
    const char *text = c138_json_as_str(value, NULL);
    if (type == C138_T_BOOL)
        return c138_json_as_bool(value, 0);
    if (type == C138_T_DURATION)
        return text && c138_duration_parse(text, &v) >= 0 ? v : 0;
    if (type == C138_T_TIME)
        return text && c138_time_parse(text, &v) >= 0 ? v : 0;
    return c138_json_as_int(value, 0);
}

uint64_t validate_as_uint(uint32_t type, const struct c138_json *value) {
    if (type == C138_T_LIST)
        return c138_json_count(value);
    if (type == C138_T_DURATION || type == C138_T_TIME) {
        int64_t v = validate_as_int(type, value);
        return v > 0 ? (uint64_t)v : 0;
    }
    return c138_json_as_uint(value, 0);
}

char *validate_lock_name(const char *lock, const struct c138_json *params) {
    if (!lock)
        return NULL;
    struct c138_buf out = C138_BUF_NULL;
    while (*lock) {
        size_t n = strcspn(lock, "{");
        c138_buf_add(&out, lock, n);
        lock += n;
        if (!*lock)
            break;
        char name[64] = "";
        n = strcspn(lock, "}");
        if (n < sizeof(name))
            memcpy(name, lock + 1, n ? n - 1 : 0);
        const struct c138_json *value = c138_json_get(params, name);
        C138_FREE char *text = c138_json_dump(value);
        c138_buf_adds(&out, c138_json_as_str(value, text));
        lock += n + (lock[n] == '}');
    }
    return c138_buf_steal(&out);
}
