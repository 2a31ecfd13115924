/* The three readers: what they take, what they refuse and on which line. */
#include "../unit.h"

#include <base/mem.h>
#include <base/text.h>
#include <plugins/besu/audit_doc.h>

#include <stdio.h>
#include <string.h>

typedef c138_status reader(const char *text, size_t length, struct audit_doc *ret_doc,
                           unsigned *ret_line, struct c138_err *err);

static struct audit_doc good(reader *read, const char *text) {
    struct audit_doc d;
    struct c138_err err = {0};
    unsigned line;
    CU_ASSERT_EQUAL(read(text, strlen(text), &d, &line, &err), C138_OK);
    if (err.text[0])
        printf("%s\n%s\n", text, err.text);
    return d;
}

static void bad(reader *read, const char *text, unsigned expected, const char *why) {
    struct audit_doc d;
    struct c138_err err = {0};
    unsigned line = 0;
    CU_ASSERT_EQUAL(read(text, strlen(text), &d, &line, &err), C138_E_INVALID);
    if (line != expected || !strstr(err.text, why))
        printf("%s\n%u: %s\n", text, line, err.text);
    CU_ASSERT_EQUAL(line, expected);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, why));
    CU_ASSERT_EQUAL(d.count, 0);
    audit_doc_deinit(&d);
}

static void is(const struct audit_doc *d, const char *path, enum audit_doc_type type,
               const char *text, unsigned line) {
    const struct audit_doc *v = audit_doc_path(d, path);
    CU_ASSERT_PTR_NOT_NULL(v);
    if (!v)
        return;
    if (v->type != type || v->line != line || strcmp(audit_doc_text(v, ""), text) != 0)
        printf("%s: type %d, line %u, %s\n", path, (int)v->type, v->line, audit_doc_text(v, ""));
    CU_ASSERT_EQUAL(v->type, type);
    CU_ASSERT_EQUAL(v->line, line);
    CU_ASSERT_STRING_EQUAL(audit_doc_text(v, ""), text);
}

/* Most of it is from the examples of toml.io/en/v1.0.0. */
static void test_toml(void) {
    struct audit_doc d =
        good(audit_toml_read, "# comment\n"
                              "name = \"Orange\" # behind\n"
                              "physical.color = 'or\\ange'\n"
                              "site.\"google\" = true\n"
                              "\n"
                              "int = 1_000\nhex = 0xDEAD\nflt = -2e-2\ninf = +inf\n"
                              "day = 1979-05-27 07:32:00Z\n"
                              "multi = \"\"\"\nfirst\\n \\\n   second \"quoted\"\"\"\"\n"
                              "raw = '''\na\nb'''\n"
                              "list = [ 1, # one\n  [2, \"x\"],\n  ]\n"
                              "inline = { a = 1, b.c = \"\\u00e9\" }\n"
                              "[Users.alice]\npassword = \"$2a$\"\n"
                              "[[many]]\nn = 1\n[[many]]\nn = 2\n[many.sub]\nx = 1\r\n");
    is(&d, "name", AUDIT_STRING, "Orange", 2);
    is(&d, "physical.color", AUDIT_STRING, "or\\ange", 3);
    is(&d, "site.google", AUDIT_BOOL, "true", 4);
    is(&d, "int", AUDIT_NUMBER, "1_000", 6);
    is(&d, "inf", AUDIT_NUMBER, "+inf", 9);
    is(&d, "multi", AUDIT_STRING, "first\n second \"quoted\"", 11);
    is(&d, "raw", AUDIT_STRING, "a\nb", 14);
    CU_ASSERT_EQUAL(audit_doc_get(&d, "list")->count, 2);
    CU_ASSERT_EQUAL(audit_doc_get(&d, "list")->items[1].line, 18);
    is(&d, "inline.b.c", AUDIT_STRING, "\xC3\xA9", 20);
    is(&d, "users.ALICE.password", AUDIT_STRING, "$2a$", 22);
    CU_ASSERT_EQUAL(audit_doc_get(&d, "many")->count, 2);
    is(&audit_doc_get(&d, "many")->items[1], "sub.x", AUDIT_NUMBER, "1", 28);
    CU_ASSERT_DOUBLE_EQUAL(audit_doc_number(audit_doc_get(&d, "hex"), 0), 57005, 0);
    audit_doc_deinit(&d);

    bad(audit_toml_read, "a = 1\na = 2\n", 2, "twice");
    bad(audit_toml_read, "a = 1\n\nb = x\n", 3, "quotes");
    bad(audit_toml_read, "a = \n", 1, "expected a value");
    bad(audit_toml_read, "a\n", 1, "'='");
    bad(audit_toml_read, "a = \"x\ny\"\n", 1, "does not end");
    bad(audit_toml_read, "a = [1\n, 2\n", 3, "','");
    bad(audit_toml_read, "a = [1 2]\n", 1, "','");
    bad(audit_toml_read, "a = 1 b = 2\n", 1, "behind the value");
    bad(audit_toml_read, "a = \"\\q\"\n", 1, "escape");
    bad(audit_toml_read, "a = \"\\ud800\"\n", 1, "character");
    bad(audit_toml_read, "a = 1\n[a]\n", 2, "no table");
    bad(audit_toml_read, "[a\nb = 1\n", 1, "']'");
    bad(audit_toml_read, "= 1\n", 1, "name of a key");
    bad(audit_toml_read, "a = {b = 1\n}\n", 1, "'}'");
}

static void test_json(void) {
    struct audit_doc d =
        good(audit_json_read, "{ // a comment\n \"config\": {\"chainId\": 138,\n \"qbft\": {}},\n"
                              "/* and\nanother */ \"a\": [1, \"x\\\"y\\u0041\", null,\nfalse],"
                              "\"a\": \"last\"}\n");
    is(&d, "config.chainid", AUDIT_NUMBER, "138", 2);
    is(&d, "config.qbft", AUDIT_MAP, "", 3);
    is(&d, "a", AUDIT_STRING, "last", 6);
    CU_ASSERT_STRING_EQUAL(d.items[1].items[1].text, "x\"y\\u0041");
    CU_ASSERT_EQUAL(d.items[1].items[3].line, 6);
    audit_doc_deinit(&d);

    bad(audit_json_read, "", 1, "value");
    bad(audit_json_read, "{\"a\": 1,\n}", 2, "comma");
    bad(audit_json_read, "{\"a\" 1}", 1, "':'");
    bad(audit_json_read, "{\"a\": 1\n \"b\": 2}", 2, "','");
    bad(audit_json_read, "[1] 2", 1, "behind the end");
    bad(audit_json_read, "[\"a]", 1, "does not end");
    bad(audit_json_read, "{a: 1}", 1, "quotes");
    bad(audit_json_read, "[nope]", 1, "value");
}

static void test_yaml(void) {
    struct audit_doc d =
        good(audit_yaml_read, "x-base: &base\n  restart: \"no\"\n  image: besu:1\n"
                              "services:\n  a:\n    <<: *base\n    image: besu:2\n"
                              "    command: |\n      one\n      two\n    ports: [8545, \"1:2\"]\n"
                              "  b: *base\n  c: {<<: [*base, {user: root}], on: yes, n: ~}\n");
    is(&d, "services.a.restart", AUDIT_STRING, "no", 2);
    is(&d, "services.a.image", AUDIT_STRING, "besu:2", 7);
    is(&d, "services.a.command", AUDIT_STRING, "one\ntwo\n", 8);
    CU_ASSERT_EQUAL(audit_doc_path(&d, "services.a.command")->text_line, 9);
    CU_ASSERT_EQUAL(audit_doc_path(&d, "services.a.ports")->items[0].type, AUDIT_NUMBER);
    CU_ASSERT_EQUAL(audit_doc_path(&d, "services.a.ports")->items[1].type, AUDIT_STRING);
    is(&d, "services.b.image", AUDIT_STRING, "besu:1", 3);
    is(&d, "services.c.user", AUDIT_STRING, "root", 13);
    is(&d, "services.c.n", AUDIT_NULL, "~", 13);
    CU_ASSERT_TRUE(audit_doc_bool(audit_doc_path(&d, "services.c.on"), 0));
    audit_doc_deinit(&d);
    d = good(audit_yaml_read, "");
    CU_ASSERT_EQUAL(d.count, 0);
    audit_doc_deinit(&d);

    bad(audit_yaml_read, "a: [1\nb: 2\n", 2, "");
    bad(audit_yaml_read, "a: 1\n? [x]\n: 2\n", 2, "no word");
    bad(audit_yaml_read, "a: *nothing\n", 1, "undefined alias");
}

/* A kilobyte of aliases that would become gigabytes. */
static void test_bounds(void) {
    C138_BUF struct c138_buf yaml = C138_BUF_NULL, json = C138_BUF_NULL, toml = C138_BUF_NULL;
    c138_buf_adds(&yaml, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
        c138_buf_addf(&yaml, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            c138_buf_addf(&yaml, "%s*a%d", k ? ", " : "", i - 1);
        c138_buf_adds(&yaml, "]\n");
    }
    bad(audit_yaml_read, c138_buf_text(&yaml), 1, "more values");
    c138_buf_adds(&toml, "a = ");
    for (int i = 0; i < 100000; i++) {
        c138_buf_addc(&json, '[');
        c138_buf_addc(&toml, '[');
    }
    bad(audit_json_read, c138_buf_text(&json), 1, "deep");
    bad(audit_toml_read, c138_buf_text(&toml), 1, "deep");
    c138_buf_reset(&toml);
    for (int i = 0; i < 30000; i++)
        c138_buf_addf(&toml, "k%d=1\n", i);
    bad(audit_toml_read, c138_buf_text(&toml), 20001, "too many");
}

static void test_numbers(void) {
    const struct {
        const char *text;
        double value;
    } cases[] = {{"138", 138},   {"0x8a", 138}, {"1e3", 1000},
                 {"0.15", 0.15}, {"", -1},      {"0x", -1},
                 {"12x", -1},    {"-5", -1},    {"0xfffffffffffffffff", -1}};
    for (size_t i = 0; i < C138_COUNT(cases); i++) {
        const struct audit_doc d = {.text = (char *)(uintptr_t)cases[i].text};
        CU_ASSERT_DOUBLE_EQUAL(audit_doc_number(&d, -1), cases[i].value, 1e-9);
    }
    CU_ASSERT_DOUBLE_EQUAL(audit_doc_number(NULL, 7), 7, 0);
}

const CU_TestInfo tests_audit_doc[] = {{"toml", test_toml},       {"json", test_json},
                                       {"yaml", test_yaml},       {"bounds", test_bounds},
                                       {"numbers", test_numbers}, CU_TEST_INFO_NULL};
