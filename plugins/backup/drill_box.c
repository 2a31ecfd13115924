/*
 * A drill's node in a compose project of its own: one container without any network (so nobody reaches it, and it reaches nobody),
 * without capabilities, as the agent's own user, with the restored folder as its only mount. Its compose file is
 * STATE/drill/PROJECT.json from before it is up until it is down: what is found there at the next start is taken down then.
 */
#include "drill.h"

#include "item.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>

#include <ctype.h>
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "c138-drill-"
#define DOWN_NS (60 * C138_NS_PER_S)
#define CLEAN_NS (12 * C138_NS_PER_S) /* at a start, which may take 20 seconds as a whole */
#define OUTPUT_MAX 65536

/* --- The compose file ------------------------------------------------------------------------- */

/* Compose would put variables in the place of what begins with $. */
static struct c138_json *as_it_is(const char *text) {
    C138_BUF struct c138_buf b = C138_BUF_NULL;
    for (const char *p = text; *p; p++) {
        if (*p == '$')
            (void)c138_buf_addc(&b, '$');
        (void)c138_buf_addc(&b, *p);
    }
    return c138_json_new_str(c138_buf_text(&b));
}

static struct c138_json *list_of(const char *text) {
    struct c138_json *list = c138_json_new_array();
    c138_json_append(list, c138_json_new_str(text));
    return list;
}

static struct c138_json *mount_of(const char *folder) {
    struct c138_json *mounts = c138_json_new_array(), *mount = c138_json_new_object();
    c138_json_set_str(mount, "type", "bind");
    c138_json_set(mount, "source", as_it_is(folder));
    c138_json_set_str(mount, "target", DRILL_BOX_DATA);
    c138_json_append(mounts, mount);
    return mounts;
}

static struct c138_json *environment_of(const struct backup_settings *s) {
    struct c138_json *env = c138_json_new_object();
    C138_FREE char *options = c138_xasprintf(
        "%s -Duser.home=" DRILL_BOX_DATA " -Djava.io.tmpdir=" DRILL_BOX_DATA
        " -Djna.tmpdir=" DRILL_BOX_DATA,
        s->drill_java_options ? s->drill_java_options : "");
    c138_json_set_str(env, "HOME", DRILL_BOX_DATA);
    c138_json_set(env, "BESU_OPTS", as_it_is(options));
    return env;
}

static struct c138_json *service_of(const struct backup_settings *s, const char *folder,
                                    const struct drill_words *besu) {
    struct c138_json *node = c138_json_new_object(), *command = c138_json_new_array();
    C138_FREE char *user = c138_xasprintf("%u:%u", (unsigned)getuid(), (unsigned)getgid());
    for (size_t i = 0; i < besu->count; i++)
        c138_json_append(command, as_it_is(besu->list[i]));
    c138_json_set(node, "image", as_it_is(s->drill_image));
    c138_json_set_str(node, "network_mode", "none");
    c138_json_set_str(node, "user", user);
    c138_json_set_str(node, "restart", "no");
    c138_json_set_str(node, "working_dir", DRILL_BOX_DATA);
    c138_json_set(node, "cap_drop", list_of("ALL"));
    c138_json_set(node, "security_opt", list_of("no-new-privileges:true"));
    c138_json_set(node, "volumes", mount_of(folder));
    c138_json_set(node, "environment", environment_of(s));
    c138_json_set(node, "command", command);
    return node;
}

static c138_status write_file(const struct backup_settings *s, const char *path, const char *folder,
                              const struct drill_words *besu, struct c138_err *err) {
    C138_JSON struct c138_json *doc = c138_json_new_object();
    struct c138_json *services = c138_json_new_object();
    c138_json_set(services, "node", service_of(s, folder, besu));
    c138_json_set_str(doc, "version", "3.6");
    c138_json_set(doc, "services", services);
    C138_FREE char *text = c138_json_dump(doc);
    return c138_file_write(path, 0600, text, strlen(text), err);
}

/* --- The compose program ---------------------------------------------------------------------- */

/* A program whose name is docker has compose as a plugin. */
static void begin(const struct backup *b, const char *project, const char *file,
                  struct drill_words *w) {
    const char *program = b->settings.drill_compose, *slash = strrchr(program, '/');
    drill_word(w, c138_xstrdup(program));
    if (slash && !strcmp(slash, "/docker"))
        drill_word(w, c138_xstrdup("compose"));
    drill_word(w, c138_xstrdup("-p"));
    drill_word(w, c138_xstrdup(project));
    drill_word(w, c138_xstrdup("-f"));
    drill_word(w, c138_xstrdup(file));
}

void drill_box_env(const struct backup *b, char *ret_env[5]) {
    ret_env[0] = c138_xasprintf("DOCKER_HOST=unix://%s", b->settings.drill_socket);
    ret_env[1] = c138_xasprintf("HOME=%s", b->host->state_dir);
    ret_env[2] = c138_xstrdup("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
    ret_env[3] = c138_xstrdup("LC_ALL=C.UTF-8");
    ret_env[4] = NULL;
}

static void keep(void *user, const char *text, uint64_t length) {
    (void)c138_buf_add(user, text, (size_t)length);
}

/* No cause: what was cancelled is taken down, too. */
static c138_status down(const struct backup *b, const char *project, const char *file,
                        int64_t timeout_ns, struct c138_err *err) {
    const c138_process *process = b->host->get_extension(b->host, C138_EXT_PROCESS);
    C138_BUF struct c138_buf text = C138_BUF_MAX(OUTPUT_MAX);
    struct drill_words w = {0};
    char *env[5];
    int32_t code = 0;
    if (!process)
        return c138_error(err, C138_E_UNAVAILABLE, "backup.no-process",
                          "the service \"process\" is not granted: add it to plugins.backup.grants");
    begin(b, project, file, &w);
    const char *const rest[] = {"down", "-v", "--remove-orphans", "-t", "2"};
    for (size_t i = 0; i < C138_COUNT(rest); i++)
        drill_word(&w, c138_xstrdup(rest[i]));
    drill_box_env(b, env);
    c138_status status = process->run(b->host, NULL, (const char *const *)w.list,
                                      (const char *const *)env, NULL, 0, timeout_ns, OUTPUT_MAX,
                                      NULL, keep, &text, &code);
    for (size_t i = 0; i < 4; i++)
        free(env[i]);
    drill_words_deinit(&w);
    if (status >= 0 && !code)
        return C138_OK;
    return c138_error(err, status < 0 ? status : C138_E_UNAVAILABLE, "backup.drill-left",
                      "compose project %s is not down (%s; %.300s): it is tried again at the next "
                      "drill or start",
                      project, status < 0 ? c138_status_key(status) : "compose failed",
                      c138_buf_text(&text));
}

/* --- A box's life ----------------------------------------------------------------------------- */

static char *boxes_of(const struct backup *b) {
    return c138_path_join(b->host->state_dir, "drill");
}

c138_status drill_box_make(struct engine *e, const char *folder, const struct drill_words *besu,
                           struct drill_box *ret, struct drill_words *ret_up,
                           struct c138_err *err) {
    struct backup *b = e->backup;
    C138_FREE char *boxes = boxes_of(b);
    ret->project = c138_xasprintf(PREFIX "%s", e->call->job_id);
    for (char *p = ret->project; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    ret->file = c138_xasprintf("%s/%s.json", boxes, ret->project);
    c138_status status = c138_mkdir_p(boxes, 0700, err);
    if (status >= 0)
        status = write_file(&b->settings, ret->file, folder, besu, err);
    begin(b, ret->project, ret->file, ret_up);
    const char *const rest[] = {"up", "--no-color", "--abort-on-container-exit", "-t", "5"};
    for (size_t i = 0; i < C138_COUNT(rest); i++)
        drill_word(ret_up, c138_xstrdup(rest[i]));
    return status;
}

void drill_box_remove(struct backup *b, struct drill_box *box) {
    struct c138_err err = {0};
    if (box->file && files_exists(box->file)) {
        if (down(b, box->project, box->file, DOWN_NS, &err) < 0)
            backup_log(b, C138_LOG_WARNING, "%s", err.text);
        else
            (void)unlink(box->file);
    }
    free(box->project);
    free(box->file);
    *box = (struct drill_box){0};
}

static int is_box(const char *name) {
    size_t length = strlen(name), known = strlen(PREFIX);
    return c138_starts_with(name, PREFIX) && length > known + 5 && length < 64 &&
           !strcmp(name + length - 5, ".json");
}

void drill_boxes_clean(struct backup *b) {
    C138_FREE char *boxes = boxes_of(b);
    int64_t until = c138_now_monotonic_ns() + CLEAN_NS;
    DIR *dir = opendir(boxes);
    struct dirent *entry = NULL;
    while (dir && (entry = readdir(dir)) != NULL && c138_now_monotonic_ns() < until) {
        struct c138_err err = {0};
        if (!is_box(entry->d_name))
            continue;
        C138_FREE char *file = c138_path_join(boxes, entry->d_name);
        C138_FREE char *project = c138_xstrndup(entry->d_name, strlen(entry->d_name) - 5);
        if (down(b, project, file, until - c138_now_monotonic_ns(), &err) < 0)
            backup_log(b, C138_LOG_WARNING, "%s", err.text);
        else
            (void)unlink(file);
    }
    if (dir)
        (void)closedir(dir);
}
