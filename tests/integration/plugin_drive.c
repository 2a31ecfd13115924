/*
 * Loads a built plugin and drives it without an agent: for a look at a plugin, and for tests of it
 * against real peers.
 *
 *   plugin_drive PLUGIN.so SETTINGS-JSON COMMAND...
 *     ACTION [PARAMS-JSON]   runs an action, prints {"status","result"} or {"status","key","text"}
 *     ?ACTION [PARAMS-JSON]  the same as a dry run; what it plans is kept
 *     !ACTION [PARAMS-JSON]  the approved run of the plan that was kept last
 *     restart                another instance with the same settings and stored values
 *     pass SECONDS           lets the timers run
 *     events | metrics | status | forget
 *   A COMMAND "-" reads further commands from standard input, one a line: words are separated by a
 * tab. There, calls of other plugins' actions are asked back, see on_call().
 */
#include "../unit/fakehost.h"

#include <base/mem.h>
#include <base/when.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(const struct c138_json *v) {
    C138_FREE char *text = c138_json_dump(v);
    printf("%s\n", text);
    fflush(stdout);
}

static c138_status run_as(struct fakehost *f, const char *action, const char *params,
                          struct c138_json **ret_result, struct c138_err *err) {
    static struct c138_json *plan;
    if (action[0] == '!')
        return fakehost_approved(f, action + 1, params, plan, ret_result, err);
    if (action[0] != '?')
        return fakehost_run(f, action, params, ret_result, err);
    c138_status status = fakehost_plan(f, action + 1, params, ret_result, err);
    c138_json_unref(plan);
    plan = status == C138_OK ? c138_json_ref(*ret_result) : NULL;
    return status;
}

static void run(struct fakehost *f, const char *action, const char *params) {
    struct c138_json *result = NULL, *out = c138_json_new_object();
    struct c138_err err = {0};
    c138_status status = run_as(f, action, params, &result, &err);
    c138_json_set_str(out, "status", status == C138_OK ? "ok" : c138_status_key(status));
    if (status == C138_OK) {
        c138_json_set(out, "result", result);
    } else {
        c138_json_set_str(out, "key", err.key);
        c138_json_set_str(out, "text", err.text);
    }
    print(out);
    c138_json_unref(out);
}

static void secret(struct fakehost *f, const char *text) {
    const char *equals = text ? strchr(text, '=') : NULL;
    if (!equals)
        return;
    C138_FREE char *reference = c138_xstrndup(text, (size_t)(equals - text));
    fakehost_secret(f, reference, equals + 1);
    printf("{}\n");
    fflush(stdout);
}

/* KEY=VALUE, as if the plugin had stored it. */
static void put(struct fakehost *f, const char *text) {
    const char *equals = text ? strchr(text, '=') : NULL;
    if (!equals)
        return;
    C138_FREE char *key = c138_xstrndup(text, (size_t)(equals - text));
    fakehost_store(f, key, equals + 1);
    printf("{}\n");
    fflush(stdout);
}

static void settings(struct fakehost *f, const char *text) {
    struct c138_err err = {0};
    struct c138_json *out = c138_json_new_object();
    c138_status status = fakehost_settings(f, text, &err);
    c138_json_set_str(out, "status", status == C138_OK ? "ok" : c138_status_key(status));
    c138_json_set_str(out, "text", err.text);
    print(out);
    c138_json_unref(out);
}

static void command(struct fakehost *f, const char *word, const char *argument) {
    if (strcmp(word, "pass") == 0) {
        fakehost_pass(f, (int64_t)(atof(argument ? argument : "1") * 1e9));
        printf("{}\n");
        fflush(stdout);
    } else if (strcmp(word, "events") == 0) {
        print(fakehost_events(f));
    } else if (strcmp(word, "metrics") == 0) {
        print(fakehost_metrics(f));
    } else if (strcmp(word, "forget") == 0) {
        fakehost_forget(f);
        printf("{}\n");
        fflush(stdout);
    } else if (strcmp(word, "restart") == 0) {
        struct c138_err err = {0};
        if (fakehost_restart(f, &err) != C138_OK)
            fprintf(stderr, "plugin_drive: %s\n", err.text);
        printf("{}\n");
        fflush(stdout);
    } else if (strcmp(word, "put") == 0) {
        put(f, argument);
    } else if (strcmp(word, "kv") == 0) {
        print(fakehost_kv(f));
    } else if (strcmp(word, "rows") == 0) {
        struct c138_json *rows = fakehost_status(f);
        print(rows);
        c138_json_unref(rows);
    } else if (strcmp(word, "secret") == 0) {
        secret(f, argument);
    } else if (strcmp(word, "settings") == 0) {
        settings(f, argument);
    } else {
        run(f, word, argument);
    }
}

static void from_input(struct fakehost *f) {
    static char line[65536];
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        char *tab = strchr(line, '\t');
        if (tab)
            *tab++ = '\0';
        if (line[0])
            command(f, line, tab);
    }
}

/* Another plugin's action: asked of whoever drives, as a line "call", action, params, dry_run; the
 * answer is one line: {"status", "result"}. */
static c138_status on_call(void *user, const char *action, const struct c138_json *params,
                           int dry_run, struct c138_json **ret_result) {
    static char line[65536];
    C138_FREE char *text = c138_json_dump(params);
    C138_JSON struct c138_json *answer = NULL;
    (void)user;
    printf("call\t%s\t%s\t%d\n", action, text, dry_run);
    fflush(stdout);
    if (!fgets(line, sizeof(line), stdin) ||
        c138_json_parse(line, strcspn(line, "\n"), &answer, NULL) != C138_OK)
        return C138_E_INTERNAL;
    *ret_result = c138_json_ref(c138_json_get(answer, "result"));
    const char *status = c138_json_get_str(answer, "status", "ok");
    return strcmp(status, "ok") == 0 ? C138_OK : c138_status_from_key(status);
}

static int is_word(const char *text) {
    return text[0] != '{' && !(text[0] >= '0' && text[0] <= '9');
}

int main(int argc, char **argv) {
    struct c138_err err = {0};
    if (argc < 3) {
        fprintf(stderr, "usage: plugin_drive PLUGIN.so SETTINGS-JSON COMMAND...\n");
        return 2;
    }
    void *handle = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    const c138_plugin *(*entry)(void) = NULL;
    if (handle) /* the way POSIX shows to turn what dlsym() gives into a function */
        *(void **)&entry = dlsym(handle, "c138_plugin_entry");
    if (!entry) {
        fprintf(stderr, "plugin_drive: %s\n", dlerror());
        return 1;
    }
    struct fakehost *f = fakehost_new(entry(), &err);
    if (!f || fakehost_settings(f, argv[2], &err) != C138_OK) {
        fprintf(stderr, "plugin_drive: %s\n", err.text);
        fakehost_free(f);
        return 1;
    }
    if (strcmp(argv[argc - 1], "-") == 0)
        fakehost_on_call(f, on_call, NULL);
    for (int i = 3; i < argc; i++) {
        const char *argument = i + 1 < argc && !is_word(argv[i + 1]) ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "-") == 0)
            from_input(f);
        else
            command(f, argv[i], argument);
        i += argument != NULL;
    }
    uint32_t faults = fakehost_faults(f);
    fakehost_free(f);
    dlclose(handle);
    if (faults)
        fprintf(stderr, "plugin_drive: %u faults\n", faults);
    return faults != 0;
}
