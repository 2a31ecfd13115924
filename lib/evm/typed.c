#include <base/text.h>
#include <evm/abi.h>
#include <evm/keccak.h>
#include <evm/typed.h>

#include <stdio.h>
#include <string.h>

static const char domain_name[] = "EIP712Domain";

/* What is being hashed: its types, and where in the message we are. */
struct typed {
    const struct c138_json *types;
    struct c138_err *err;
    char path[200];
    unsigned depth;
};

static c138_status fails(const struct typed *t, const char *key, const char *what) {
    return c138_error(t->err, C138_E_INVALID, key, "%s: %s", *t->path ? t->path : "types", what);
}

static size_t push(struct typed *t, const char *name) {
    size_t n = strlen(t->path);
    (void)snprintf(t->path + n, sizeof(t->path) - n, "%s%s", n ? "." : "", name);
    return n;
}

static void pop(struct typed *t, size_t n) {
    t->path[n] = '\0';
}

/* --- Types ----------------------------------------------------------------------------------- */

static int is_name(const char *text) {
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$0123456789";
    return *text && !(*text >= '0' && *text <= '9') && strspn(text, letters) == strlen(text);
}

/* The struct that a type is, or is an array of; NULL: it is made of no struct. */
static const struct c138_json *struct_of(const struct c138_json *types, const char *type,
                                         char name[128]) {
    size_t n = strcspn(type, "[");
    if (n >= 128)
        return NULL;
    memcpy(name, type, n);
    name[n] = '\0';
    const struct c138_json *members = c138_json_get(types, name);
    return c138_json_type(members) == C138_JSON_ARRAY ? members : NULL;
}

/* Names that a type refers to, itself first. */
struct names {
    const char *names[C138_TYPED_STRUCTS];
    size_t count;
};

static int has(const struct names *n, const char *name) {
    for (size_t i = 0; i < n->count; i++)
        if (!strcmp(n->names[i], name))
            return 1;
    return 0;
}

/* The key of `types` that spells `name`: it lives as long as the document. */
static const char *key_of(const struct c138_json *types, const char *name) {
    for (struct c138_json_iter i = c138_json_iter(types); c138_json_next(&i);)
        if (!strcmp(i.name, name))
            return i.name;
    return NULL;
}

static c138_status collect(const struct typed *t, const struct c138_json *members, const char *name,
                           struct names *found) {
    if (has(found, name))
        return C138_OK;
    if (found->count == C138_TYPED_STRUCTS)
        return c138_error(t->err, C138_E_LIMIT, "typed.types", "over %d structs",
                          C138_TYPED_STRUCTS);
    found->names[found->count++] = key_of(t->types, name);
    c138_status status = C138_OK;
    for (size_t i = 0; status >= 0 && i < c138_json_count(members); i++) {
        char inner[128];
        const struct c138_json *more =
            struct_of(t->types, c138_json_get_str(c138_json_at(members, i), "type", ""), inner);
        if (more)
            status = collect(t, more, inner, found);
    }
    return status;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static c138_status add_member(const struct typed *t, const struct c138_json *members, size_t i,
                              struct c138_buf *out) {
    const struct c138_json *m = c138_json_at(members, i);
    const char *name = c138_json_get_str(m, "name", ""), *type = c138_json_get_str(m, "type", "");
    if (!is_name(name) || !*type ||
        strspn(type, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$0123456789[]") !=
            strlen(type))
        return fails(t, "typed.types", "a member needs a name and a type");
    for (size_t k = 0; k < i; k++)
        if (!strcmp(c138_json_get_str(c138_json_at(members, k), "name", ""), name))
            return fails(t, "typed.types", "two members of one struct have one name");
    (void)c138_buf_addf(out, "%s%s %s", i ? "," : "", type, name);
    return C138_OK;
}

static c138_status encode_type(const struct typed *t, const char *name, struct c138_buf *out) {
    struct names found = {.count = 0};
    const struct c138_json *members = c138_json_get(t->types, name);
    if (!is_name(name) || c138_json_type(members) != C138_JSON_ARRAY)
        return c138_error(t->err, C138_E_INVALID, "typed.types", "types has no struct \"%.100s\"",
                          name);
    c138_status status = collect(t, members, name, &found);
    if (status >= 0)
        qsort(found.names + 1, found.count - 1, sizeof(*found.names), by_name);
    for (size_t n = 0; status >= 0 && n < found.count; n++) {
        members = c138_json_get(t->types, found.names[n]);
        (void)c138_buf_addf(out, "%s(", found.names[n]);
        for (size_t i = 0; status >= 0 && i < c138_json_count(members); i++)
            status = add_member(t, members, i, out);
        (void)c138_buf_addc(out, ')');
    }
    return status;
}

c138_status c138_typed_encode_type(const struct c138_json *types, const char *name,
                                   struct c138_buf *out, struct c138_err *err) {
    const struct typed t = {.types = types, .err = err};
    return encode_type(&t, name, out);
}

/* --- Values ---------------------------------------------------------------------------------- */

static c138_status hash_struct(struct typed *t, const char *name, const struct c138_json *value,
                               uint8_t ret_hash[32]);
static c138_status word_of(struct typed *t, const char *type, const struct c138_json *value,
                           uint8_t ret_word[32]);

static void hash_buf(const struct c138_buf *b, uint8_t ret_hash[32]) {
    c138_keccak256(b->length ? b->data : "", b->length, ret_hash);
}

/* "uint8[2][]": the last brackets are the outermost array. */
static c138_status hash_array(struct typed *t, const char *type, const struct c138_json *value,
                              uint8_t ret_hash[32]) {
    const char *open = strrchr(type, '[');
    C138_BUF struct c138_buf words = C138_BUF_NULL;
    C138_FREE char *element = c138_xstrndup(type, (size_t)(open - type));
    C138_FREE char *digits = c138_xstrndup(open + 1, strlen(open + 1) - 1);
    uint64_t size = 0;
    size_t count = c138_json_count(value);
    c138_status status = C138_OK;
    if (*digits && (c138_parse_uint(digits, &size) < 0 || !size || *digits == '0'))
        return fails(t, "typed.types", "the size of an array is a number from 1 on");
    if (c138_json_type(value) != C138_JSON_ARRAY)
        return fails(t, "typed.value", "expected a list");
    if (*digits && size != count)
        return fails(t, "typed.value", "the list has another size than its type");
    for (size_t i = 0; status >= 0 && i < count; i++) {
        uint8_t word[32];
        char name[24];
        (void)snprintf(name, sizeof(name), "%zu", i);
        size_t before = push(t, name);
        status = word_of(t, element, c138_json_at(value, i), word);
        (void)c138_buf_add(&words, word, sizeof(word));
        pop(t, before);
    }
    hash_buf(&words, ret_hash);
    return status;
}

/* A type of the ABI: the word itself, or the hash of what has no fixed size. */
static c138_status word_of_value(struct typed *t, const char *type, const struct c138_json *value,
                                 uint8_t ret_word[32]) {
    C138_ABI_TYPE struct c138_abi_type *tuple = NULL;
    C138_JSON struct c138_json *values = c138_json_new_array();
    C138_BUF struct c138_buf out = C138_BUF_NULL, canonical = C138_BUF_NULL;
    C138_FREE char *text = c138_xasprintf("(%s)", type);
    struct c138_err why = {0};
    c138_status status = c138_abi_type_parse(text, &tuple, &why);
    if (status >= 0)
        c138_abi_type_text(tuple, &canonical);
    if (status < 0 || strcmp(c138_buf_text(&canonical), text) != 0)
        return c138_error(t->err, C138_E_INVALID, "typed.types",
                          "%s: \"%.100s\" is neither a struct of types nor a type (uint256, not "
                          "uint)",
                          t->path, type);
    c138_json_append(values, c138_json_ref((struct c138_json *)(uintptr_t)value));
    int dynamic = tuple->items[0].dynamic;
    status = dynamic ? c138_abi_pack(tuple, values, &out, &why)
                     : c138_abi_encode(tuple, values, &out, &why);
    if (status < 0)
        return c138_error(t->err, status, "typed.value", "%s: %.700s", t->path, why.text);
    if (dynamic)
        hash_buf(&out, ret_word);
    else
        memcpy(ret_word, out.data, 32);
    return C138_OK;
}

static c138_status word_of(struct typed *t, const char *type, const struct c138_json *value,
                           uint8_t ret_word[32]) {
    char name[128];
    size_t n = strlen(type);
    if (n && type[n - 1] == ']' && strrchr(type, '['))
        return hash_array(t, type, value, ret_word);
    if (struct_of(t->types, type, name))
        return hash_struct(t, name, value, ret_word);
    return word_of_value(t, type, value, ret_word);
}

static c138_status add_words(struct typed *t, const struct c138_json *members,
                             const struct c138_json *value, struct c138_buf *out) {
    c138_status status = C138_OK;
    for (size_t i = 0; status >= 0 && i < c138_json_count(members); i++) {
        const struct c138_json *m = c138_json_at(members, i);
        const char *name = c138_json_get_str(m, "name", "");
        uint8_t word[32];
        size_t before = push(t, name);
        status = c138_json_has(value, name) ? word_of(t, c138_json_get_str(m, "type", ""),
                                                      c138_json_get(value, name), word)
                                            : fails(t, "typed.value", "it is missing");
        if (status >= 0)
            (void)c138_buf_add(out, word, sizeof(word));
        pop(t, before);
    }
    return status;
}

static c138_status hash_struct(struct typed *t, const char *name, const struct c138_json *value,
                               uint8_t ret_hash[32]) {
    C138_BUF struct c138_buf type = C138_BUF_NULL, out = C138_BUF_NULL;
    const struct c138_json *members = c138_json_get(t->types, name);
    uint8_t hash[32];
    if (c138_json_type(value) != C138_JSON_OBJECT)
        return fails(t, "typed.value", "expected an object");
    if (t->depth == C138_TYPED_DEPTH)
        return c138_error(t->err, C138_E_LIMIT, "typed.value", "%s: nested too deeply", t->path);
    c138_status status = encode_type(t, name, &type);
    if (status >= 0 && c138_json_count(value) > c138_json_count(members))
        status = fails(t, "typed.value", "it has a member that its type does not have");
    hash_buf(&type, hash);
    (void)c138_buf_add(&out, hash, sizeof(hash));
    t->depth++;
    if (status >= 0)
        status = add_words(t, members, value, &out);
    t->depth--;
    hash_buf(&out, ret_hash);
    return status;
}

/* --- Documents ------------------------------------------------------------------------------- */

/* The types of the domain, from the members that it has, in the order of the EIP. */
static struct c138_json *domain_types(const struct c138_json *domain) {
    static const char *const members[][2] = {{"name", "string"},
                                             {"version", "string"},
                                             {"chainId", "uint256"},
                                             {"verifyingContract", "address"},
                                             {"salt", "bytes32"}};
    struct c138_json *list = c138_json_new_array(), *types = c138_json_new_object();
    for (size_t i = 0; i < C138_COUNT(members); i++) {
        if (!c138_json_has(domain, members[i][0]))
            continue;
        struct c138_json *m = c138_json_new_object();
        c138_json_set_str(m, "name", members[i][0]);
        c138_json_set_str(m, "type", members[i][1]);
        c138_json_append(list, m);
    }
    c138_json_set(types, domain_name, list);
    return types;
}

static c138_status hash_domain(const struct c138_json *document, uint8_t ret_hash[32],
                               struct c138_err *err) {
    const struct c138_json *types = c138_json_get(document, "types");
    const struct c138_json *domain = c138_json_get(document, "domain");
    C138_JSON struct c138_json *made =
        c138_json_has(types, domain_name) ? NULL : domain_types(domain);
    struct typed t = {.types = made ? made : types, .err = err, .path = "domain"};
    return hash_struct(&t, domain_name, domain, ret_hash);
}

c138_status c138_typed_parts(const struct c138_json *document, uint8_t ret_domain[32],
                             uint8_t ret_message[32], struct c138_err *err) {
    static const char *const members[] = {"types", "domain", "message"};
    struct typed t = {.types = c138_json_get(document, "types"), .err = err, .path = "message"};
    for (size_t i = 0; i < C138_COUNT(members); i++)
        if (c138_json_type(c138_json_get(document, members[i])) != C138_JSON_OBJECT)
            return c138_error(err, C138_E_INVALID, "typed.document",
                              "expected {\"types\", \"primaryType\", \"domain\", \"message\"}: %s "
                              "is no object",
                              members[i]);
    c138_status status = hash_domain(document, ret_domain, err);
    if (status >= 0)
        status = hash_struct(&t, c138_json_get_str(document, "primaryType", ""),
                             c138_json_get(document, "message"), ret_message);
    return status;
}

c138_status c138_typed_hash(const struct c138_json *document, uint8_t ret_hash[32],
                            struct c138_err *err) {
    uint8_t bytes[66] = {0x19, 0x01};
    c138_status status = c138_typed_parts(document, bytes + 2, bytes + 34, err);
    if (status >= 0)
        c138_keccak256(bytes, sizeof(bytes), ret_hash);
    return status;
}

void c138_personal_hash(const void *bytes, size_t length, uint8_t ret_hash[32]) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    (void)c138_buf_addf(&text,
                        "\x19"
                        "Ethereum Signed Message:\n%zu",
                        length);
    (void)c138_buf_add(&text, bytes, length);
    hash_buf(&text, ret_hash);
}

void c138_validator_hash(const uint8_t contract[20], const void *bytes, size_t length,
                         uint8_t ret_hash[32]) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    (void)c138_buf_add(&text, "\x19\0", 2);
    (void)c138_buf_add(&text, contract, 20);
    (void)c138_buf_add(&text, bytes, length);
    hash_buf(&text, ret_hash);
}
