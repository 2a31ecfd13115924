/*
 * chain138ctl-local: doctor, and the audit log read from its file, without an agent. Run by
 * chain138ctl with the words that it got.
 * --file names the log; else it and the store are where the config (--config) says the state is.
 */
#include "config.h"

#include <audit/audit.h>
#include <config/config.h>
#include <ctl/ctl.h>
#include <ctl/doctor.h>
#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

struct files {
    char *log, *store; /* store NULL: nothing to compare with */
};

static c138_status find_files(const struct args *a, struct files *ret, struct c138_err *err) {
    const char *given = args_value(a, "file"), *store = args_value(a, "store");
    if (given) {
        ret->log = c138_xstrdup(given);
        ret->store = c138_xstrdup(store);
        return C138_OK;
    }
    struct config *config = NULL;
    c138_status status =
        config_read(a->config ? a->config : C138_SYSCONF_DIR "/chain138.conf", &config, err);
    if (status < 0)
        return status;
    const char *state = config_str(config, "agent.state_dir");
    ret->log = c138_path_join(state, "audit.log");
    ret->store = c138_path_join(state, "agent.db");
    config_free(config);
    return C138_OK;
}

static c138_status since_of(const struct args *a, int64_t *ret_ns, struct c138_err *err) {
    const char *text = args_value(a, "since");
    int64_t ns = 0;
    if (!text || c138_time_parse(text, ret_ns) >= 0)
        return C138_OK;
    if (c138_duration_parse(text, &ns) < 0)
        return c138_error(err, C138_E_INVALID, "param.invalid",
                          "--since \"%.60s\": expected a duration such as 1h, or a time", text);
    *ret_ns = c138_now_utc_ns() - ns;
    return C138_OK;
}

static c138_status show(const struct args *a, const struct files *files, struct c138_json **ret,
                        struct c138_err *err) {
    struct audit_filter filter = {.principal = args_value(a, "principal"),
                                  .action = args_value(a, "action")};
    const char *limit = args_value(a, "limit");
    c138_status status = since_of(a, &filter.since_ns, err);
    if (status >= 0 && limit && c138_parse_uint(limit, &filter.limit) < 0)
        status = c138_error(err, C138_E_INVALID, "param.invalid",
                            "--limit \"%.60s\": expected a number", limit);
    return status < 0 ? status : audit_show(files->log, &filter, ret, err);
}

/* With what the store knows a cut tail is found as well. */
static c138_status verify(const struct files *files, struct c138_json **ret, struct c138_err *err) {
    uint64_t seq = 0;
    char hash[65] = "";
    int known = files->store && access(files->store, F_OK) == 0;
    c138_status status = known ? audit_stored_head(files->store, &seq, hash, err) : C138_OK;
    return status < 0 ? status : audit_verify(files->log, seq, known ? hash : NULL, ret, err);
}

static int audit(struct ctl *c, const char *verb) {
    C138_JSON struct c138_json *result = NULL;
    struct files files = {0};
    struct c138_err err = {0};
    c138_status status = find_files(&c->args, &files, &err);
    if (status >= 0)
        status = !strcmp(verb, "show") ? show(&c->args, &files, &result, &err)
                                       : verify(&files, &result, &err);
    free(files.log);
    free(files.store);
    if (status < 0)
        return ctl_fail(c, &err);
    ctl_print(c, NULL, result);
    return c138_json_get_bool(result, "ok", 1) ? EXIT_DONE : EXIT_FAILED;
}

static int doctor(struct ctl *c) {
    const struct doctor_options options = {
        .config = c->args.config ? c->args.config : C138_SYSCONF_DIR "/chain138.conf",
        .socket = c->args.socket};
    C138_JSON struct c138_json *report = doctor_examine(&options);
    if (c->args.json)
        ctl_print(c, NULL, report);
    else
        doctor_print(report);
    return c138_json_get_uint(report, "errors", 0) ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv) {
    struct ctl c = {.interrupt_fd = -1};
    struct c138_err err = {0};
    if (args_parse(argc - 1, argv + 1, &c.args, &err) < 0)
        return ctl_fail(&c, &err);
    if (c.args.n_words == 1 && !strcmp(c.args.words[0], "doctor"))
        return doctor(&c);
    const char *verb = c.args.n_words == 2 ? c.args.words[1] : "";
    if (c.args.n_words == 2 && !strcmp(c.args.words[0], "audit") &&
        (!strcmp(verb, "show") || !strcmp(verb, "verify")))
        return audit(&c, verb);
    return ctl_usage_error(
        &c, "chain138ctl-local is run by chain138ctl: doctor, audit show, audit verify");
}
