#include "../fakehost.h"
#include "rig.h"

#include <base/buf.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>
#include <evm/address.h>
#include <evm/tx.h>
#include <plugins/keys/limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The first account of "test test ... junk". */
#define RAW "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
#define ADDRESS "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

static const char settings[] =
    "{\"kdf\":\"light\",\"keys\":["
    "{\"name\":\"treasury\",\"password\":\"file:/p\",\"rules\":[{\"name\":\"pay\",\"to\":[\"*\"],"
    "\"max_value\":\"1ether\",\"max_gas_price\":\"1gwei\",\"per_hour\":2}]},"
    "{\"name\":\"other\",\"password\":\"file:/p\"},{\"name\":\"v1\",\"password\":\"file:/p\","
    "\"rules\":[{\"name\":\"all\",\"to\":[\"*\"]}]},{\"name\":\"tm\",\"password\":\"file:/q\"}]}";

static struct fakehost *up(const struct folder *f) {
    struct c138_err err = {0};
    struct fakehost *h = fakehost_new(c138_plugin_entry(), &err);
    if (!h)
        printf("  %s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(h);
    fakehost_state_dir(h, f->path);
    fakehost_secret(h, "file:/p", "correct horse\n");
    c138_status status = fakehost_settings(h, settings, &err);
    if (status < 0)
        printf("  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(status, C138_OK);
    return h;
}

static struct c138_json *run(struct fakehost *h, const char *action, const char *params,
                             const char *wrong) {
    struct c138_json *result = NULL;
    struct c138_err err = {0};
    c138_status status = fakehost_run(h, action, params, &result, &err);
    if (strcmp(status < 0 ? err.key : "", wrong) != 0)
        printf("  %s %s: %s: %s\n", action, params, err.key, err.text);
    CU_ASSERT_STRING_EQUAL(status < 0 ? err.key : "", wrong);
    return result;
}

static void runs(struct fakehost *h, const char *action, const char *params, const char *wrong) {
    c138_json_unref(run(h, action, params, wrong));
}

static void inbox(const struct folder *f, const char *name, const char *text) {
    C138_FREE char *folder = folder_file(f, "inbox"), *path = c138_path_join(folder, name);
    CU_ASSERT_EQUAL(c138_file_write(path, 0600, text, strlen(text), NULL), C138_OK);
}

static void generated(void) {
    struct folder f = folder_new();
    struct fakehost *h = up(&f);
    C138_JSON struct c138_json *made = run(h, "generate", "{\"name\":\"treasury\"}", "");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(made, "kind", ""), "account");
    runs(h, "generate", "{\"name\":\"treasury\"}", "keys.exists");
    runs(h, "generate", "{\"name\":\"v1\",\"kind\":\"node\"}", "");
    runs(h, "generate", "{\"name\":\"unknown\"}", "keys.no-section");
    runs(h, "generate", "{\"name\":\"tm\",\"kind\":\"tessera\"}", "keys.password"); /* no file:/q */
    fakehost_secret(h, "file:/q", "q");
    runs(h, "generate", "{\"name\":\"tm\",\"kind\":\"tessera\"}", "");
    C138_JSON struct c138_json *list = run(h, "list", "{}", "");
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(list, "keys")), 3);
    CU_ASSERT_STRING_EQUAL(c138_json_as_str(c138_json_path(list, "keys.1.address"), ""),
                           c138_json_get_str(made, "address", "-"));
    CU_ASSERT_EQUAL(c138_json_as_bool(c138_json_path(list, "keys.1.open"), 1), 0);
    CU_ASSERT_EQUAL(fakehost_faults(h), 0);
    fakehost_free(h);
    folder_free(&f);
}

/* Each format, and the file is gone afterwards; where it fails it stays. */
static void imported(void) {
    static const struct {
        const char *text, *params, *wrong;
    } t[] = {
        {"0x" RAW, "\"name\":\"treasury\"", ""},
        {"test test test test test test test test test test test junk\n", "\"name\":\"treasury\"",
         ""},
        {"test test test test test test test test test test test test", "\"name\":\"treasury\"",
         "mnemonic.checksum"},
        {"0x00", "\"name\":\"treasury\"", "nodekey.length"},
        {"{}", "\"name\":\"treasury\"", "keystore.version"},
        {"{\"type\":\"unlocked\",\"data\":{\"bytes\":\"yAWAJjwPqUtNVlqGjSrBmr1/"
         "iIkghuOh1803Yzx9jLM=\"}}",
         "\"name\":\"other\",\"kind\":\"tessera\"", ""},
    };
    for (size_t i = 0; i < C138_COUNT(t); i++) {
        struct folder f = folder_new();
        struct fakehost *h = up(&f);
        C138_FREE char *params = c138_xasprintf("{%s,\"file\":\"x\"}", t[i].params);
        C138_FREE char *file = folder_file(&f, "inbox/x");
        inbox(&f, "x", t[i].text);
        C138_JSON struct c138_json *got = run(h, "import", params, t[i].wrong);
        CU_ASSERT_EQUAL(access(file, F_OK) == 0, t[i].wrong[0] != '\0');
        if (i < 2)
            CU_ASSERT_STRING_EQUAL(c138_json_get_str(got, "address", ""), ADDRESS);
        fakehost_free(h);
        folder_free(&f);
    }
    struct folder f = folder_new();
    struct fakehost *h = up(&f);
    runs(h, "import", "{\"name\":\"treasury\",\"file\":\"../keys/a\"}", "keys.inbox");
    runs(h, "import", "{\"name\":\"treasury\",\"file\":\"nothing\"}", "file.open");
    fakehost_free(h);
    folder_free(&f);
}

/* Killed between sealing and taking the file away: the same import again takes it away. Another key
 * under that name, or that key under another name, stays where it is. */
static void imported_again(void) {
    struct folder f = folder_new();
    struct fakehost *h = up(&f);
    C138_FREE char *file = folder_file(&f, "inbox/x");
    inbox(&f, "x", "0x" RAW);
    runs(h, "import", "{\"name\":\"treasury\",\"file\":\"x\"}", "");
    inbox(&f, "x", "0x" RAW);
    C138_JSON struct c138_json *again =
        run(h, "import", "{\"name\":\"treasury\",\"file\":\"x\"}", "");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(again, "address", ""), ADDRESS);
    CU_ASSERT_NOT_EQUAL(access(file, F_OK), 0);
    C138_JSON struct c138_json *list = run(h, "list", "{}", "");
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(list, "keys")), 1);
    CU_ASSERT_EQUAL(c138_json_as_bool(c138_json_path(list, "keys.0.open"), 1), 0);
    inbox(&f, "x", "0x" RAW);
    runs(h, "import", "{\"name\":\"v1\",\"file\":\"x\"}", "keys.exists");
    CU_ASSERT_EQUAL(access(file, F_OK), 0);
    inbox(&f, "x", "test test test test test test test test test test test junk");
    runs(h, "import", "{\"name\":\"treasury\",\"file\":\"x\",\"path\":\"m/44'/60'/0'/0/1\"}",
         "keys.exists");
    CU_ASSERT_EQUAL(access(file, F_OK), 0);
    fakehost_free(h);
    folder_free(&f);
}

/* Unsigned transactions of type 2 for chain 138, as a parameter. */
static char *sign_params(uint64_t nonce, size_t count, const char *value, const char *key) {
    C138_BUF struct c138_buf params = C138_BUF_NULL;
    c138_buf_addf(&params, "{\"key\":\"%s\",\"transactions\":[", key);
    for (size_t n = 0; n < count; n++) {
        C138_BUF struct c138_buf out = C138_BUF_NULL;
        struct c138_tx tx = {.type = 2, .chain_id = 138, .nonce = nonce + n, .to = {1}};
        CU_ASSERT_EQUAL(c138_u256_from_dec("21000", &tx.gas), C138_OK);
        CU_ASSERT_EQUAL(c138_wei_parse(value, &tx.value), C138_OK);
        CU_ASSERT_EQUAL(c138_tx_encode(&tx, &out), C138_OK);
        C138_FREE char *hex = c138_hex_text(out.data, out.length);
        c138_buf_addf(&params, "%s\"%s\"", n ? "," : "", hex);
    }
    c138_buf_adds(&params, "]}");
    return c138_buf_steal(&params);
}

/* The first of what is signed. */
static struct c138_json *sign(struct fakehost *h, uint64_t nonce, const char *value,
                              const char *key, const char *wrong) {
    C138_FREE char *params = sign_params(nonce, 1, value, key);
    C138_JSON struct c138_json *result = run(h, "sign", params, wrong);
    return c138_json_ref(c138_json_path(result, "signed.0"));
}

/* Of several, all or none; none costs nothing. */
static void all_or_none(void) {
    struct folder f = folder_new();
    struct fakehost *h = up(&f);
    runs(h, "generate", "{\"name\":\"treasury\"}", "");
    C138_FREE char *three = sign_params(0, 3, "1", "treasury"),
                   *two = sign_params(0, 2, "1", "treasury");
    runs(h, "sign", three, "keys.limit.rate");
    C138_JSON struct c138_json *policy = run(h, "policy", "{\"key\":\"treasury\"}", "");
    CU_ASSERT_EQUAL(c138_json_as_uint(c138_json_path(policy, "rules.0.used"), 9), 0);
    C138_JSON struct c138_json *both = run(h, "sign", two, "");
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(both, "signed")), 2);
    CU_ASSERT_STRING_NOT_EQUAL(c138_json_as_str(c138_json_path(both, "signed.0.hash"), ""),
                               c138_json_as_str(c138_json_path(both, "signed.1.hash"), ""));
    C138_JSON struct c138_json *after = run(h, "policy", "{\"key\":\"treasury\"}", "");
    CU_ASSERT_EQUAL(c138_json_as_uint(c138_json_path(after, "rules.0.used"), 9), 2);
    CU_ASSERT_EQUAL(fakehost_faults(h), 0);
    fakehost_free(h);
    folder_free(&f);
}

static void signs_what_is_allowed(void) {
    struct folder f = folder_new();
    struct fakehost *h = up(&f);
    inbox(&f, "x", RAW);
    runs(h, "import", "{\"name\":\"treasury\",\"file\":\"x\"}", "");
    runs(h, "generate", "{\"name\":\"v1\",\"kind\":\"node\"}", "");
    C138_JSON struct c138_json *one = sign(h, 0, "1ether", "treasury", "");
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(one, "from", ""), ADDRESS);
    CU_ASSERT_STRING_EQUAL(c138_json_get_str(one, "rule", ""), "pay");
    c138_json_unref(sign(h, 1, "1.000000000000000001ether", "treasury", "keys.limit.value"));
    c138_json_unref(sign(h, 1, "1", "treasury", ""));
    c138_json_unref(sign(h, 2, "1", "treasury", "keys.limit.rate"));
    /* the same bytes: the same signature, at no cost, over a restart too */
    for (int i = 0; i < 2; i++) {
        C138_JSON struct c138_json *again = sign(h, 0, "1ether", "treasury", "");
        CU_ASSERT_STRING_EQUAL(c138_json_get_str(again, "raw", "-"),
                               c138_json_get_str(one, "raw", ""));
        CU_ASSERT(c138_json_get_bool(again, "repeated", 0));
        fakehost_free(h);
        h = up(&f);
    }
    c138_json_unref(sign(h, 2, "1", "treasury", "keys.limit.rate"));
    fakehost_utc_offset(h, 61 * 60 * C138_NS_PER_S);
    c138_json_unref(sign(h, 2, "1", "treasury", ""));
    c138_json_unref(sign(h, 0, "1", "other", "keys.limit.no-rule"));
    c138_json_unref(sign(h, 0, "0", "v1", "keys.kind"));
    c138_json_unref(sign(h, 0, "1", "nobody", "keys.no-section"));
    runs(h, "sign", "{\"key\":\"treasury\",\"transactions\":[\"0x01\"]}", "tx.rlp");
    C138_FREE char *twice = c138_xasprintf("{\"key\":\"treasury\",\"transactions\":[\"%s\"]}",
                                           c138_json_get_str(one, "raw", ""));
    runs(h, "sign", twice, "keys.signed");
    C138_JSON struct c138_json *policy = run(h, "policy", "{\"key\":\"treasury\"}", "");
    CU_ASSERT_EQUAL(c138_json_as_uint(c138_json_path(policy, "rules.0.used"), 9), 1);
    CU_ASSERT_EQUAL(fakehost_faults(h), 0);
    fakehost_free(h);
    folder_free(&f);
}

/* Without a place to write down what is signed nothing is signed. */
static void unwritable_ledger(void) {
    struct folder f = folder_new();
    struct fakehost *h = up(&f);
    struct rlimit old, none;
    runs(h, "generate", "{\"name\":\"treasury\"}", "");
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &old), 0);
    none = old;
    none.rlim_cur = 0;
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &none), 0);
    c138_json_unref(sign(h, 0, "1", "treasury", "keys.ledger"));
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, before);
    C138_JSON struct c138_json *good = sign(h, 0, "1", "treasury", "");
    CU_ASSERT_FALSE(c138_json_get_bool(good, "repeated", 1));
    fakehost_free(h);
    folder_free(&f);
}

static void settings_are_checked(void) {
    static const struct {
        const char *json, *text;
    } bad[] = {
        {"{\"keys\":[{\"name\":\"a\"}]}", "password"},
        {"{\"keys\":[{\"name\":\"A\",\"password\":\"file:/p\"}]}", "no name for a key"},
        {"{\"keys\":[{\"name\":\"a\",\"password\":\"file:/"
         "p\"},{\"name\":\"a\",\"password\":\"file:/"
         "p\"}]}",
         "two sections"},
        {"{\"keys\":[{\"name\":\"a\",\"password\":\"file:/p\",\"rules\":[{\"name\":\"r\"}]}]}",
         "allows no address"},
        {"{\"keys\":[{\"name\":\"a\",\"password\":\"file:/p\",\"rules\":[{\"name\":\"r\",\"to\":["
         "\"x\"]}]}]}",
         "rule r: to"},
        {"{\"keys\":[{\"name\":\"a\",\"password\":\"file:/p\",\"rules\":[{\"name\":\"r\",\"to\":["
         "\"*\"],\"calls\":[\"f(number)\"]}]}]}",
         "this is no type"},
        {"{\"keys\":[{\"name\":\"a\",\"password\":\"file:/p\",\"rules\":[{\"name\":\"r\",\"to\":["
         "\"*\"],\"window\":\"noon\"}]}]}",
         "no time window"},
        {"{\"keys\":[{\"name\":\"a\",\"password\":\"file:/p\",\"rules\":[{\"name\":\"r\",\"to\":["
         "\"*\"]},{\"name\":\"r\",\"to\":[\"*\"]}]}]}",
         "two of its rules"},
        {"{\"keys\":[{\"name\":\"a\",\"password\":\"file:/p\",\"pkcs11\":{\"module\":\"/"
         "m\",\"token\":"
         "\"t\",\"label\":\"l\",\"pin\":\"file:/p\"}}]}",
         "a password and a token"},
        {"{\"keys\":[{\"name\":\"a\",\"pkcs11\":{\"module\":\"/m\",\"token\":\"t\",\"label\":\"l\","
         "\"pin\":\"file:/p\",\"environment\":[\"LD_PRELOAD=/x\"]}}]}",
         "LD_PRELOAD"},
        {"{\"backup\":{\"recipients\":[\"xA25C5D1E9D4F0B2A3C4D5E6F708192A3B4C5D6E\"]}}",
         "40 hex digits"}};
    struct folder f = folder_new();
    struct fakehost *h = up(&f);
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        struct c138_err err = {0};
        CU_ASSERT_EQUAL(fakehost_settings(h, bad[i].json, &err), C138_E_INVALID);
        if (!strstr(err.text, bad[i].text))
            printf("  %s: %s\n", bad[i].text, err.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].text));
    }
    C138_JSON struct c138_json *policy = run(h, "policy", "{}", "");
    CU_ASSERT_EQUAL(c138_json_count(c138_json_get(policy, "rules")), 2); /* the old ones */
    fakehost_free(h);
    folder_free(&f);
}

/* A key whose password a person types: it opens with that, and with nothing else. */
static void a_typed_password(void) {
    static const char typed[] =
        "{\"kdf\":\"light\",\"keys\":[{\"name\":\"treasury\",\"password\":\"prompt\",\"rules\":[{"
        "\"name\":\"pay\",\"to\":[\"*\"],\"max_value\":\"1ether\"}]}]}";
    struct folder f = folder_new();
    struct fakehost *h = up(&f);
    struct c138_err err = {0};
    CU_ASSERT_EQUAL_FATAL(fakehost_settings(h, typed, &err), C138_OK);
    fakehost_secret(h, "prompt:1", "typed");
    fakehost_secret(h, "prompt:2", "mistyped");
    runs(h, "generate", "{\"name\":\"treasury\"}", "keys.prompt");
    runs(h, "generate", "{\"name\":\"treasury\",\"password\":\"prompt:1\"}", "");
    c138_json_unref(sign(h, 0, "1", "treasury", "keys.locked"));
    runs(h, "unlock", "{\"name\":\"treasury\"}", "keys.locked");
    runs(h, "unlock", "{\"name\":\"treasury\",\"password\":\"prompt:2\"}", "keystore.password");
    runs(h, "unlock", "{\"name\":\"treasury\",\"password\":\"prompt:1\"}", "");
    c138_json_unref(sign(h, 0, "1", "treasury", ""));
    runs(h, "unlock", "{\"name\":\"treasury\"}", ""); /* it is open */
    runs(h, "lock", "{\"name\":\"treasury\"}", "");
    c138_json_unref(sign(h, 1, "1", "treasury", "keys.locked"));
    runs(h, "unlock", "{\"name\":\"nobody\"}", "keys.unknown");
    CU_ASSERT_EQUAL(fakehost_faults(h), 0);
    fakehost_free(h);
    folder_free(&f);
}

/* What cannot be encrypted for anybody is not written at all. */
static void no_backup_without_recipients(void) {
    struct folder f = folder_new();
    struct fakehost *h = up(&f);
    struct c138_err err = {0};
    runs(h, "generate", "{\"name\":\"treasury\"}", "");
    runs(h, "backup", "{}", "keys.recipients");
    CU_ASSERT_EQUAL_FATAL(
        fakehost_settings(h,
                          "{\"kdf\":\"light\",\"backup\":{\"recipients\":["
                          "\"8A25C5D1E9D4F0B2A3C4D5E6F708192A3B4C5D6E\","
                          "\"9A25C5D1E9D4F0B2A3C4D5E6F708192A3B4C5D6E\"]},\"keys\":[{\"name\":"
                          "\"treasury\",\"password\":\"file:/p\"}]}",
                          &err),
        C138_OK);
    runs(h, "backup", "{\"shares\":3}", "keys.threshold");
    runs(h, "backup", "{\"shares\":1}", "keys.threshold");
    fakehost_withhold(h, C138_EXT_CALL);
    runs(h, "backup", "{}", "keys.no-call");
    C138_FREE char *folder = folder_file(&f, "backups");
    CU_ASSERT_NOT_EQUAL(access(folder, F_OK), 0);
    fakehost_free(h);
    folder_free(&f);
}

static void what_is_no_backup(void) {
    static const struct {
        const char *text, *key;
    } bad[] = {{"", "json.invalid"},
               {"{}", "keys.backup"},
               {"[]", "keys.backup"},
               {"{\"format\":\"chain138-keys/2\"}", "keys.backup"},
               {"{\"format\":\"chain138-keys/1\"}", "keys.none"},
               {"{\"format\":\"chain138-keys/1\",\"keys\":{}}", "keys.none"},
               {"{\"format\":\"chain138-keys/1\",\"keys\":[{}]}", "keys.name"},
               {"{\"format\":\"chain138-keys/1\",\"keys\":[{\"name\":\"../x\"}]}", "keys.name"},
               {"{\"format\":\"chain138-keys/1\",\"keys\":[{\"name\":\"a\"}]}", "keys.file"},
               {"{\"format\":\"chain138-keys/1\",\"keys\":[{\"name\":\"a\",\"file\":{\"chain138\":{"
                "\"kind\":\"account\"}}}]}",
                "keys.file"}};
    struct folder f = folder_new();
    struct fakehost *h = up(&f);
    for (size_t i = 0; i < C138_COUNT(bad); i++) {
        struct c138_json *result = NULL;
        struct c138_err err = {0};
        inbox(&f, "b", bad[i].text);
        CU_ASSERT(fakehost_run(h, "restore", "{\"file\":\"b\",\"file_password\":\"file:/p\"}",
                               &result, &err) < 0);
        if (strcmp(bad[i].key, "json.invalid") != 0 && strcmp(err.key, bad[i].key) != 0)
            printf("  %s: %s %s\n", bad[i].text, err.key, err.text);
        CU_ASSERT(!strcmp(bad[i].key, "json.invalid") || !strcmp(err.key, bad[i].key));
        c138_json_unref(result);
    }
    runs(h, "restore", "{\"file\":\"b\"}", "keys.password");
    runs(h, "restore", "{\"file\":\"b\",\"shares\":\"s\",\"file_password\":\"file:/p\"}",
         "keys.password");
    inbox(&f, "s", "not a share\n");
    struct c138_json *result = NULL;
    struct c138_err err = {0};
    CU_ASSERT(fakehost_run(h, "restore", "{\"file\":\"b\",\"shares\":\"s\"}", &result, &err) < 0);
    CU_ASSERT_PTR_NULL(strstr(err.text, "not a share"));
    fakehost_free(h);
    folder_free(&f);
}

const CU_TestInfo tests_keys[] = {{"generated", generated},
                                  {"imported", imported},
                                  {"imported again", imported_again},
                                  {"signs what is allowed", signs_what_is_allowed},
                                  {"all or none", all_or_none},
                                  {"an unwritable ledger", unwritable_ledger},
                                  {"settings are checked", settings_are_checked},
                                  {"a typed password", a_typed_password},
                                  {"no backup without recipients", no_backup_without_recipients},
                                  {"what is no backup", what_is_no_backup},
                                  CU_TEST_INFO_NULL};
