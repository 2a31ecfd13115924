#include "../unit.h"
#include <base/text.h>
#include <evm/typed.h>

#include <string.h>

#define PERSON                                                                                     \
    "\"Person\":[{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"wallet\",\"type\":"           \
    "\"address\"}]"
#define MAIL                                                                                       \
    "\"Mail\":[{\"name\":\"from\",\"type\":\"Person\"},{\"name\":\"to\",\"type\":\"Person\"},"     \
    "{\"name\":\"contents\",\"type\":\"string\"}]"
#define DOMAIN                                                                                     \
    "\"domain\":{\"name\":\"Ether Mail\",\"version\":\"1\",\"chainId\":1,\"verifyingContract\":"   \
    "\"0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC\"}"
#define COW "{\"name\":\"Cow\",\"wallet\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\"}"
#define BOB "{\"name\":\"Bob\",\"wallet\":\"0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB\"}"

static struct c138_json *json(const char *text) {
    struct c138_json *v = NULL;
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(text, strlen(text), &v, NULL), C138_OK);
    return v;
}

static void hex_equal(const uint8_t hash[32], const char *wanted) {
    char hex[65];
    c138_hex_encode(hash, 32, hex);
    CU_ASSERT_STRING_EQUAL(hex, wanted);
}

/* The example of EIP-712, with its hashes. */
static void test_mail(void) {
    C138_JSON struct c138_json *d =
        json("{\"types\":{" PERSON "," MAIL "},\"primaryType\":\"Mail\"," DOMAIN
             ",\"message\":{\"from\":" COW ",\"to\":" BOB ",\"contents\":\"Hello, Bob!\"}}");
    C138_BUF struct c138_buf type = C138_BUF_NULL;
    struct c138_err err = {0};
    uint8_t hash[32], domain[32], message[32];
    CU_ASSERT_EQUAL(c138_typed_encode_type(c138_json_get(d, "types"), "Mail", &type, &err),
                    C138_OK);
    CU_ASSERT_STRING_EQUAL(c138_buf_text(&type), "Mail(Person from,Person to,string contents)"
                                                 "Person(string name,address wallet)");
    CU_ASSERT_EQUAL(c138_typed_parts(d, domain, message, &err), C138_OK);
    hex_equal(domain, "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f");
    hex_equal(message, "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e");
    CU_ASSERT_EQUAL(c138_typed_hash(d, hash, &err), C138_OK);
    hex_equal(hash, "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
}

/* Each differs from the example in one point, and says where. */
static void test_strict(void) {
    static const struct {
        const char *types, *primary, *message, *says;
    } cases[] = {
        {PERSON, "Person", "{\"name\":\"x\"}", "message.wallet: it is missing"},
        {PERSON, "Person", "{\"name\":\"x\",\"wallet\":\"0x1\"}", "message.wallet: "},
        {PERSON, "Person",
         "{\"name\":\"x\",\"wallet\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"y\":1}",
         "does not have"},
        {PERSON, "Persona", "{}", "no struct \"Persona\""},
        {PERSON, "Person", "{\"name\":7,\"wallet\":\"x\"}", "message.name: "},
        {"\"A\":[{\"name\":\"x\",\"type\":\"uint\"}]", "A", "{\"x\":1}", "uint256, not uint"},
        {"\"A\":[{\"name\":\"x\",\"type\":\"B\"}]", "A", "{\"x\":1}", "neither a struct"},
        {"\"A\":[{\"name\":\"x\",\"type\":\"uint8\"},{\"name\":\"x\",\"type\":\"uint8\"}]", "A",
         "{\"x\":1}", "one name"},
        {"\"A\":[{\"name\":\"x\",\"type\":\"uint8) B(\"}]", "A", "{\"x\":1}", "a name and a type"},
        {"\"A\":[{\"name\":\"x\",\"type\":\"uint8[2]\"}]", "A", "{\"x\":[1]}", "another size"},
        {"\"A\":[{\"name\":\"x\",\"type\":\"uint8[]\"}]", "A", "{\"x\":[1,256]}", "message.x.1: "},
        {"\"A\":[{\"name\":\"x\",\"type\":\"uint8[0]\"}]", "A", "{\"x\":[]}", "size of an array"},
        {"\"A\":[{\"name\":\"x\",\"type\":\"uint8[]\"}]", "A", "{\"x\":1}", "expected a list"},
        {"\"A\":[{\"name\":\"x\",\"type\":\"A\"}]", "A", "{\"x\":null}", "expected an object"},
    };
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_FREE char *text =
            c138_xasprintf("{\"types\":{%s},\"primaryType\":\"%s\"," DOMAIN ",\"message\":%s}",
                           cases[i].types, cases[i].primary, cases[i].message);
        C138_JSON struct c138_json *d = json(text);
        struct c138_err err = {0};
        uint8_t hash[32];
        CU_ASSERT_EQUAL(c138_typed_hash(d, hash, &err), C138_E_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].says));
        CU_ASSERT(c138_starts_with(err.key, "typed."));
    }
}

/* A struct that holds itself ends where its values end; one that is nested too deeply is refused. */
static void test_recursive(void) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct c138_err err = {0};
    uint8_t hash[32];
    for (int levels = 2; levels <= C138_TYPED_DEPTH + 1; levels += C138_TYPED_DEPTH - 1) {
        c138_buf_reset(&text);
        (void)c138_buf_adds(&text, "{\"types\":{\"N\":[{\"name\":\"n\",\"type\":\"N[]\"}]},"
                                   "\"primaryType\":\"N\",\"domain\":{},\"message\":");
        for (int i = 0; i < levels - 1; i++)
            (void)c138_buf_adds(&text, "{\"n\":[");
        (void)c138_buf_adds(&text, "{\"n\":[]}");
        for (int i = 0; i < levels - 1; i++)
            (void)c138_buf_adds(&text, "]}");
        (void)c138_buf_adds(&text, "}");
        C138_JSON struct c138_json *d = NULL;
        if (c138_json_parse(c138_buf_text(&text), text.length, &d, NULL) < 0)
            continue; /* the reader of JSON refuses it before */
        CU_ASSERT_EQUAL(c138_typed_hash(d, hash, &err),
                        levels > C138_TYPED_DEPTH ? C138_E_LIMIT : C138_OK);
    }
}

static void test_documents(void) {
    static const char *const cases[] = {"null", "[]", "{}", "{\"types\":{}}",
                                        "{\"types\":{},\"domain\":{},\"message\":[]}"};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        C138_JSON struct c138_json *d = json(cases[i]);
        struct c138_err err = {0};
        uint8_t hash[32];
        CU_ASSERT_EQUAL(c138_typed_hash(d, hash, &err), C138_E_INVALID);
        CU_ASSERT_STRING_EQUAL(err.key, "typed.document");
    }
}

/* As web3.js's documentation has it for "Hello World". */
static void test_personal(void) {
    uint8_t hash[32];
    c138_personal_hash("Hello World", 11, hash);
    hex_equal(hash, "a1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2");
}

const CU_TestInfo tests_typed[] = {
    {"the example of EIP-712", test_mail},     {"what is refused", test_strict},
    {"structs of themselves", test_recursive}, {"what is no document", test_documents},
    {"personal messages", test_personal},      CU_TEST_INFO_NULL};
