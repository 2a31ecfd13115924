#include "stack.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

#define RESTART .flags = C138_FIELD_RESTART
#define TEXT(n, s, ...) C138_FIELD(.name = n, .type = C138_T_STRING, .summary = s, __VA_ARGS__)
#define PATH(n, s, ...) C138_FIELD(.name = n, .type = C138_T_PATH, .summary = s, __VA_ARGS__)
#define SPAN(n, s, d, least, most)                                                                 \
    C138_FIELD(.name = n, .type = C138_T_DURATION, RESTART, .default_text = d, .min_text = least,  \
               .max_text = most, .summary = s)
#define MAX63 .max_text = "63"

static const char *const role_names[] = {"other",   "validator", "rpc",        "boot",
                                         "tessera", "database",  "monitoring", NULL};

const char *role_name(enum role role) {
    return role_names[role];
}

static const c138_field *const service_members[] = {
    TEXT("name", "The service: what the compose file, the unit or the workload is called",
         .flags = C138_FIELD_REQUIRED, .min_text = "1", MAX63),
    C138_FIELD(.name = "role", .type = C138_T_ENUM, .default_text = "other", .choices = role_names,
               .summary = "What it is for; validators are stopped only while quorum remains"),
    TEXT("node", "Its name in the besu plugin, for sync and consensus", MAX63),
    C138_FIELD(.name = "validator", .type = C138_T_ADDRESS,
               .summary = "Its address as a validator, where its node does not tell"),
    TEXT("port", "Address and port that must take connections, as 127.0.0.1:8545",
         .max_text = "255"),
    C138_FIELD(.name = "health_url", .type = C138_T_URL,
               .summary = "An address that answers 2xx when it is well"),
    C138_FIELD(.name = "metrics_url", .type = C138_T_URL,
               .summary = "Where it serves metrics for Prometheus"),
    TEXT("unit", "systemd: its unit; without it NAME.service", .max_text = "255"),
    TEXT("workload", "Kubernetes: as statefulset/validator-1; without it deployment/NAME",
         .max_text = "255"),
    PATH("config_file", "Besu's config.toml, for what an upgrade takes away"),
    NULL,
};

static const c138_field *const log_members[] = {
    PATH("folder", "Folder with log files", .flags = C138_FIELD_REQUIRED | C138_FIELD_WRITABLE),
    TEXT("pattern", "Which files of it, as *.log", .default_text = "*.log", .max_text = "127"),
    TEXT("service", "Whose they are", MAX63),
    C138_FIELD(.name = "max_size", .type = C138_T_SIZE, .default_text = "100MiB",
               .min_text = "4KiB", .summary = "A file is rotated when it is larger"),
    C138_FIELD(.name = "closed_after", .type = C138_T_DURATION, .default_text = "10m",
               .max_text = "30d",
               .summary = "A rotated file is archived when it did not change for so long"),
    C138_FIELD(.name = "keep", .type = C138_T_DURATION, .default_text = "90d", .max_text = "520w",
               .summary = "Archives older than this are removed; 0s: never"),
    NULL,
};

const c138_field *const stack_setting_fields[] = {
    C138_FIELD(.name = "driver", .type = C138_T_ENUM, RESTART, .default_text = "compose",
               .choices = C138_TEXTS("compose", "systemd", "kubernetes"),
               .summary = "What runs the services of this host"),
    PATH("socket", "compose: the engine's socket; one of a filtering proxy works too", RESTART,
         .default_text = "/run/docker.sock"),
    TEXT("project", "compose: name of the project", RESTART, .default_text = "chain138", MAX63),
    PATH("project_dir", "compose: folder of the project", RESTART, .default_text = "/opt/chain138"),
    C138_FIELD(.name = "files", .type = C138_T_LIST, RESTART, .max_text = "8",
               .summary = "compose: its files; without any docker-compose.yml of the folder",
               .fields = C138_FIELDS(PATH("file", "One file"))),
    PATH("compose_program",
         "compose: docker (its plugin is used) or docker-compose; without it "
         "what is found; it must stand in programs",
         RESTART),
    TEXT("bus_address", "systemd: address of the bus; without it the system's", RESTART,
         .max_text = "255"),
    PATH("journal_dir", "systemd: folder of the journal; without it the host's", RESTART),
    PATH("kubectl", "kubernetes: the program; it must stand in programs", RESTART,
         .default_text = "/usr/bin/kubectl"),
    PATH("kubeconfig", "kubernetes: its config", RESTART),
    TEXT("context", "kubernetes: context of that config", RESTART, .max_text = "253"),
    TEXT("namespace", "kubernetes: namespace of the services", RESTART, .default_text = "default",
         MAX63),
    C138_FIELD(.name = "read_only", .type = C138_T_BOOL, RESTART, .default_text = "false",
               .summary = "Only look: nothing is started, stopped or changed"),
    C138_FIELD(.name = "services", .type = C138_T_LIST, RESTART, .max_text = "64",
               .summary = "What is known of the services; those that are not here are still listed",
               .fields =
                   C138_FIELDS(C138_FIELD(.name = "service", .type = C138_T_OBJECT,
                                          .summary = "One service", .fields = service_members))),
    C138_FIELD(.name = "disks", .type = C138_T_LIST, RESTART, .max_text = "16",
               .summary = "Folders whose file systems are watched; without any: / and the agent's",
               .fields = C138_FIELDS(PATH("folder", "One folder"))),
    C138_FIELD(.name = "logs", .type = C138_T_LIST, RESTART, .max_text = "32",
               .summary = "Log files to rotate and archive",
               .fields = C138_FIELDS(C138_FIELD(.name = "log", .type = C138_T_OBJECT,
                                                .summary = "One folder", .fields = log_members))),
    PATH("archive_dir", "Where archived logs go; without it beside them, in archive/",
         .flags = C138_FIELD_RESTART | C138_FIELD_WRITABLE),
    PATH("init_dir", "Where stack init may write a network; without it in the plugin's own folder",
         .flags = C138_FIELD_RESTART | C138_FIELD_WRITABLE),
    PATH("proc_dir", "Where the kernel tells of processor and memory", RESTART,
         .default_text = "/proc"),
    SPAN("poll_interval", "How often the services are looked at", "10s", "200ms", "1h"),
    SPAN("sample_interval", "How often the disks are sampled for the forecast", "5m", "1s", "1d"),
    SPAN("disk_warn", "An event when a disk would be full sooner than this", "7d", "1m", "52w"),
    SPAN("timeout", "Longest wait for one answer of the engine", "5s", "100ms", "5m"),
    SPAN("stop_grace", "From the polite signal to the hard one", "60s", "1s", "30m"),
    SPAN("step_timeout", "How long a service may take until it is back, in a rolling change", "10m",
         "1s", "12h"),
    SPAN("settle", "How long a validator that is late may take to show up before a rolling change",
         "1m", "0s", "1h"),
    NULL,
};

/* --- Reading --------------------------------------------------------------------------------- */

static void service_clear(struct service *x) {
    char *all[] = {x->name,       x->node,        x->validator,  x->port,
                   x->health_url, x->metrics_url, x->config_file};
    for (size_t i = 0; i < C138_COUNT(all); i++)
        free(all[i]);
}

static void engine_clear(struct driver_config *e) {
    char *all[] = {e->socket,      e->project, e->project_dir, e->compose_program, e->bus_address,
                   e->journal_dir, e->kubectl, e->kubeconfig,  e->context,         e->namespace_};
    for (size_t i = 0; i < C138_COUNT(all); i++)
        free(all[i]);
    for (size_t i = 0; i < e->n_files; i++)
        free(e->files[i]);
    for (size_t i = 0; i < e->n_names; i++) {
        free(e->names[i].service);
        free(e->names[i].unit);
        free(e->names[i].workload);
    }
}

static void clear(struct stack_settings *s) {
    engine_clear(&s->engine);
    for (size_t i = 0; i < s->n_services; i++)
        service_clear(&s->services[i]);
    for (size_t i = 0; i < s->n_disks; i++)
        free(s->disks[i]);
    for (size_t i = 0; i < s->n_logs; i++) {
        free(s->logs[i].folder);
        free(s->logs[i].pattern);
        free(s->logs[i].service);
    }
    free(s->archive_dir);
    free(s->init_dir);
    free(s->proc_dir);
    *s = (struct stack_settings){0};
}

/* A text of the settings; NULL if it is absent or empty. The caller frees it. */
static char *text_at(c138_call *settings, const char *path) {
    const char *text = c138_has(settings, path) ? c138_str(settings, path) : NULL;
    return text && *text ? c138_xstrdup(text) : NULL;
}

static char *member(c138_call *settings, const char *list, uint64_t i, const char *name) {
    char path[96];
    (void)snprintf(path, sizeof(path), "%s.%u%s%s", list, (unsigned)i, *name ? "." : "", name);
    return text_at(settings, path);
}

static c138_status refuse(c138_call *settings, const char *what, const char *why) {
    C138_FREE char *text = c138_xasprintf("%s: %s", what, why);
    return c138_fail(settings, C138_E_INVALID, "setting.invalid", text);
}

int stack_name_ok(const char *name) {
    return *name && strlen(name) < 64 && *name != '-' && *name != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@-") ==
               strlen(name);
}

static int choice(const char *text, const char *const *choices) {
    for (int i = 0; text && choices[i]; i++)
        if (!strcmp(text, choices[i]))
            return i;
    return 0;
}

static c138_status stage_service(struct stack_settings *s, c138_call *settings, uint64_t i) {
    struct service *x = &s->services[s->n_services++];
    C138_FREE char *role = member(settings, "services", i, "role");
    *x = (struct service){.name = member(settings, "services", i, "name"),
                          .role = (enum role)choice(role, role_names),
                          .node = member(settings, "services", i, "node"),
                          .validator = member(settings, "services", i, "validator"),
                          .port = member(settings, "services", i, "port"),
                          .health_url = member(settings, "services", i, "health_url"),
                          .metrics_url = member(settings, "services", i, "metrics_url"),
                          .config_file = member(settings, "services", i, "config_file")};
    if (!x->name || !stack_name_ok(x->name))
        return refuse(settings, "services",
                      "a name has letters, digits, \"_\", \".\", \"@\", "
                      "\"-\" and begins with a letter or digit");
    for (size_t k = 0; k + 1 < s->n_services; k++)
        if (!strcmp(s->services[k].name, x->name))
            return refuse(settings, x->name, "another service has this name: give each its own");
    if (x->port && !strrchr(x->port, ':'))
        return refuse(settings, x->name, "port is an address and a port, as 127.0.0.1:8545");
    struct driver_config *e = &s->engine;
    e->names[e->n_names].service = c138_xstrdup(x->name);
    e->names[e->n_names].unit = member(settings, "services", i, "unit");
    e->names[e->n_names++].workload = member(settings, "services", i, "workload");
    return C138_OK;
}

static c138_status stage_engine(struct stack_settings *s, c138_call *settings) {
    static const char *const kinds[] = {"compose", "systemd", "kubernetes", NULL};
    struct driver_config *e = &s->engine;
    C138_FREE char *kind = text_at(settings, "driver");
    e->kind = (enum driver_kind)choice(kind, kinds);
    e->socket = text_at(settings, "socket");
    e->project = text_at(settings, "project");
    e->project_dir = text_at(settings, "project_dir");
    e->compose_program = text_at(settings, "compose_program");
    e->bus_address = text_at(settings, "bus_address");
    e->journal_dir = text_at(settings, "journal_dir");
    e->kubectl = text_at(settings, "kubectl");
    e->kubeconfig = text_at(settings, "kubeconfig");
    e->context = text_at(settings, "context");
    e->namespace_ = text_at(settings, "namespace");
    e->read_only = c138_int(settings, "read_only") != 0;
    e->timeout_ns = c138_int(settings, "timeout");
    uint64_t n = c138_uint(settings, "files");
    for (uint64_t i = 0; i < n && i < C138_COUNT(e->files); i++)
        e->files[e->n_files++] = member(settings, "files", i, "");
    if (!n && e->project_dir)
        e->files[e->n_files++] = c138_path_join(e->project_dir, "docker-compose.yml");
    if (!e->project ||
        strspn(e->project, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(e->project) ||
        *e->project == '-')
        return refuse(settings, "project", "small letters, digits, \"_\" and \"-\"");
    return C138_OK;
}

static void stage_log(struct stack_settings *s, c138_call *settings, uint64_t i) {
    struct log_folder *l = &s->logs[s->n_logs++];
    char path[64];
    l->folder = member(settings, "logs", i, "folder");
    l->pattern = member(settings, "logs", i, "pattern");
    l->service = member(settings, "logs", i, "service");
    (void)snprintf(path, sizeof(path), "logs.%u.max_size", (unsigned)i);
    l->max_bytes = c138_uint(settings, path);
    (void)snprintf(path, sizeof(path), "logs.%u.keep", (unsigned)i);
    l->keep_ns = c138_int(settings, path);
    (void)snprintf(path, sizeof(path), "logs.%u.closed_after", (unsigned)i);
    l->closed_ns = c138_int(settings, path);
    if (!l->pattern)
        l->pattern = c138_xstrdup("*.log");
}

static void stage_disks(struct stack *k, struct stack_settings *s, c138_call *settings) {
    uint64_t n = c138_uint(settings, "disks");
    for (uint64_t i = 0; i < n && i < DISKS_MAX; i++)
        s->disks[s->n_disks++] = member(settings, "disks", i, "");
    if (!n) {
        s->disks[s->n_disks++] = c138_xstrdup("/");
        s->disks[s->n_disks++] = c138_xstrdup(k->host->state_dir);
    }
}

c138_status stack_settings_prepare(struct stack *k, c138_call *settings) {
    struct stack_settings *s = &k->staged;
    clear(s);
    s->poll_ns = c138_int(settings, "poll_interval");
    s->sample_ns = c138_int(settings, "sample_interval");
    s->disk_warn_ns = c138_int(settings, "disk_warn");
    s->grace_ns = c138_int(settings, "stop_grace");
    s->step_ns = c138_int(settings, "step_timeout");
    s->settle_ns = c138_int(settings, "settle");
    s->archive_dir = text_at(settings, "archive_dir");
    s->init_dir = text_at(settings, "init_dir");
    s->proc_dir = text_at(settings, "proc_dir");
    c138_status status = stage_engine(s, settings);
    for (uint64_t i = 0, n = c138_uint(settings, "services"); status >= 0 && i < n; i++)
        status = i < SERVICES_MAX ? stage_service(s, settings, i)
                                  : refuse(settings, "services", "at most 64");
    for (uint64_t i = 0, n = c138_uint(settings, "logs"); status >= 0 && i < n && i < LOGS_MAX; i++)
        stage_log(s, settings, i);
    stage_disks(k, s, settings);
    if (status < 0)
        clear(s);
    return status;
}

void stack_settings_commit(struct stack *s, uint32_t apply) {
    if (apply) {
        clear(&s->settings);
        s->settings = s->staged;
        s->staged = (struct stack_settings){0};
    } else {
        clear(&s->staged);
    }
}

const struct service *stack_service(const struct stack *s, const char *name) {
    for (size_t i = 0; i < s->settings.n_services; i++)
        if (!strcmp(s->settings.services[i].name, name))
            return &s->settings.services[i];
    return NULL;
}
