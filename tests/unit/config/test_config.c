#include "../unit.h"
#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>
#include <config/config_internal.h>
#include <schema/describe.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A folder with chain138.conf and conf.d/. */
struct tree {
    char folder[64];
    char main[96];
};

static void tree_path(const struct tree *t, const char *name, char out[256]) {
    (void)snprintf(out, 256, "%s/%s", t->folder, name);
}

static void tree_put(const struct tree *t, const char *name, mode_t mode, const char *text) {
    char path[256];
    tree_path(t, name, path);
    CU_ASSERT_EQUAL(c138_file_write(path, mode, text, strlen(text), NULL), 0);
    CU_ASSERT_EQUAL(chmod(path, mode), 0);
}

static struct tree tree_new(void) {
    struct tree t = {.folder = "/tmp/unit_config.XXXXXX"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(t.folder));
    (void)snprintf(t.main, sizeof(t.main), "%s/chain138.conf", t.folder);
    char path[256];
    tree_path(&t, "conf.d", path);
    CU_ASSERT_EQUAL(mkdir(path, 0755), 0);
    return t;
}

static void tree_free(const struct tree *t) {
    static const char *const names[] = {"chain138.conf",
                                        "conf.d/a.conf",
                                        "conf.d/besu.conf",
                                        "conf.d/z.conf",
                                        "conf.d/left.out",
                                        "conf.d",
                                        ""};
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        char path[256];
        tree_path(t, names[i], path);
        (void)remove(path);
    }
}

/* The error of a text, in full. */
static void refused(const char *text, const char *expected) {
    struct config *c = NULL;
    struct c138_err err = {0};
    CU_ASSERT(config_read_text(text, strlen(text), &c, &err) < 0);
    CU_ASSERT_PTR_NULL(c);
    CU_ASSERT_STRING_EQUAL(err.text, expected);
    if (strcmp(err.text, expected) != 0)
        printf("got:      %s\nexpected: %s\n", err.text, expected);
    config_free(c);
}

static void accepted(const char *text) {
    struct config *c = NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(config_read_text(text, strlen(text), &c, &err), C138_OK);
    config_free(c);
}

static void holds(const char *text, const char *part) {
    struct config *c = NULL;
    struct c138_err err = {0};
    CU_ASSERT(config_read_text(text, strlen(text), &c, &err) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, part));
    if (!strstr(err.text, part))
        printf("got:      %s\nexpected: ... %s ...\n", err.text, part);
    config_free(c);
}

static void defaults(void) {
    struct config *c = NULL;
    CU_ASSERT_EQUAL_FATAL(config_read_text("", 0, &c, NULL), 0);
    CU_ASSERT_STRING_EQUAL(config_str(c, "agent.log_level"), "info");
    CU_ASSERT_PTR_NULL(config_str(c, "agent.host_name"));
    CU_ASSERT_STRING_EQUAL(config_str(c, "agent.plugin_dirs.0"), C138_PLUGIN_DIR);
    CU_ASSERT_STRING_EQUAL(config_str(c, "api.socket"), "/run/chain138/agent.sock");
    CU_ASSERT_STRING_EQUAL(config_str(c, "api.listen"), "");
    CU_ASSERT_EQUAL(config_int(c, "jobs.keep"), 30 * 86400 * C138_NS_PER_S);
    CU_ASSERT_EQUAL(config_uint(c, "jobs.keep_max"), 100000);
    CU_ASSERT_EQUAL(config_int(c, "policy.self_approval"), 0);
    CU_ASSERT_EQUAL(c138_json_count(config_json(c, "schedules")), 0);
    CU_ASSERT_STRING_EQUAL(config_where(c, "jobs.keep"), "default");
    CU_ASSERT_PTR_NULL(config_json(c, "nothing.here"));
    size_t n = 9;
    CU_ASSERT_PTR_NOT_NULL(config_plugins(c, &n));
    CU_ASSERT_EQUAL(n, 0);
    config_free(c);
}

static void joined(void) {
    struct tree t = tree_new();
    tree_put(&t, "chain138.conf", 0644,
             "agent: { log_level = \"debug\"; run_dir = \"/tmp/run\"; };\n"
             "schedules = ( { name = \"one\"; action = \"a.b\"; as = \"x\"; every = \"6h\"; } );\n"
             "jobs: { keep = \"1d12h\"; };\n");
    tree_put(
        &t, "conf.d/a.conf", 0644,
        "agent: { host_name = \"v1\"; };\n"
        "schedules = ( { name = \"two\"; action = \"a.c\"; as = \"x\"; cron = \"1 2 * * *\"; "
        "params = { n = 5; big = 5000000000L; f = 0.1; yes = true; deep = ( 1, [ 2 ] ); }; } );\n"
        "plugins: { other: { enabled = false; }; };\n");
    tree_put(&t, "conf.d/besu.conf", 0644,
             "plugins:\n{\n  besu: {\n    mode = \"thread\"; memory_max = \"1GiB\";\n"
             "    programs = ( \"/usr/bin/docker\" ); metrics_listen = \"127.0.0.1:9547\";\n"
             "    keep_rate = 2.5; callback_timeout = \"3s\";\n"
             "    nodes = ( { name = \"v1\"; url = \"http://127.0.0.1:8545\"; } );\n  };\n};\n");
    tree_put(&t, "conf.d/left.out", 0644, "this is { no config");
    struct config *c = NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(config_read(t.main, &c, &err), 0);
    if (!c)
        printf("%s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    CU_ASSERT_STRING_EQUAL(config_str(c, "agent.host_name"), "v1");
    CU_ASSERT_STRING_EQUAL(config_str(c, "agent.log_level"), "debug");
    CU_ASSERT_STRING_EQUAL(config_str(c, "api.socket"), "/tmp/run/agent.sock");
    CU_ASSERT_EQUAL(config_int(c, "jobs.keep"), 36 * 3600 * C138_NS_PER_S);
    CU_ASSERT_EQUAL(c138_json_count(config_json(c, "schedules")), 2);
    CU_ASSERT_STRING_EQUAL(config_str(c, "schedules.1.name"), "two");
    CU_ASSERT_STRING_EQUAL(config_str(c, "schedules.1.zone"), "UTC");
    CU_ASSERT_STRING_EQUAL(config_where(c, "schedules.1"), "conf.d/a.conf:2");
    C138_FREE char *params = c138_json_dump(config_json(c, "schedules.1.params"));
    CU_ASSERT_STRING_EQUAL(
        params, "{\"n\":5,\"big\":5000000000,\"f\":\"0.1\",\"yes\":true,\"deep\":[1,[2]]}");
    CU_ASSERT_STRING_EQUAL(config_where(c, "plugins.besu.nodes.0.url"), "conf.d/besu.conf:7");
    size_t n = 0;
    const struct plugin_config *p = config_plugins(c, &n);
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT_STRING_EQUAL(p[0].name, "other");
    CU_ASSERT_FALSE(p[0].enabled);
    CU_ASSERT_STRING_EQUAL(p[1].name, "besu");
    CU_ASSERT_TRUE(p[1].enabled && p[1].in_thread);
    CU_ASSERT_EQUAL(p[1].memory_max, 1u << 30);
    CU_ASSERT_EQUAL(p[1].callback_timeout_ns, 3 * C138_NS_PER_S);
    CU_ASSERT_EQUAL(p[1].mailbox, 4096);
    CU_ASSERT(p[1].keep_rate > 2.49 && p[1].keep_rate < 2.51);
    CU_ASSERT_STRING_EQUAL(p[1].programs_json, "[\"/usr/bin/docker\"]");
    CU_ASSERT_PTR_NULL(p[1].grants_json);
    CU_ASSERT_STRING_EQUAL(p[1].settings_json,
                           "{\"nodes\":[{\"name\":\"v1\",\"url\":\"http://127.0.0.1:8545\"}]}");
    CU_ASSERT_STRING_EQUAL(p[1].file, "conf.d/besu.conf");
    CU_ASSERT_EQUAL(p[1].line, 3);
    CU_ASSERT_STRING_EQUAL(config_plugin_metrics_listen(c, "besu"), "127.0.0.1:9547");
    CU_ASSERT_PTR_NULL(config_plugin_metrics_listen(c, "other"));
    CU_ASSERT_EQUAL(config_uint(c, "plugins.besu.kv_max"), 16u << 20);
    C138_JSON struct c138_json *files = config_files(c);
    CU_ASSERT_EQUAL(c138_json_count(files), 3);
    config_free(c);
    tree_free(&t);
}

static void twice(void) {
    struct tree t = tree_new();
    struct config *c = NULL;
    struct c138_err err = {0};
    tree_put(&t, "chain138.conf", 0644, "\napi: { listen = \"\"; };\n");
    tree_put(&t, "conf.d/z.conf", 0644, "api: {\n listen = \"127.0.0.1:1\"; };\n");
    CU_ASSERT_EQUAL(config_read(t.main, &c, &err), C138_E_INVALID);
    CU_ASSERT_STRING_EQUAL(err.text, "conf.d/z.conf:2: api.listen: set already at "
                                     "chain138.conf:2: remove one of the two");
    tree_put(&t, "chain138.conf", 0644,
             "triggers = ( { name = \"a\"; topic = \"t\"; action = \"x.y\"; as = \"p\"; } );\n");
    tree_put(&t, "conf.d/z.conf", 0644,
             "triggers = (\n{ name = \"a\"; topic = \"t\"; action = \"x.y\"; as = \"p\"; } );\n");
    CU_ASSERT_EQUAL(config_read(t.main, &c, &err), C138_E_INVALID);
    CU_ASSERT_STRING_EQUAL(err.text, "conf.d/z.conf:2: triggers.1.name: a is the name of another "
                                     "rule, at chain138.conf:1");
    tree_free(&t);
}

static void rights(void) {
    struct tree t = tree_new();
    struct config *c = NULL;
    struct c138_err err = {0};
    char path[256];
    CU_ASSERT_EQUAL(config_read(t.main, &c, &err), 0); /* an existing folder is enough */
    c = config_free(c);
    tree_put(&t, "chain138.conf", 0666, "");
    CU_ASSERT_EQUAL(config_read(t.main, &c, &err), C138_E_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "chmod o-w "));
    tree_put(&t, "chain138.conf", 0644, "");
    tree_path(&t, "conf.d", path);
    CU_ASSERT_EQUAL(chmod(path, 0777), 0);
    CU_ASSERT_EQUAL(config_read(t.main, &c, &err), C138_E_DENIED);
    CU_ASSERT_EQUAL(chmod(path, 0755), 0);
    tree_path(&t, "conf.d/a.conf", path);
    CU_ASSERT_EQUAL(mkdir(path, 0755), 0);
    CU_ASSERT_EQUAL(config_read(t.main, &c, &err), C138_E_INVALID);
    CU_ASSERT_EQUAL(config_read("/nowhere/chain138.conf", &c, &err), C138_E_NOTFOUND);
    CU_ASSERT_PTR_NULL(c);
    tree_free(&t);
}

static void errors(void) {
    refused("agent: {\n  log_levle = \"info\";\n};",
            "chain138.conf:2: agent.log_levle: unknown setting; nearest known: log_level");
    refused("polcy: { };", "chain138.conf:1: polcy: unknown section; nearest known: policy; a "
                           "plugin's section stands in plugins: { }");
    refused("\nagent: { log_level = \"loud\"; };",
            "chain138.conf:2: agent.log_level: \"loud\" is not right: expected one of error, "
            "warning, notice, info, debug");
    refused("agent = 5;", "chain138.conf:1: agent: expected a section: NAME: { ... };");
    refused("schedules: { };",
            "chain138.conf:1: schedules: expected a list of rules: ( { ... }, { ... } );");
    refused("schedules = (\n { name = \"a\"; as = \"b\"; } );",
            "chain138.conf:2: schedules.0.action: missing; expected text without control "
            "characters, at most 64 KiB (length at most 127)");
    refused("schedules = (\n { name = \"a\"; as = \"b\"; action = \"x.y\";\n  cronn = \"\"; } );",
            "chain138.conf:3: schedules.0.cronn: unknown setting; nearest known: cron");
    refused("api: { listen = \"0.0.0.0:9138\"; };",
            "chain138.conf:1: api.listen: 0.0.0.0:9138 is no loopback address and port: expected "
            "one such as 127.0.0.1:9138 or [::1]:9138");
    refused("api: { socket_mode = \"0666\"; };",
            "chain138.conf:1: api.socket_mode: 0666 lets everybody on this host in: expected one "
            "such as 0660");
    refused("plugins: { besu: { mode = \"process\"; }; };",
            "chain138.conf:1: plugins.besu.mode: \"process\" is not right: expected one of worker, "
            "thread");
    refused("plugins: {\n Besu: { }; };",
            "chain138.conf:2: plugins.Besu: a plugin's name is a-z, 0-9 and -, begins with a "
            "letter and has at most 31 characters");
    refused("api: { listen = \"127.0.0.1:138\"; };\nmetrics: { listen = \"0.0.0.0:138\"; };",
            "chain138.conf:2: metrics.listen: 0.0.0.0:138 is taken by api.listen already, at "
            "chain138.conf:1");
    refused("api: { listen = \"127.0.0.1:138\"; };\nmetrics: { listen = \"[::]:138\"; };",
            "chain138.conf:2: metrics.listen: [::]:138 is taken by api.listen already, at "
            "chain138.conf:1");
    refused("api: { listen = \"[::1]:138\"; };\nmetrics: { listen = \"[0:0::1]:0138\"; };",
            "chain138.conf:2: metrics.listen: [0:0::1]:0138 is taken by api.listen already, at "
            "chain138.conf:1");
    accepted("api: { listen = \"127.0.0.1:138\"; };\nmetrics: { listen = \"127.0.0.2:138\"; };");
    accepted("api: { listen = \"127.0.0.1:138\"; };\nmetrics: { listen = \"[::1]:138\"; };");
    accepted("api: { listen = \"127.0.0.1:0\"; };\nmetrics: { listen = \"0.0.0.0:0\"; };");
    refused("plugins: { a: { metrics_listen = \"127.0.0.1:1\"; };\n b: { metrics_listen = "
            "\"127.0.0.1:1\"; }; };",
            "chain138.conf:2: plugins.b.metrics_listen: 127.0.0.1:1 is taken by "
            "plugins.a.metrics_listen already, at chain138.conf:1");
    refused("plugins: { a: { programs = ( \"sh\" ); }; };",
            "chain138.conf:1: plugins.a.programs.0: \"sh\" is not right: expected an absolute path "
            "without . and .. parts, such as /var/lib/chain138");
}

static void syntax(void) {
    holds("agent: {\n log_level = ;\n};", "chain138.conf:2: syntax error");
    holds("a = 1;\n\n a = 2;", "chain138.conf:");
    holds("\n@include \"/etc/passwd\"\n", "chain138.conf:2: @include is not taken");
    holds("plugins: { a: { wei = 100000000000000000000; }; };", "write it in quotes");
    holds("plugins: { a: { wei = 5000000000; }; };", "write it in quotes");
    holds("plugins: { a: { wei = 1000000000000000000L; }; };", "write it in quotes");
    holds("plugins: { a: { address = 0x52908400098527886E0F7030069857D2E4169EE7; }; };",
          "write it in quotes");
    holds("plugins: { a: { text = \"a\\x00b\"; }; };", "NUL");
    holds("plugins: { a: { text = \"\\xff\"; }; };", "chain138.conf:1: plugins.a.text: this text");
    struct config *c = NULL;
    struct c138_err err = {0};
    CU_ASSERT(config_read_text("a\0b", 3, &c, &err) < 0);
    static const char fine[] = "# @include \"x\"\n/* @include */\n"
                               "agent: { host_name = \"a@b 12345678901234567890\"; };\n"
                               "plugins: { a: { x = 1.00000000000001; y = -2147483647; "
                               "z = 999999999999999999L; h = 0x7f; }; };";
    CU_ASSERT_EQUAL(config_read_text(fine, strlen(fine), &c, &err), 0);
    if (!c)
        printf("%s\n", err.text);
    CU_ASSERT_EQUAL(config_int(c, "plugins.a.z"), INT64_C(999999999999999999));
    CU_ASSERT_EQUAL(config_int(c, "plugins.a.y"), -2147483647);
    config_free(c);
    C138_BUF struct c138_buf deep = C138_BUF_NULL;
    c138_buf_adds(&deep, "plugins: { a: { x = ");
    for (int i = 0; i < 3000; i++)
        c138_buf_addc(&deep, '(');
    for (int i = 0; i < 3000; i++)
        c138_buf_addc(&deep, ')');
    c138_buf_adds(&deep, "; }; };");
    CU_ASSERT(config_read_text(deep.data, deep.length, &c, &err) < 0);
}

/* --- A plugin's own settings -------------------------------------------------------------------
 */

static const c138_field *const node_fields[] = {
    C138_FIELD(.name = "name", .type = C138_T_STRING, .flags = C138_FIELD_REQUIRED,
               .summary = "Name"),
    C138_FIELD(.name = "url", .type = C138_T_URL, .flags = C138_FIELD_REQUIRED, .summary = "URL"),
    C138_FIELD(.name = "password", .type = C138_T_STRING, .flags = C138_FIELD_SENSITIVE,
               .summary = "Password"),
    NULL};
static const c138_plugin plugin = {
    C138_SIZED(c138_plugin),
    .abi_major = 1,
    .name = "besu",
    .version = "1",
    .summary = "A test",
    .license = "Apache-2.0",
    .settings = C138_FIELDS(
        C138_FIELD(.name = "nodes", .type = C138_T_LIST, .summary = "Nodes",
                   .flags = C138_FIELD_REQUIRED,
                   .fields = C138_FIELDS(C138_FIELD(.name = "node", .type = C138_T_OBJECT,
                                                    .summary = "A node", .fields = node_fields))),
        C138_FIELD(.name = "poll", .type = C138_T_DURATION, .default_text = "2s",
                   .summary = "How often"),
        C138_FIELD(.name = "fee", .type = C138_T_WEI, .default_text = "0", .summary = "Fee"),
        C138_FIELD(.name = "ratio", .type = C138_T_DECIMAL, .default_text = "0.5",
                   .summary = "Ratio"),
        C138_FIELD(.name = "room", .type = C138_T_SIZE, .default_text = "1MiB",
                   .summary = "Room"))};

static struct decl_plugin *declared(void) {
    C138_JSON struct c138_json *document = NULL;
    struct decl_plugin *p = NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL(describe_plugin(&plugin, DESCRIBE_TABLES_ONLY, NULL, 0, &document, &err), 0);
    CU_ASSERT_EQUAL(decl_plugin_new(document, &p, &err), 0);
    return p;
}

static void settings_error(const char *text, const char *expected) {
    struct decl_plugin *p = declared();
    struct config *c = NULL;
    C138_JSON struct c138_json *out = NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL_FATAL(config_read_text(text, strlen(text), &c, &err), 0);
    CU_ASSERT_EQUAL(config_plugin_settings(c, "besu", p->settings, &out, &err), C138_E_INVALID);
    CU_ASSERT_STRING_EQUAL(err.text, expected);
    if (strcmp(err.text, expected) != 0)
        printf("got:      %s\nexpected: %s\n", err.text, expected);
    config_free(c);
    decl_plugin_free(p);
}

static void own_settings(void) {
    static const char text[] =
        "plugins: { besu: { nodes = ( { name = \"a\"; url = \"http://h:1\"; } );\n"
        "fee = 5000000000L; ratio = 0.1; room = \"2MiB\"; mailbox = 100; }; };";
    struct decl_plugin *p = declared();
    struct config *c = NULL;
    struct c138_json *out = NULL;
    struct c138_err err = {0};
    CU_ASSERT_EQUAL_FATAL(config_read_text(text, strlen(text), &c, &err), 0);
    size_t n = 0;
    const struct plugin_config *row = config_plugins(c, &n);
    CU_ASSERT_EQUAL(row->settings(row->user, "besu", p->settings, &out, &err), 0);
    C138_FREE char *dump = c138_json_dump(out);
    CU_ASSERT_STRING_EQUAL(dump, "{\"nodes\":[{\"name\":\"a\",\"url\":\"http://h:1\"}],"
                                 "\"poll\":\"2s\",\"fee\":\"5000000000\",\"ratio\":\"0.1\","
                                 "\"room\":2097152}");
    c138_json_unref(out);
    config_free(c);
    decl_plugin_free(p);
    settings_error("plugins: { besu: { nodes = (\n{ name = \"a\";\n ur1 = \"http://h\"; } ); }; };",
                   "chain138.conf:3: plugins.besu.nodes.0.ur1: unknown setting; nearest known: "
                   "url");
    settings_error("plugins: { besu: {\n enable = true; }; };",
                   "chain138.conf:2: plugins.besu.enable: unknown setting; nearest known: enabled");
    settings_error("plugins: {\n besu: { }; };",
                   "chain138.conf:2: plugins.besu.nodes: missing; expected a list");
    settings_error("plugins: { besu: { nodes = ( );\n poll = \"often\"; }; };",
                   "chain138.conf:2: plugins.besu.poll: \"often\" is not right: expected a "
                   "duration, such as 1h30m, 90s or 250ms");
}

static void secrets(void) {
    static const char text[] =
        "plugins: { besu: { nodes = ( { name = \"a\"; url = \"http://h:1\";\n"
        "password = \"hunter2\"; } ); }; };";
    struct tree t = tree_new();
    struct decl_plugin *p = declared();
    for (int open = 0; open < 2; open++) {
        struct config *c = NULL;
        C138_JSON struct c138_json *out = NULL;
        struct c138_err err = {0};
        tree_put(&t, "conf.d/besu.conf", open ? 0644 : 0640, text);
        CU_ASSERT_EQUAL_FATAL(config_read(t.main, &c, &err), 0);
        CU_ASSERT_EQUAL(config_plugin_settings(c, "besu", p->settings, &out, &err),
                        open ? C138_E_INVALID : 0);
        CU_ASSERT_EQUAL(open, strstr(err.text, "conf.d/besu.conf:2: plugins.besu.nodes.0.password: "
                                               "is a secret, and everybody may read ") != NULL);
        CU_ASSERT_PTR_NULL(strstr(err.text, "hunter2"));
        config_free(c);
    }
    decl_plugin_free(p);
    tree_free(&t);
}

const CU_TestInfo tests_config[] = {
    {"defaults", defaults},
    {"files are joined", joined},
    {"set twice", twice},
    {"rights of files", rights},
    {"errors name file, line, what was expected, nearest name", errors},
    {"syntax and what libconfig would take", syntax},
    {"a plugin's own settings", own_settings},
    {"secrets in readable files", secrets},
    CU_TEST_INFO_NULL,
};
