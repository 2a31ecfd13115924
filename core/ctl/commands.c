/*
 * The friendly forms: most are an action of the agent under a shorter name.
 */
#include "config.h"

#include <ctl/ctl.h>
#include <base/mem.h>
#include <base/text.h>

#include <stdio.h>
#include <string.h>

const struct usage_option ctl_commands[] = {
    {"PLUGIN ACTION [--name VALUE]...", "run an action; PLUGIN ACTION --help says what it takes"},
    {"status", "how this host is: the one screen for three in the morning"},
    {"plugins [restart NAME]", "plugins with state and reason; a new instance of one"},
    {"jobs [--state S] [--action A] [--since T] [--limit N]", "jobs, newest first"},
    {"job ID", "one job with its parameters, log and result"},
    {"cancel ID", "ask a job to stop"},
    {"approvals", "plans that wait for somebody else's yes"},
    {"approve ID DIGEST", "approve one run of exactly this plan"},
    {"reject ID [--reason TEXT]", "refuse a plan"},
    {"events [TOPIC] [--follow] [--since T] [--limit N]", "the event log; TOPIC may end in .*"},
    {"schedule list", "schedules and their next runs"},
    {"triggers [replay NAME [--since T]]", "triggers; what one would have done, without acting"},
    {"audit show [--since T] [--principal P] [--action A] [--limit N] [--file FILE]",
     "audit records; with --file, or when the agent is down, from the file itself"},
    {"audit verify [--file FILE]", "prove that no record was changed, dropped or added"},
    {"metrics", "the numbers that Prometheus would read"},
    {"reload", "read the config again; all or nothing"},
    {"doctor", "check what operators get wrong, and say how to mend it; works without an agent"},
    {"plugin-new NAME DIR", "a new plugin of your own that builds, with a test"},
    {"reference [--from FILE]...",
     "the reference of actions, events, metrics and settings in Markdown: of this host, or of "
     "declarations in files"},
    {"completion bash", "print the completion script"},
    {"help [PLUGIN [ACTION]]", "this, or what a plugin or an action takes"},
    {"version", "versions of control and agent"},
    {0},
};

static const struct ctl_friendly friendlies[] = {
    {"status", NULL, "agent.status", {0}},
    {"plugins", "restart", "agent.plugin-restart", {"name"}},
    {"plugins", NULL, "agent.plugins", {0}},
    {"jobs", NULL, "agent.jobs", {0}},
    {"job", NULL, "agent.job", {"id"}},
    {"cancel", NULL, "agent.job-cancel", {"id"}},
    {"approvals", NULL, "agent.approvals", {0}},
    {"approve", NULL, "agent.approve", {"id", "digest"}},
    {"reject", NULL, "agent.reject", {"id"}},
    {"events", NULL, "agent.events", {"topic"}},
    {"schedule", "list", "agent.schedules", {0}},
    {"schedules", NULL, "agent.schedules", {0}},
    {"triggers", "replay", "agent.trigger-replay", {"name"}},
    {"triggers", NULL, "agent.triggers", {0}},
    {"audit", "show", "agent.audit", {0}},
    {"audit", "verify", "agent.audit-verify", {0}},
    {"reload", NULL, "agent.reload", {0}},
};

static const char *word(const struct ctl *c, size_t i) {
    return i < c->args.n_words ? c->args.words[i] : NULL;
}

const struct ctl_friendly *ctl_friendly_find(const char *const *words, size_t n) {
    for (size_t i = 0; i < C138_COUNT(friendlies); i++) {
        const struct ctl_friendly *f = &friendlies[i];
        if (n > 0 && !strcmp(f->first, words[0]) &&
            (!f->second || (n > 1 && !strcmp(f->second, words[1]))))
            return f;
    }
    return NULL;
}

const struct ctl_friendly *ctl_friendly_at(size_t i) {
    return i < C138_COUNT(friendlies) ? &friendlies[i] : NULL;
}

static int run_friendly(struct ctl *c, const struct ctl_friendly *f) {
    size_t first = f->second ? 2 : 1, n = 0;
    struct c138_json *set = c138_json_new_object();
    for (; n < C138_COUNT(f->names) && f->names[n] && word(c, first + n); n++)
        c138_json_set_str(set, f->names[n], word(c, first + n));
    if (word(c, first + n)) {
        c138_json_unref(set);
        return ctl_usage_error(c, "a word too many: \"%s\": try chain138ctl help",
                               word(c, first + n));
    }
    return ctl_action(c, f->action, c->args.n_words, set);
}

/* Its reader may be needed most when there is no agent. */
static int run_audit(struct ctl *c, const struct ctl_friendly *f) {
    struct c138_err err = {0};
    C138_JSON struct c138_json *version = NULL;
    if (args_value(&c->args, "file") || args_value(&c->args, "store"))
        return ctl_exec_local(c);
    if (ctl_request(c, "GET", "/v1/version", NULL, CTL_ANSWER_NS, NULL, &version, &err) >= 0 ||
        ctl_exit_of(&err) != EXIT_UNREACHABLE || !strcmp(err.key, "agent.denied"))
        return run_friendly(c, f);
    if (!c->args.json)
        fputs("chain138ctl: the agent is not reachable: reading the file\n", stderr);
    return ctl_exec_local(c);
}

static int run_version(struct ctl *c) {
    C138_JSON struct c138_json *agent = NULL;
    C138_JSON struct c138_json *out = c138_json_new_object();
    struct c138_err err = {0};
    c138_json_set_str(out, "control", PACKAGE_VERSION);
    if (ctl_request(c, "GET", "/v1/version", NULL, CTL_ANSWER_NS, NULL, &agent, &err) >= 0) {
        c138_json_set_str(out, "agent", c138_json_get_str(agent, "version", "?"));
        c138_json_set_str(out, "host", c138_json_get_str(agent, "host", "?"));
    }
    ctl_print(c, NULL, out);
    return EXIT_DONE;
}

static int run_metrics(struct ctl *c) {
    struct c138_err err = {0};
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    if (ctl_request_text(c, "/metrics", &text, &err) < 0)
        return ctl_fail(c, &err);
    ctl_print_text(&text);
    return EXIT_DONE;
}

static int run_completion(struct ctl *c) {
    if (!c138_streq(word(c, 1), "bash"))
        return ctl_usage_error(c, "completion: expected bash");
    ctl_completion_script(stdout);
    return EXIT_DONE;
}

static int run_plugin_new(struct ctl *c) {
    if (c->args.n_words != 3)
        return ctl_usage_error(c,
                               "plugin-new takes NAME and DIR, such as: plugin-new disks ./disks");
    return ctl_plugin_new(c, word(c, 1), word(c, 2));
}

static int run_own(struct ctl *c, int *ret_status) {
    const char *first = c->args.words[0];
    *ret_status = 0;
    if (!strcmp(first, "help"))
        *ret_status = ctl_help(c, word(c, 1), word(c, 2));
    else if (!strcmp(first, "version"))
        *ret_status = run_version(c);
    else if (!strcmp(first, "metrics"))
        *ret_status = run_metrics(c);
    else if (!strcmp(first, "completion"))
        *ret_status = run_completion(c);
    else if (!strcmp(first, "plugin-new"))
        *ret_status = run_plugin_new(c);
    else if (!strcmp(first, "reference"))
        *ret_status = ctl_reference(c);
    else if (!strcmp(first, "doctor"))
        *ret_status = ctl_exec_local(c);
    else
        return 0;
    return 1;
}

static int run_plugin_action(struct ctl *c) {
    if (c->args.help || c->args.n_words == 1)
        return ctl_help(c, word(c, 0), word(c, 1));
    C138_FREE char *name = c138_xasprintf("%s.%s", word(c, 0), word(c, 1));
    return ctl_action(c, name, 2, NULL);
}

int ctl_command(struct ctl *c) {
    int status = 0;
    const struct ctl_friendly *f = ctl_friendly_find(c->args.words, c->args.n_words);
    if (f && c->args.help) {
        const char *action = strchr(f->action, '.') + 1;
        return ctl_help(c, "agent", action);
    }
    if (f && !strcmp(f->first, "audit"))
        return run_audit(c, f);
    if (f && !strcmp(f->action, "agent.events") && args_value(&c->args, "follow"))
        return ctl_events_follow(c, word(c, 1) ? word(c, 1) : args_value(&c->args, "topic"),
                                 args_value(&c->args, "since"));
    if (f)
        return run_friendly(c, f);
    if (c->args.help && c->args.n_words == 1 &&
        (!strcmp(word(c, 0), "help") || !strcmp(word(c, 0), "doctor") ||
         !strcmp(word(c, 0), "plugin-new") || !strcmp(word(c, 0), "reference") ||
         !strcmp(word(c, 0), "completion") || !strcmp(word(c, 0), "version") ||
         !strcmp(word(c, 0), "metrics"))) {
        usage_help(&ctl_usage, stdout);
        return EXIT_DONE;
    }
    return run_own(c, &status) ? status : run_plugin_action(c);
}
