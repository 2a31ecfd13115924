#include "stack.h"
#include "rolling.h"

#include <base/mem.h>
#include <base/when.h>

#include <string.h>

#define TIMER_LOOK 1u
#define TIMER_SAMPLE 2u

C138_PLUGIN_NOTE("stack", "0.1.0", C138_PLUGIN_SPAWNS);

/* --- Fields that several actions share ------------------------------------------------------- */

#define STR(n, s, ...)                                                                             \
    C138_FIELD(.name = n, .type = C138_T_STRING, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define UINT(n, s) C138_FIELD(.name = n, .type = C138_T_UINT, .summary = s)
#define INT(n, s) C138_FIELD(.name = n, .type = C138_T_INT, .summary = s)
#define BYTES(n, s) C138_FIELD(.name = n, .type = C138_T_UINT, .unit = "bytes", .summary = s)
#define NUMBER(n, u, s) C138_FIELD(.name = n, .type = C138_T_DECIMAL, .unit = u, .summary = s)
#define YES(n, s, ...)                                                                             \
    C138_FIELD(.name = n, .type = C138_T_BOOL, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define TIME(n, s) C138_FIELD(.name = n, .type = C138_T_TIME, .summary = s)
#define ROWS(n, s, ...)                                                                            \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s,                                       \
               .fields = C138_FIELDS(C138_FIELD(.name = "row", .type = C138_T_OBJECT,              \
                                                .summary = "One row",                              \
                                                .fields = C138_FIELDS(__VA_ARGS__))))
#define TEXTS(n, s)                                                                                \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s,                                       \
               .fields = C138_FIELDS(STR("text", "One")))
#define OBJECT(n, s, ...)                                                                          \
    C138_FIELD(.name = n, .type = C138_T_OBJECT, .summary = s, .fields = C138_FIELDS(__VA_ARGS__))
#define SERVICES                                                                                   \
    C138_FIELD(.name = "services", .type = C138_T_LIST, .flags = C138_FIELD_POSITIONAL,            \
               .max_text = "64", .complete = "stack.ps#service",                                   \
               .summary = "Which services; without any: all",                                      \
               .fields = C138_FIELDS(STR("service", "Its name", .max_text = "63")))
#define SERVICE STR("service", "The service")
#define TEXT STR("text", "What a person needs to know")
#define STATE                                                                                      \
    C138_FIELD(.name = "state", .type = C138_T_ENUM,                                               \
               .choices = C138_TEXTS("unknown", "running", "starting", "stopped", "failed",        \
                                     "restarting", "paused", "absent"),                            \
               .summary = "What the engine says")
#define ROLE                                                                                       \
    C138_FIELD(.name = "role", .type = C138_T_ENUM,                                                \
               .choices = C138_TEXTS("other", "validator", "rpc", "boot", "tessera", "database",   \
                                     "monitoring"),                                                \
               .summary = "What it is for")
#define MINUTES(n) ((n)*60 * C138_NS_PER_S)
#define CHANGES .lock = "stack"

/* --- Actions --------------------------------------------------------------------------------- */

static const c138_action ps_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = C138_ACTION_LONG,
    .name = "ps",
    .summary = "The services of this host, and how they are",
    .example = "",
    .timeout_ns = MINUTES(1),
    .results = C138_FIELDS(ROWS(
        "services", "One row for each instance", SERVICE, ROLE, STATE,
        STR("health", "What its own check says; left out where it has none"),
        TIME("since", "Since when it runs"), UINT("restarts", "How often the engine restarted it"),
        INT("exit_code", "With what it ended"),
        YES("out_of_memory", "It was killed for its memory"),
        STR("instance", "Container, unit or pod"), STR("image", "As it was asked for"),
        STR("digest", "What runs"), TEXT)),
    .run = stack_ps_run,
};

static const c138_action pins_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "pins",
    .summary = "Which images upgrades pinned, by digest",
    .example = "",
    .results = C138_FIELDS(ROWS("pins", "One row for each service that was upgraded", SERVICE,
                                STR("image", "What it runs"),
                                TEXTS("environment", "Variables beside those of its own file"))),
    .run = stack_pins_run,
};

static const c138_action logs_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_LONG,
    .name = "logs",
    .summary = "What services wrote, in one time line",
    .help =
        "The newest lines of all the services together, oldest first. --watch goes on for so "
        "long and tells each new line at once in the job's log; --since with the \"next\" of an "
        "earlier answer goes on where that ended.",
    .example = "--last 10m --tail 200 besu-1 tessera-1",
    .timeout_ns = MINUTES(70),
    .params = C138_FIELDS(
        SERVICES, TIME("since", "Only what is newer"), TIME("until", "Only what is older"),
        C138_FIELD(.name = "last", .type = C138_T_DURATION, .summary = "Only the last so long"),
        C138_FIELD(.name = "tail", .type = C138_T_UINT, .default_text = "100", .max_text = "20000",
                   .summary = "At most so many of the newest lines; 0: all"),
        STR("grep", "Only lines that hold this text", .max_text = "255"),
        C138_FIELD(.name = "watch", .type = C138_T_DURATION, .default_text = "0s", .max_text = "1h",
                   .summary = "Wait so long for more")),
    .results = C138_FIELDS(ROWS("lines", "The lines", TIME("time", "When it was written"), SERVICE,
                                STR("instance", "Container, unit or pod"),
                                YES("error", "It went to standard error"), STR("text", "The line")),
                           YES("cut", "There was more than fits"), TIME("next", "Where to go on")),
    .run = stack_logs_run,
};

static const c138_action verify_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = C138_ACTION_LONG,
    .name = "verify",
    .summary = "Whether services do their job",
    .help = "\"running\" is only the first question. Then, as far as the config knows of it: the "
            "port takes connections, the health address answers, the metrics are metrics, the node "
            "is in sync, and its head moves. On a halted chain all but the last two say yes.",
    .example = "",
    .timeout_ns = MINUTES(5),
    .params = C138_FIELDS(SERVICES, C138_FIELD(.name = "within", .type = C138_T_DURATION,
                                               .default_text = "15s", .max_text = "2m",
                                               .summary = "How long a head may take to move")),
    .results = C138_FIELDS(ROWS("checks", "One row for each question", SERVICE,
                                C138_FIELD(.name = "check", .type = C138_T_ENUM,
                                           .choices = C138_TEXTS("engine", "port", "health",
                                                                 "metrics", "sync", "head"),
                                           .summary = "What was asked"),
                                YES("ok", "It is well"), TEXT),
                           YES("ok", "All are well"), TEXT),
    .run = stack_verify_run,
};

static const c138_action resources_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .flags = C138_ACTION_LONG,
    .name = "resources",
    .summary = "Processor, memory and disks, with the time until a disk is full",
    .help =
        "The forecast rests on samples of up to a week and takes the median of their slopes, so "
        "that a backup that came and went changes little.",
    .example = "",
    .timeout_ns = MINUTES(2),
    .results = C138_FIELDS(
        OBJECT("host", "The host as a whole", UINT("processors", "Processors that are on"),
               NUMBER("cpu_percent", "%", "Busy, of all processors"),
               NUMBER("load", NULL, "Load of the last minute"), BYTES("memory_bytes", "Memory"),
               BYTES("memory_available_bytes", "What programs may still take"),
               BYTES("swap_used_bytes", "Swapped out")),
        ROWS("disks", "File systems", STR("folder", "A folder on it"),
             BYTES("size_bytes", "Its size"), BYTES("used_bytes", "Used"),
             BYTES("left_bytes", "What may still be written"), NUMBER("used_percent", "%", "Used"),
             NUMBER("inodes_used_percent", "%", "Files, of those it can hold"),
             UINT("samples", "On which the forecast rests"),
             C138_FIELD(.name = "growth_bytes_per_day", .type = C138_T_INT, .unit = "bytes",
                        .summary = "Growth in a day"),
             NUMBER("days_left", "d", "Until it is full"), TIME("full_at", "When it is full"),
             TEXT),
        ROWS("services", "What each instance takes", SERVICE, STATE,
             NUMBER("cpu_percent", "%", "Of one processor"),
             BYTES("memory_bytes", "Memory, without cache that it may give back"),
             BYTES("memory_limit_bytes", "Its limit")),
        TEXT),
    .run = stack_resources_run,
};

#define DONE C138_FIELDS(ROWS("services", "How they are now", SERVICE, STATE, TEXT))

static const c138_action up_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_LONG | C138_ACTION_IDEMPOTENT,
    .name = "up",
    .summary = "Make and start services in the order of their dependencies",
    .help = "What runs is not touched, also where its file changed: stack restart --recreate takes "
            "that over, one service after the other.",
    .example = "",
    CHANGES,
    .timeout_ns = MINUTES(20),
    .params = C138_FIELDS(SERVICES),
    .results = DONE,
    .run = stack_up_run,
};

static const c138_action down_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_DANGEROUS,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_LONG | C138_ACTION_IDEMPOTENT | C138_ACTION_DRY_RUN,
    .name = "down",
    .summary = "Stop all services and take them away; their data stays",
    .help = "The plan says how many validators go, and whether the chain stands without them.",
    .example = "",
    CHANGES,
    .timeout_ns = MINUTES(20),
    .results =
        C138_FIELDS(ROWS("services", "Those that go, or how they are now", SERVICE, STATE, TEXT),
                    YES("chain_stands", "Too few validators are left: no more blocks"), TEXT),
    .run = stack_down_run,
};

static const c138_action start_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_LONG | C138_ACTION_IDEMPOTENT,
    .name = "start",
    .summary = "Start services that were stopped",
    .example = "besu-1",
    CHANGES,
    .timeout_ns = MINUTES(20),
    .params = C138_FIELDS(SERVICES),
    .results = DONE,
    .run = stack_start_run,
};

static const c138_action stop_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_LONG | C138_ACTION_IDEMPOTENT,
    .name = "stop",
    .summary = "Stop services; a validator only while quorum remains",
    .example = "tessera-1",
    CHANGES,
    .timeout_ns = MINUTES(60),
    .params = C138_FIELDS(SERVICES),
    .results = DONE,
    .run = stack_stop_run,
};

static const c138_action pull_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_LONG | C138_ACTION_IDEMPOTENT,
    .name = "pull",
    .summary = "Fetch images; what runs is not touched",
    .example = "--image hyperledger/besu:26.8.0",
    CHANGES,
    .timeout_ns = MINUTES(20),
    .params =
        C138_FIELDS(SERVICES, STR("image", "An image that no service names yet, for an upgrade",
                                  .max_text = "255")),
    .results = C138_FIELDS(STR("digest", "By which it is pinned"), TEXT),
    .run = stack_pull_run,
};

static const c138_action restart_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_LONG | C138_ACTION_IDEMPOTENT,
    .name = "restart",
    .summary = "Restart services one after the other, each back before the next",
    .help = "A validator is restarted only while quorum remains without it, and the next service "
            "is touched only when it is in sync again and has proposed a block. Validators come "
            "last. A restart that was interrupted goes on where it was.",
    .example = "besu-1 besu-2",
    CHANGES,
    .timeout_ns = MINUTES(24 * 60),
    .params = C138_FIELDS(SERVICES, YES("recreate", "Made anew as the compose file says now",
                                        .default_text = "false")),
    .results = C138_FIELDS(TEXTS("services", "In this order"), TEXT),
    .run = stack_restart_run,
};

static const c138_action upgrade_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_DANGEROUS,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_LONG | C138_ACTION_IDEMPOTENT | C138_ACTION_DRY_RUN,
    .name = "upgrade",
    .summary = "Another image, one service after the other, back if one does not come back",
    .help =
        "The image must be on the host (stack pull --image); it is pinned by its digest. Refused "
        "is what would stop the chain, a version that takes away what the config uses, and a "
        "version older than what runs. Over Besu 26.5.0 validators of both sides understand "
        "each other only in the old form of messages: the plan has it, and the full stop at its "
        "end. A service that does not come back gets its old image again, and so do those "
        "before it.",
    .example = "--image hyperledger/besu:26.8.0",
    CHANGES,
    .timeout_ns = MINUTES(24 * 60),
    .params = C138_FIELDS(
        SERVICES, STR("image", "What to run", .max_text = "255"),
        STR("besu_version", "Its version of Besu, where neither label nor tag tells",
            .max_text = "31"),
        YES("finish", "Only the last step over 26.5.0: the full stop without the old form",
            .default_text = "false")),
    .results = C138_FIELDS(
        ROWS("services", "In this order", SERVICE, ROLE, STR("from", "Version that runs"),
             STR("image", "What it was asked to run"), STR("digest", "What runs")),
        STR("image", "The new one"), STR("digest", "By which it is pinned"),
        STR("version", "Its version"),
        YES("legacy_encoding", "New validators speak the old form for a while"),
        YES("full_stop", "At the end all validators stop at once"),
        UINT("validators", "Size of the set"), UINT("quorum", "Validators that a block needs"),
        TEXTS("stages", "What is done"), STR("no_return", "From where there is no easy way back"),
        TEXT),
    .run = stack_upgrade_run,
};

static const c138_action rotate_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_LONG | C138_ACTION_DRY_RUN,
    .name = "rotate-logs",
    .summary = "Set log files aside that are too large, and empty them in place",
    .example = "--force",
    .lock = "stack-logs",
    .timeout_ns = MINUTES(60),
    .params = C138_FIELDS(YES("force", "Whatever their size", .default_text = "false")),
    .results = C138_FIELDS(ROWS("files", "Which", STR("file", "The log"),
                                STR("rotated", "Where its lines are"), BYTES("bytes", "Its size")),
                           UINT("rotated", "How many"), BYTES("bytes", "In all")),
    .run = stack_rotate_run,
};

static const c138_action archive_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_LONG | C138_ACTION_DRY_RUN | C138_ACTION_IDEMPOTENT,
    .name = "archive-logs",
    .summary = "Compress closed log files, read them back, then remove them",
    .example = "",
    .lock = "stack-logs",
    .timeout_ns = MINUTES(240),
    .results = C138_FIELDS(
        ROWS("files", "Which", STR("file", "The closed log"), STR("archive", "Where it is now"),
             BYTES("bytes", "Its size"), BYTES("archive_bytes", "Compressed"),
             STR("sha256", "Of what was in it, as it reads back")),
        UINT("archived", "How many"), BYTES("bytes", "In all"),
        BYTES("archive_bytes", "Compressed"), UINT("removed", "Old archives that went")),
    .run = stack_archive_run,
};

static const c138_action init_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_CUSTODIAN,
    .flags = C138_ACTION_LONG,
    .name = "init",
    .summary = "Write a network that runs, from nothing",
    .help =
        "Keys, genesis, static nodes, allowlists, Tessera with PostgreSQL, Prometheus, "
        "Alertmanager, Grafana, a compose file over all, logrotate, and the agent's own conf.d, "
        "into a new folder below init_dir. Nothing is started. Secrets lie in files that only "
        "their owner reads; none is shown.",
    .example = "mynet --validators 4 --accounts 0x00000000000000000000000000000000000000A1",
    .lock = "stack-init",
    .timeout_ns = MINUTES(5),
    .params = C138_FIELDS(
        STR("name", "Name of the network, its project and its folder",
            .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL, .min_text = "1",
            .max_text = "40"),
        C138_FIELD(.name = "validators", .type = C138_T_UINT, .default_text = "4", .min_text = "4",
                   .max_text = "16", .summary = "How many validators"),
        C138_FIELD(.name = "chain_id", .type = C138_T_UINT, .default_text = "138", .min_text = "1",
                   .summary = "Chain id"),
        C138_FIELD(.name = "block_period", .type = C138_T_DURATION, .default_text = "2s",
                   .min_text = "1s", .max_text = "60s", .summary = "Time between blocks"),
        STR("subnet", "First three numbers of the nodes' addresses", .default_text = "172.31.138",
            .max_text = "11"),
        STR("besu_version", "Tag of Besu's image", .default_text = "25.5.0", .max_text = "40"),
        STR("tessera_version", "Tag of Tessera's image", .default_text = "24.4.2",
            .max_text = "40"),
        C138_FIELD(.name = "jdbc_driver", .type = C138_T_PATH,
                   .default_text = "/usr/share/java/postgresql.jar",
                   .summary = "Driver for PostgreSQL, which Tessera's image does not have: a jar, "
                              "as of Debian's libpostgresql-jdbc-java"),
        YES("privacy",
            "The node for users sends private transactions through Tessera (Besu to "
            "25.5.0)",
            .default_text = "true"),
        C138_FIELD(.name = "accounts", .type = C138_T_LIST, .max_text = "64",
                   .summary = "Accounts that may send",
                   .fields = C138_FIELDS(
                       C138_FIELD(.name = "account", .type = C138_T_ADDRESS, .summary = "One"))),
        C138_FIELD(.name = "alert_url", .type = C138_T_URL,
                   .summary = "Where Alertmanager sends alerts")),
    .results = C138_FIELDS(
        STR("folder", "Where it is"), UINT("files", "How many were written"),
        ROWS("nodes", "The nodes", STR("name", "Its name"), ROLE,
             C138_FIELD(.name = "address", .type = C138_T_ADDRESS, .summary = "Account of its key"),
             STR("enode", "Under which others reach it")),
        STR("tessera_key", "Tessera's public key"), TEXT),
    .run = stack_init_run,
};

static const c138_action *const actions[] = {
    &ps_action,     &verify_action,  &resources_action, &logs_action,
    &pins_action,   &up_action,      &down_action,      &start_action,
    &stop_action,   &restart_action, &pull_action,      &upgrade_action,
    &rotate_action, &archive_action, &init_action,      NULL,
};

/* --- Events and metrics ---------------------------------------------------------------------- */

#define SERVICE_EVENT(t, sev, s)                                                                   \
    C138_EVENT(.topic = t, .flags = C138_EVENT_KEEP, .severity = sev, .summary = s,                \
               .fields =                                                                           \
                   C138_FIELDS(SERVICE, STATE, INT("exit_code", "With what it ended"), TEXT))

static const c138_event *const events[] = {
    SERVICE_EVENT("stack.service-down", C138_SEVERITY_CRITICAL, "A service does not run"),
    SERVICE_EVENT("stack.service-up", C138_SEVERITY_INFO, "A service runs again"),
    SERVICE_EVENT("stack.service-restarted", C138_SEVERITY_WARNING,
                  "A service ended and the engine started it again"),
    SERVICE_EVENT("stack.out-of-memory", C138_SEVERITY_CRITICAL,
                  "A service was killed for its memory"),
    C138_EVENT(.topic = "stack.engine-down", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_CRITICAL,
               .summary = "What runs the services does not answer", .fields = C138_FIELDS(TEXT)),
    C138_EVENT(.topic = "stack.disk-filling", .flags = C138_EVENT_KEEP,
               .severity = C138_SEVERITY_WARNING, .summary = "A disk will be full soon",
               .fields = C138_FIELDS(STR("folder", "A folder on it"),
                                     BYTES("left_bytes", "What may still be written"),
                                     C138_FIELD(.name = "growth_bytes_per_day", .type = C138_T_INT,
                                                .unit = "bytes", .summary = "Growth in a day"),
                                     TEXT)),
    C138_EVENT(.topic = "stack.upgraded", .flags = C138_EVENT_KEEP, .severity = C138_SEVERITY_INFO,
               .summary = "A service runs another image",
               .fields = C138_FIELDS(SERVICE, STR("digest", "What runs"),
                                     STR("from", "Version before"), STR("to", "Version now"))),
    NULL,
};

#define GAUGE(n, h, ...)                                                                           \
    C138_METRIC(.type = C138_METRIC_GAUGE, .name = "chain138_stack_" n,                            \
                .help = h __VA_OPT__(, .labels = C138_TEXTS(__VA_ARGS__)))

static const c138_metric *const metrics[] = {
    GAUGE("engine_up", "1 if what runs the services answers"),
    GAUGE("service_up", "1 if the service runs and is not unhealthy", "service"),
    GAUGE("service_restarts", "How often the engine restarted it", "service"),
    GAUGE("disk_left_bytes", "What may still be written", "folder"),
    GAUGE("disk_full_seconds",
          "Until the disk is full; -1: it does not fill, or too little is "
          "known",
          "folder"),
    NULL,
};

/* --- Life ------------------------------------------------------------------------------------ */

static c138_status create(const c138_host *host, void **ret_self) {
    struct stack *s = c138_xcalloc(1, sizeof(*s));
    s->host = host;
    (void)pthread_mutex_init(&s->lock, NULL);
    *ret_self = s;
    return C138_OK;
}

static c138_status prepare(void *self, c138_call *settings) {
    return stack_settings_prepare(self, settings);
}

static void commit(void *self, uint32_t apply) {
    stack_settings_commit(self, apply);
}

static c138_status start(void *self) {
    struct stack *s = self;
    struct c138_err err = {0};
    s->bus = s->host->get_extension(s->host, C138_EXT_BUS);
    s->caller = s->host->get_extension(s->host, C138_EXT_CALL);
    s->kv = s->host->get_extension(s->host, C138_EXT_KV);
    s->timers = s->host->get_extension(s->host, C138_EXT_TIMER);
    s->metrics = s->host->get_extension(s->host, C138_EXT_METRICS);
    c138_status status = rolling_open(s, &err);
    if (status >= 0)
        status = pins_load(s, &err);
    if (status < 0) {
        s->host->log(s->host, C138_LOG_ERROR, err.text);
        return status;
    }
    stack_samples_load(s);
    if (!s->timers) {
        s->host->log(s->host, C138_LOG_WARNING,
                     "stack: the service \"timer\" is not granted: no events and no forecast: add "
                     "it to grants");
        return C138_OK;
    }
    (void)s->timers->start(s->host, TIMER_LOOK, 0, s->settings.poll_ns);
    (void)s->timers->start(s->host, TIMER_SAMPLE, 0, s->settings.sample_ns);
    return C138_OK;
}

static void timer(void *self, uint64_t id) {
    if (id == TIMER_LOOK)
        stack_look(self);
    else if (id == TIMER_SAMPLE)
        stack_sample(self);
}

static void stop(void *self) {
    struct stack *s = self;
    if (!s->timers)
        return;
    s->timers->cancel(s->host, TIMER_LOOK);
    s->timers->cancel(s->host, TIMER_SAMPLE);
}

static void destroy(void *self) {
    struct stack *s = self;
    stack_settings_commit(s, 0);
    stack_settings_commit(s, 1);
    rolling_close(s);
    pins_free(s);
    for (size_t i = 0; i < s->n_watched; i++)
        free(s->watched[i].service);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

static const void *get_extension(void *self, const char *id) {
    static const c138_health health = {C138_SIZED(c138_health), .health = stack_health};
    static const c138_status_ext status = {C138_SIZED(c138_status_ext),
                                           .status = stack_status_rows};
    (void)self;
    if (strcmp(id, C138_EXT_HEALTH) == 0)
        return &health;
    return strcmp(id, C138_EXT_STATUS) == 0 ? &status : NULL;
}

static const c138_plugin plugin = {
    C138_SIZED(c138_plugin),
    .abi_major = C138_ABI_MAJOR,
    .abi_minor = C138_ABI_MINOR,
    .name = "stack",
    .version = "0.1.0",
    .summary = "Looks after the services of this host: containers, units or pods",
    .license = "Apache-2.0",
    .settings = stack_setting_fields,
    .actions = actions,
    .events = events,
    .metrics = metrics,
    .create = create,
    .prepare = prepare,
    .commit = commit,
    .start = start,
    .timer = timer,
    .stop = stop,
    .destroy = destroy,
    .get_extension = get_extension,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
