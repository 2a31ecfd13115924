/*
 * The agent's own sections, declared with the tables that plugins declare their settings with.
 */
#include <config/config_internal.h>

#define RULE_NAME                                                                                  \
    C138_FIELD(.name = "name", .type = C138_T_STRING, .flags = C138_FIELD_REQUIRED,                \
               .min_text = "1", .max_text = "63",                                                  \
               .summary = "Name of the rule, once in all files")
#define RULE_ACTION                                                                                \
    C138_FIELD(.name = "action", .type = C138_T_STRING, .flags = C138_FIELD_REQUIRED,              \
               .max_text = "127", .summary = "Action to run, PLUGIN.ACTION")
#define RULE_PARAMS                                                                                \
    C138_FIELD(.name = "params", .type = C138_T_OBJECT, .summary = "Parameters of the action")
#define RULE_AS                                                                                    \
    C138_FIELD(.name = "as", .type = C138_T_STRING, .flags = C138_FIELD_REQUIRED,                  \
               .max_text = "63", .summary = "Principal of policy.principals that it runs as")
#define RULE_ENABLED                                                                               \
    C138_FIELD(.name = "enabled", .type = C138_T_BOOL, .default_text = "true",                     \
               .summary = "Whether the rule counts")
#define TEXT_LIST(list_name, about)                                                                \
    C138_FIELD(.name = list_name, .type = C138_T_LIST, .summary = about, .default_text = "",       \
               .fields =                                                                           \
                   C138_FIELDS(C138_FIELD(.name = "who", .type = C138_T_STRING, .max_text = "128", \
                                          .summary = "user:NAME or group:NAME")))

static const c138_field *const agent_fields[] = {
    C138_FIELD(.name = "host_name", .type = C138_T_STRING, .max_text = "63",
               .summary = "Name of this host in ids and principals; left out: the machine's"),
    C138_FIELD(.name = "state_dir", .type = C138_T_PATH, .default_text = C138_STATE_DIR,
               .summary = "Database, audit log and the plugins' own folders"),
    C138_FIELD(.name = "run_dir", .type = C138_T_PATH, .default_text = C138_RUN_DIR,
               .summary = "Sockets and locks"),
    C138_FIELD(.name = "plugin_dirs", .type = C138_T_LIST, .default_text = C138_PLUGIN_DIR,
               .summary = "Folders that hold plugins", .max_text = "16",
               .fields = C138_FIELDS(
                   C138_FIELD(.name = "folder", .type = C138_T_PATH, .summary = "A folder"))),
    C138_FIELD(.name = "log_level", .type = C138_T_ENUM, .default_text = "info",
               .choices = C138_TEXTS("error", "warning", "notice", "info", "debug"),
               .summary = "Least important lines that are written"),
    C138_FIELD(.name = "log_format", .type = C138_T_ENUM, .default_text = "auto",
               .choices = C138_TEXTS("auto", "text", "json", "journal"),
               .summary = "Form of the log; auto: the journal where standard error is one"),
    NULL};

static const c138_field *const api_fields[] = {
    C138_FIELD(.name = "socket", .type = C138_T_PATH,
               .summary = "The control's Unix socket; left out: agent.sock in run_dir"),
    C138_FIELD(.name = "socket_group", .type = C138_T_STRING, .max_text = "63",
               .summary = "Group that may use the socket; left out: the agent's"),
    C138_FIELD(.name = "socket_mode", .type = C138_T_STRING, .default_text = "0660",
               .min_text = "3", .max_text = "4", .summary = "Rights of the socket, octal"),
    C138_FIELD(.name = "listen", .type = C138_T_STRING, .default_text = "", .max_text = "64",
               .summary = "Loopback address and port for the console and scripts (a token is "
                          "asked for); empty: none"),
    NULL};

static const c138_field *const metrics_fields[] = {
    C138_FIELD(.name = "listen", .type = C138_T_STRING, .default_text = "", .max_text = "64",
               .summary = "Address and port for Prometheus, all metrics, no token; empty: none"),
    NULL};

static const c138_field *const jobs_fields[] = {
    C138_FIELD(.name = "keep", .type = C138_T_DURATION, .default_text = "30d", .min_text = "1m",
               .summary = "How long ended jobs are kept"),
    C138_FIELD(.name = "keep_max", .type = C138_T_UINT, .default_text = "100000", .min_text = "10",
               .max_text = "10000000", .summary = "How many are kept at most"),
    C138_FIELD(.name = "queue_max", .type = C138_T_UINT, .default_text = "10000", .min_text = "1",
               .max_text = "1000000", .summary = "How many may wait before more are refused"),
    NULL};

static const c138_field *const events_fields[] = {
    C138_FIELD(.name = "keep", .type = C138_T_DURATION, .default_text = "30d", .min_text = "1m",
               .summary = "How long events are kept"),
    C138_FIELD(.name = "keep_max", .type = C138_T_UINT, .default_text = "1000000",
               .min_text = "100", .max_text = "100000000", .summary = "How many are kept at most"),
    NULL};

static const c138_field *const policy_fields[] = {
    TEXT_LIST("viewers", "Who may read"),
    TEXT_LIST("operators", "Who may also change this host and its node"),
    TEXT_LIST("custodians", "Who may also approve, and do what is dangerous"),
    C138_FIELD(.name = "tokens_file", .type = C138_T_PATH,
               .summary = "Lines NAME ROLE SHA256-OF-TOKEN for the loopback port, mode 0600 or "
                          "0640"),
    C138_FIELD(.name = "principals", .type = C138_T_LIST, .default_text = "",
               .summary = "Whom schedules and triggers run as",
               .fields = C138_FIELDS(C138_FIELD(
                       .name = "principal", .type = C138_T_OBJECT, .summary = "A principal",
                       .fields = C138_FIELDS(
                           C138_FIELD(.name = "name", .type = C138_T_STRING, .min_text = "1",
                                      .max_text = "63", .flags = C138_FIELD_REQUIRED,
                                      .summary = "Its name"),
                           C138_FIELD(.name = "role", .type = C138_T_ENUM,
                                      .flags = C138_FIELD_REQUIRED,
                                      .choices = C138_TEXTS("viewer", "operator", "custodian"),
                                      .summary = "Its role"))))),
    C138_FIELD(.name = "approve", .type = C138_T_LIST, .max_text = "256",
               .summary = "Actions that need a plan and an approval beside the dangerous ones: "
                          "\"chain.send\", \"chain.*\"",
               .fields = C138_FIELDS(C138_FIELD(.name = "action", .type = C138_T_STRING,
                                                .summary = "An action, or a pattern",
                                                .min_text = "1", .max_text = "127"))),
    C138_FIELD(.name = "approval_ttl", .type = C138_T_DURATION, .default_text = "1h",
               .min_text = "1s", .max_text = "7d",
               .summary = "How long a plan waits for its approval"),
    C138_FIELD(.name = "self_approval", .type = C138_T_BOOL, .default_text = "false",
               .summary = "Whether who asked may approve as well"),
    C138_FIELD(.name = "root", .type = C138_T_ENUM, .default_text = "custodian",
               .choices = C138_TEXTS("custodian", "none"), .summary = "root's role on the socket"),
    NULL};

static const c138_field *const schedule_fields[] = {
    RULE_NAME,
    RULE_ACTION,
    RULE_PARAMS,
    RULE_AS,
    C138_FIELD(.name = "cron", .type = C138_T_CRON,
               .summary = "When: minute hour day month weekday"),
    C138_FIELD(.name = "zone", .type = C138_T_STRING, .max_text = "63", .default_text = "UTC",
               .summary = "Time zone of cron"),
    C138_FIELD(.name = "every", .type = C138_T_DURATION, .min_text = "1s", .max_text = "366d",
               .summary = "Instead of cron: at multiples of this, counted from 1970 in UTC"),
    C138_FIELD(.name = "jitter", .type = C138_T_DURATION, .default_text = "0s", .max_text = "1d",
               .summary = "Delay below this, fixed per host and rule"),
    C138_FIELD(.name = "overlap", .type = C138_T_ENUM, .default_text = "skip",
               .choices = C138_TEXTS("skip", "queue"),
               .summary = "When the last run has not ended: leave this one out, or run it after"),
    C138_FIELD(.name = "catch_up", .type = C138_T_BOOL, .default_text = "false",
               .summary = "Make up once for runs that were missed"),
    RULE_ENABLED,
    NULL};

static const c138_field *const trigger_fields[] = {
    RULE_NAME,
    C138_FIELD(.name = "topic", .type = C138_T_STRING, .flags = C138_FIELD_REQUIRED,
               .min_text = "1", .max_text = "127", .summary = "Topic, may end in .*"),
    C138_FIELD(.name = "when", .type = C138_T_LIST, .default_text = "", .max_text = "32",
               .summary = "Conditions that must all hold",
               .fields = C138_FIELDS(C138_FIELD(.name = "condition", .type = C138_T_OBJECT,
                                                .summary = "{ field, op, value }"))),
    RULE_ACTION,
    RULE_PARAMS,
    RULE_AS,
    C138_FIELD(.name = "rate", .type = C138_T_STRING, .default_text = "10/1h", .max_text = "32",
               .summary = "Runs in a sliding window, such as 3/1h"),
    RULE_ENABLED,
    NULL};

#define SECTION(section_name, about, members)                                                      \
    C138_FIELD(.name = section_name, .type = C138_T_OBJECT, .summary = about, .fields = members)
#define RULES(section_name, about, members)                                                        \
    C138_FIELD(.name = section_name, .type = C138_T_LIST, .summary = about, .max_text = "1000",    \
               .fields = C138_FIELDS(C138_FIELD(.name = "rule", .type = C138_T_OBJECT,             \
                                                .summary = "A rule", .fields = members)))

static const c138_field *const sections[] = {
    SECTION("agent", "The agent itself", agent_fields),
    SECTION("api", "Doors for people and scripts", api_fields),
    SECTION("metrics", "The door for Prometheus", metrics_fields),
    SECTION("jobs", "Retention of jobs", jobs_fields),
    SECTION("events", "Retention of events", events_fields),
    SECTION("policy", "Who may do what", policy_fields),
    RULES("schedules", "Actions at times", schedule_fields),
    RULES("triggers", "Actions on events", trigger_fields),
    SECTION("plugins", "A section for each plugin", NULL),
    NULL};

static const c138_field *const common[] = {
    C138_FIELD(.name = "enabled", .type = C138_T_BOOL, .default_text = "true",
               .summary = "Whether the plugin runs on this host"),
    C138_FIELD(.name = "mode", .type = C138_T_ENUM, .default_text = "worker",
               .choices = C138_TEXTS("worker", "thread"),
               .summary = "In a process of its own, or in a thread of the agent"),
    C138_FIELD(.name = "grants", .type = C138_T_LIST,
               .summary = "Services that it gets; left out: all but process",
               .fields = C138_FIELDS(
                   C138_FIELD(.name = "service", .type = C138_T_ENUM, .summary = "A service",
                              .choices = C138_TEXTS("bus", "call", "kv", "timer", "metrics",
                                                    "secret", "process")))),
    C138_FIELD(.name = "programs", .type = C138_T_LIST, .max_text = "64",
               .summary = "Programs that it may start",
               .fields = C138_FIELDS(
                   C138_FIELD(.name = "program", .type = C138_T_PATH, .summary = "Absolute path"))),
    C138_FIELD(.name = "memory_max", .type = C138_T_SIZE, .default_text = "256MiB",
               .min_text = "16MiB", .summary = "Its worker is killed above this"),
    C138_FIELD(.name = "callback_timeout", .type = C138_T_DURATION, .default_text = "10s",
               .min_text = "100ms", .max_text = "1h",
               .summary = "A callback that takes longer counts as hung"),
    C138_FIELD(.name = "mailbox", .type = C138_T_UINT, .default_text = "4096", .min_text = "16",
               .max_text = "1000000", .summary = "Events that may wait for it"),
    C138_FIELD(.name = "keep_rate", .type = C138_T_DECIMAL, .default_text = "100",
               .min_text = "0.1", .max_text = "100000",
               .summary = "Kept events a second that it may publish"),
    C138_FIELD(.name = "kv_max", .type = C138_T_SIZE, .default_text = "16MiB", .min_text = "4KiB",
               .max_text = "1GiB", .summary = "Bytes of durable state"),
    C138_FIELD(.name = "metrics_listen", .type = C138_T_STRING, .default_text = "",
               .max_text = "64", .summary = "Address and port for this plugin's metrics alone"),
    NULL};

const c138_plugin config_sections_table = {C138_SIZED(c138_plugin),
                                           .abi_major = C138_ABI_MAJOR,
                                           .abi_minor = C138_ABI_MINOR,
                                           .name = "config",
                                           .version = "1",
                                           .summary = "Sections of the config",
                                           .license = "Apache-2.0",
                                           .settings = sections};
const c138_plugin config_common_table = {C138_SIZED(c138_plugin),
                                         .abi_major = C138_ABI_MAJOR,
                                         .abi_minor = C138_ABI_MINOR,
                                         .name = "plugins",
                                         .version = "1",
                                         .summary = "Common members of plugins",
                                         .license = "Apache-2.0",
                                         .settings = common};
