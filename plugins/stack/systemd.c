/*
 * systemd over D-Bus: org.freedesktop.systemd1 of the system's bus, and the journal's files.
 *
 * A unit is started, stopped and restarted by a job; that the job was taken says nothing, so its
 * JobRemoved signal is waited for. What a unit takes is asked of its control group through its
 * properties. Who is not root needs a rule of polkit for org.freedesktop.systemd1.manage-units.
 */
#include "driver.h"

#include <base/text.h>
#include <base/when.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-journal.h>

#define WHERE "org.freedesktop.systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define UNIT "org.freedesktop.systemd1.Unit"
#define SERVICE "org.freedesktop.systemd1.Service"
#define PATH "/org/freedesktop/systemd1"
#define TURN_NS (200 * C138_NS_PER_MS)
#define UNSET UINT64_MAX /* systemd's word for "not known" */

static void systemd_close(struct driver *d) {
    d->state = sd_bus_flush_close_unref(d->state);
}

static c138_status failed(struct driver *d, const char *what, int e, const sd_bus_error *said,
                          struct c138_err *err) {
    int denied =
        said && (sd_bus_error_has_name(said, SD_BUS_ERROR_ACCESS_DENIED) ||
                 sd_bus_error_has_name(said, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED));
    int unknown = said && (sd_bus_error_has_name(said, WHERE ".NoSuchUnit") ||
                           sd_bus_error_has_name(said, WHERE ".LoadFailed"));
    return c138_error(err,
                      denied    ? C138_E_DENIED
                      : unknown ? C138_E_NOTFOUND
                                : C138_E_UNAVAILABLE,
                      "engine.systemd", "systemd at %s: %s: %s%s",
                      d->config->bus_address ? d->config->bus_address : "the system's bus", what,
                      said && said->message ? said->message : strerror(-e),
                      denied ? ": give the agent's user a polkit rule for "
                               "org.freedesktop.systemd1.manage-units"
                             : "");
}

static c138_status connect_bus(struct driver *d, struct c138_err *err) {
    sd_bus *bus = NULL;
    int e = d->state ? 0 : sd_bus_new(&bus);
    if (d->state)
        return C138_OK;
    if (e >= 0)
        e = sd_bus_set_address(bus, d->config->bus_address
                                        ? d->config->bus_address
                                        : "unix:path=/run/dbus/system_bus_socket");
    if (e >= 0)
        e = sd_bus_set_bus_client(bus, 1);
    if (e >= 0)
        e = sd_bus_start(bus);
    if (e >= 0)
        (void)sd_bus_set_method_call_timeout(bus,
                                             (uint64_t)(d->config->timeout_ns / C138_NS_PER_US));
    d->state = bus;
    if (e < 0) {
        c138_status status = failed(d, "no connection", e, NULL, err);
        systemd_close(d);
        return status;
    }
    return C138_OK;
}

/* --- Units ----------------------------------------------------------------------------------- */

static c138_status unit_path(struct driver *d, const char *unit, char **ret_path,
                             struct c138_err *err) {
    sd_bus_error said = SD_BUS_ERROR_NULL;
    sd_bus_message *answer = NULL;
    const char *path = NULL;
    c138_status status = C138_OK;
    int e =
        sd_bus_call_method(d->state, WHERE, PATH, MANAGER, "LoadUnit", &said, &answer, "s", unit);
    if (e >= 0)
        e = sd_bus_message_read(answer, "o", &path);
    if (e < 0)
        status = failed(d, unit, e, &said, err);
    else
        *ret_path = c138_xstrdup(path);
    sd_bus_message_unref(answer);
    sd_bus_error_free(&said);
    return status;
}

/* "" where there is none. The caller frees it. */
static char *text_of(struct driver *d, const char *path, const char *face, const char *name) {
    char *text = NULL;
    (void)sd_bus_get_property_string(d->state, WHERE, path, face, name, NULL, &text);
    return text ? text : c138_xstrdup("");
}

static uint64_t number_of(struct driver *d, const char *path, const char *name) {
    uint64_t v = UNSET;
    (void)sd_bus_get_property_trivial(d->state, WHERE, path, SERVICE, name, NULL, 't', &v);
    return v;
}

static enum svc_state state_of(const char *active, const char *sub) {
    static const struct {
        const char *word;
        enum svc_state state;
    } all[] = {{"active", SVC_RUNNING},      {"reloading", SVC_RUNNING},
               {"inactive", SVC_STOPPED},    {"failed", SVC_FAILED},
               {"activating", SVC_STARTING}, {"deactivating", SVC_STOPPED},
               {"maintenance", SVC_STOPPED}};
    if (!strcmp(sub, "auto-restart"))
        return SVC_RESTARTING;
    for (size_t i = 0; i < C138_COUNT(all); i++)
        if (!strcmp(active, all[i].word))
            return all[i].state;
    return SVC_UNKNOWN;
}

static c138_status read_unit(struct driver *d, const char *service, struct svc *row,
                             struct c138_err *err) {
    char room[256];
    const char *unit = driver_unit(d->config, service, room, sizeof(room));
    C138_FREE char *path = NULL;
    uint64_t since = 0;
    uint32_t restarts = 0;
    int32_t exit_status = 0;
    c138_status status = unit_path(d, unit, &path, err);
    if (status < 0)
        return status;
    C138_FREE char *load = text_of(d, path, UNIT, "LoadState");
    C138_FREE char *active = text_of(d, path, UNIT, "ActiveState");
    C138_FREE char *sub = text_of(d, path, UNIT, "SubState");
    C138_FREE char *result = text_of(d, path, SERVICE, "Result");
    C138_FREE char *text = c138_xasprintf("%s (%s)", active, sub);
    (void)sd_bus_get_property_trivial(d->state, WHERE, path, UNIT, "ActiveEnterTimestamp", NULL,
                                      't', &since);
    (void)sd_bus_get_property_trivial(d->state, WHERE, path, SERVICE, "NRestarts", NULL, 'u',
                                      &restarts);
    (void)sd_bus_get_property_trivial(d->state, WHERE, path, SERVICE, "ExecMainStatus", NULL, 'i',
                                      &exit_status);
    svc_set(&row->service, service);
    svc_set(&row->instance, unit);
    svc_set(&row->id, path);
    svc_set(&row->text, text);
    row->state = !strcmp(load, "not-found") ? SVC_ABSENT : state_of(active, sub);
    if (row->state == SVC_RUNNING)
        row->started_ns = (int64_t)since * C138_NS_PER_US;
    row->restarts = restarts;
    row->exit_code = exit_status;
    row->oom = !strcmp(result, "oom-kill");
    return C138_OK;
}

static c138_status systemd_list(struct driver *d, struct svc_list *ret_list, struct c138_err *err) {
    c138_status status = connect_bus(d, err);
    for (size_t i = 0; status >= 0 && i < d->config->n_names; i++) {
        struct svc *row = svc_list_add(ret_list);
        status = row ? read_unit(d, d->config->names[i].service, row, err) : C138_E_LIMIT;
    }
    return status;
}

/* --- Jobs ------------------------------------------------------------------------------------ */

struct job {
    char *path, result[32];
    /* A job may end before the answer that names it was read: all that ended are kept. */
    struct {
        char path[128], result[32];
    } ended[16];
    size_t n_ended;
};

static int on_removed(sd_bus_message *m, void *user, sd_bus_error *error) {
    struct job *j = user;
    const char *path = NULL, *unit = NULL, *result = NULL;
    uint32_t id = 0;
    (void)error;
    if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0) {
        size_t i = j->n_ended++ % C138_COUNT(j->ended);
        (void)snprintf(j->ended[i].path, sizeof(j->ended[i].path), "%s", path);
        (void)snprintf(j->ended[i].result, sizeof(j->ended[i].result), "%s", result);
    }
    return 0;
}

static int is_ended(struct job *j) {
    for (size_t i = 0; i < C138_COUNT(j->ended); i++)
        if (j->path && !strcmp(j->ended[i].path, j->path)) {
            memcpy(j->result, j->ended[i].result, sizeof(j->result));
            return 1;
        }
    return 0;
}

static c138_status job_wait(struct driver *d, struct job *j, const char *unit, int64_t limit_ns,
                            struct c138_err *err) {
    int64_t end = c138_now_monotonic_ns() + limit_ns;
    while (!is_ended(j)) {
        int e = sd_bus_process(d->state, NULL);
        if (e == 0)
            e = sd_bus_wait(d->state, TURN_NS / C138_NS_PER_US);
        if (e < 0 && e != -EINTR)
            return failed(d, unit, e, NULL, err);
        if (driver_cancelled(d))
            return c138_error(err, C138_E_CANCELLED, "stack.cancelled",
                              "it was stopped while %s was worked on", unit);
        if (c138_now_monotonic_ns() > end)
            return c138_error(err, C138_E_TIMEOUT, "engine.systemd",
                              "systemd did not end its job on %s in time: see systemctl "
                              "list-jobs",
                              unit);
    }
    if (!strcmp(j->result, "done") || !strcmp(j->result, "skipped"))
        return C138_OK;
    return c138_error(err, C138_E_UNAVAILABLE, "engine.systemd",
                      "systemd's job on %s ended as \"%s\": see stack logs and systemctl status",
                      unit, j->result);
}

static c138_status begin_job(struct driver *d, const char *method, const char *unit, struct job *j,
                             struct c138_err *err) {
    sd_bus_error said = SD_BUS_ERROR_NULL;
    sd_bus_message *answer = NULL;
    const char *path = NULL;
    c138_status status = C138_OK;
    int e = sd_bus_call_method(d->state, WHERE, PATH, MANAGER, method, &said, &answer, "ss", unit,
                               "replace");
    if (e >= 0)
        e = sd_bus_message_read(answer, "o", &path);
    if (e < 0)
        status = failed(d, unit, e, &said, err);
    else
        j->path = c138_xstrdup(path);
    sd_bus_message_unref(answer);
    sd_bus_error_free(&said);
    return status;
}

static c138_status systemd_act(struct driver *d, enum driver_act act, const char *service,
                               int64_t grace_ns, struct c138_err *err) {
    static const char *const methods[] = {"StartUnit", "StopUnit", "RestartUnit"};
    char room[256];
    const char *unit = driver_unit(d->config, service, room, sizeof(room));
    struct job j = {0};
    sd_bus_slot *slot = NULL;
    c138_status status = driver_may_write(d, unit, err);
    if (status >= 0)
        status = connect_bus(d, err);
    if (status < 0)
        return status;
    (void)sd_bus_call_method(d->state, WHERE, PATH, MANAGER, "Subscribe", NULL, NULL, "");
    int e =
        sd_bus_match_signal(d->state, &slot, WHERE, PATH, MANAGER, "JobRemoved", on_removed, &j);
    if (e < 0)
        status = failed(d, "its signals", e, NULL, err);
    if (status >= 0)
        status = begin_job(d, methods[act], unit, &j, err);
    if (status >= 0)
        status = job_wait(d, &j, unit, grace_ns + 2 * 60 * C138_NS_PER_S, err);
    sd_bus_slot_unref(slot);
    free(j.path);
    return status;
}

static c138_status all_units(struct driver *d, const char *const *services, enum driver_act act,
                             struct c138_err *err) {
    c138_status status = C138_OK;
    if (services && services[0]) {
        for (size_t i = 0; status >= 0 && services[i]; i++)
            status = systemd_act(d, act, services[i], 60 * C138_NS_PER_S, err);
        return status;
    }
    for (size_t i = 0; status >= 0 && i < d->config->n_names; i++) {
        size_t at = act == ACT_STOP ? d->config->n_names - 1 - i : i;
        status = systemd_act(d, act, d->config->names[at].service, 60 * C138_NS_PER_S, err);
    }
    return status;
}

static c138_status systemd_up(struct driver *d, const char *const *services, struct c138_err *err) {
    return all_units(d, services, ACT_START, err);
}

static c138_status systemd_down(struct driver *d, struct c138_err *err) {
    return all_units(d, NULL, ACT_STOP, err);
}

static c138_status systemd_pull(struct driver *d, const char *const *services, const char *image,
                                struct c138_err *err) {
    (void)d, (void)services, (void)image;
    return c138_error(err, C138_E_UNSUPPORTED, "engine.systemd",
                      "services of systemd have no images: install packages instead");
}

/* --- Stats ----------------------------------------------------------------------------------- */

static c138_status systemd_stats(struct driver *d, const struct svc_list *list,
                                 struct svc_stats *stats, struct c138_err *err) {
    C138_FREE uint64_t *before = c138_xcalloc(list->count + 1, sizeof(*before));
    c138_status status = connect_bus(d, err);
    for (size_t i = 0; status >= 0 && i < list->count; i++)
        before[i] = number_of(d, list->rows[i].id, "CPUUsageNSec");
    int64_t began = c138_now_monotonic_ns();
    if (status >= 0)
        status = driver_sleep(d, C138_NS_PER_S, err);
    for (size_t i = 0; status >= 0 && i < list->count; i++) {
        const char *path = list->rows[i].id;
        uint64_t cpu = number_of(d, path, "CPUUsageNSec"),
                 memory = number_of(d, path, "MemoryCurrent"),
                 most = number_of(d, path, "MemoryMax");
        stats[i] = (struct svc_stats){.known = memory != UNSET,
                                      .memory_bytes = memory == UNSET ? 0 : memory,
                                      .memory_limit_bytes = most == UNSET ? 0 : most};
        if (cpu != UNSET && before[i] != UNSET && cpu >= before[i])
            stats[i].cpu_percent =
                (double)(cpu - before[i]) / (double)(c138_now_monotonic_ns() - began) * 100.0;
    }
    return status;
}

/* --- The journal ----------------------------------------------------------------------------- */

static char *field(sd_journal *j, const char *name) {
    const void *data = NULL;
    size_t length = 0, skip = strlen(name) + 1;
    if (sd_journal_get_data(j, name, &data, &length) < 0 || length < skip)
        return NULL;
    length -= skip;
    struct c138_json *clean = c138_json_new_strn((const char *)data + skip,
                                                 length < LOG_LINE_MAX ? length : LOG_LINE_MAX);
    char *text = c138_xstrdup(c138_json_as_str(clean, ""));
    c138_json_unref(clean);
    return text;
}

static int give(sd_journal *j, const char *service, const char *unit, uint64_t time_us,
                log_fn on_line, void *user) {
    C138_FREE char *text = field(j, "MESSAGE"), *priority = field(j, "PRIORITY");
    struct log_line line = {.time_ns = (int64_t)time_us * C138_NS_PER_US,
                            .service = service,
                            .instance = unit,
                            .text = text ? text : "",
                            .is_error = priority && *priority >= '0' && *priority <= '3'};
    return on_line(user, &line);
}

/* To the entry with which it begins; 0: there is none. */
static int seek(sd_journal *j, const struct log_ask *ask) {
    if (!ask->tail) {
        if (ask->since_ns)
            (void)sd_journal_seek_realtime_usec(j, (uint64_t)(ask->since_ns / C138_NS_PER_US));
        else
            (void)sd_journal_seek_head(j);
        return sd_journal_next(j) > 0;
    }
    if (ask->until_ns)
        (void)sd_journal_seek_realtime_usec(j, (uint64_t)(ask->until_ns / C138_NS_PER_US));
    else
        (void)sd_journal_seek_tail(j);
    return sd_journal_previous_skip(j, ask->tail) > 0;
}

static c138_status read_journal(sd_journal *j, const char *service, const char *unit,
                                const struct log_ask *ask, log_fn on_line, void *user) {
    C138_FREE char *match = c138_xasprintf("_SYSTEMD_UNIT=%s", unit);
    sd_journal_flush_matches(j);
    if (sd_journal_add_match(j, match, 0) < 0)
        return C138_E_INTERNAL;
    for (int more = seek(j, ask); more; more = sd_journal_next(j) > 0) {
        uint64_t us = 0;
        if (sd_journal_get_realtime_usec(j, &us) < 0)
            continue;
        int64_t ns = (int64_t)us * C138_NS_PER_US;
        if (ask->until_ns && ns > ask->until_ns)
            break;
        if (ns < ask->since_ns)
            continue;
        if (give(j, service, unit, us, on_line, user))
            break;
    }
    return C138_OK;
}

static c138_status systemd_logs(struct driver *d, const struct log_ask *ask, log_fn on_line,
                                void *user, struct c138_err *err) {
    sd_journal *j = NULL;
    int e = d->config->journal_dir ? sd_journal_open_directory(&j, d->config->journal_dir, 0)
                                   : sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY);
    c138_status status = C138_OK;
    if (e < 0)
        return c138_error(err, C138_E_UNAVAILABLE, "engine.journal",
                          "the journal cannot be read: %s: add the agent's user to the group "
                          "systemd-journal",
                          strerror(-e));
    for (size_t i = 0; status >= 0 && i < d->config->n_names; i++) {
        char room[256];
        const char *service = d->config->names[i].service;
        if (!ask->service || !strcmp(ask->service, service))
            status = read_journal(j, service, driver_unit(d->config, service, room, sizeof(room)),
                                  ask, on_line, user);
    }
    sd_journal_close(j);
    return status;
}

static c138_status systemd_setup(struct driver *d, const char *service, struct svc_setup *ret,
                                 struct c138_err *err) {
    (void)d, (void)ret;
    return c138_error(err, C138_E_UNSUPPORTED, "engine.systemd", "%s has no image", service);
}

const struct driver_ops systemd_ops = {
    .name = "systemd",
    .list = systemd_list,
    .act = systemd_act,
    .logs = systemd_logs,
    .stats = systemd_stats,
    .up = systemd_up,
    .down = systemd_down,
    .pull = systemd_pull,
    .setup = systemd_setup,
    .close = systemd_close,
};
