/*
 * --check-config: what would happen at a start or a reload, without doing it. A plugin's
 * declaration is learned by asking its file in a process of its own (chain138-plugin-host
 * --describe).
 */
#include "config.h"

#include <agent/agent_internal.h>
#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>
#include <loader/loader.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DOCUMENT_MAX (4u << 20)

/* Reads all that the child writes; the child is confined and bounded by itself. */
static c138_status describe(const char *program, const char *file, struct c138_json **ret_document,
                            struct c138_err *err) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return c138_error(err, C138_E_INTERNAL, NULL, "pipe: %s", strerror(errno));
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, ends[1], 1);
    char *const argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t) "--describe",
                          (char *)(uintptr_t)file, NULL};
    char *const env[] = {NULL};
    pid_t pid = 0;
    int failed = posix_spawn(&pid, program, &files, NULL, argv, env);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
    C138_CLOSE int in = ends[0];
    if (failed)
        return c138_error(err, C138_E_UNAVAILABLE, NULL, "%s cannot be started: %s", program,
                          strerror(failed));
    C138_BUF struct c138_buf out = C138_BUF_MAX(DOCUMENT_MAX);
    char piece[8192];
    ssize_t n;
    while ((n = read(in, piece, sizeof(piece))) > 0 || (n < 0 && errno == EINTR))
        if (n > 0 && c138_buf_add(&out, piece, (size_t)n) < 0)
            (void)kill(pid, SIGKILL);
    int how = 0;
    while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(how) || WEXITSTATUS(how) != 0)
        return c138_error(err, C138_E_INVALID, "plugin.refused",
                          "%s cannot be described: run %s --describe %s", file, program, file);
    return c138_json_parse(c138_buf_text(&out), out.length, ret_document, err);
}

static c138_status check_plugin(const struct agent *a, const struct loader_file *file,
                                struct c138_err *err) {
    C138_JSON struct c138_json *document = NULL;
    C138_JSON struct c138_json *settings = NULL;
    struct decl_plugin *plugin = NULL;
    if (file->refused)
        return c138_error(err, C138_E_INVALID, "plugin.refused", "plugin %s is refused: %s",
                          file->name, file->reason);
    c138_status status = describe(a->host_program, file->path, &document, err);
    if (status >= 0)
        status = decl_plugin_new(document, &plugin, err);
    if (status >= 0)
        status = config_plugin_settings(a->config, file->name, plugin->settings, &settings, err);
    decl_plugin_free(plugin);
    return status;
}

/* Every plugin that the config enables; returns how many are wrong. */
static int check_plugins(const struct agent *a) {
    struct loader_list list = {0};
    struct c138_err err = {0};
    int bad = 0;
    size_t count = 0;
    const struct plugin_config *plugins = config_plugins(a->config, &count);
    if (loader_scan(a->plugin_dirs, &list, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        const struct loader_file *file = NULL;
        for (size_t n = 0; n < list.count && !file; n++)
            if (c138_streq(list.files[n].name, plugins[i].name))
                file = &list.files[n];
        if (!plugins[i].enabled)
            continue;
        if (!file) {
            fprintf(stderr, "%s:%u: plugins.%s is enabled, but no such plugin is installed in %s\n",
                    plugins[i].file, plugins[i].line, plugins[i].name, a->plugin_dirs[0]);
            bad++;
        } else if (check_plugin(a, file, &err) < 0) {
            fprintf(stderr, "%s\n", err.text);
            bad++;
        }
    }
    loader_list_deinit(&list);
    return bad;
}

int agent_check_config(const struct agent_options *options) {
    struct agent a = {0};
    struct c138_err err = {0};
    if (config_read(options->config_file, &a.config, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    agent_take_fixed(&a, options);
    int bad = agent_check(a.config, a.host_name, &a.policy, &err) < 0;
    if (bad)
        fprintf(stderr, "%s\n", err.text);
    bad += check_plugins(&a);
    if (!bad) {
        C138_JSON struct c138_json *files = config_files(a.config);
        printf("%s is right: %zu files read\n", options->config_file, c138_json_count(files));
    }
    a.config_first = a.config;
    agent_deinit(&a);
    return bad ? 1 : 0;
}
