#include "bench.h"

#include <base/fs.h>
#include <base/mem.h>
#include <schema/validate.h>

#include <event2/thread.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void bench_die(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    (void)vfprintf(stderr, fmt, ap);
    va_end(ap);
    (void)fputc('\n', stderr);
    exit(1);
}

void bench_note(const char *name, double value, const char *unit, const char *op, double goal,
                const char *fmt, ...) {
    char detail[256];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(detail, sizeof(detail), fmt, ap);
    va_end(ap);
    printf(
        "{\"name\":\"%s\",\"value\":%.4f,\"unit\":\"%s\",\"goal\":[\"%s\",%g],\"detail\":\"%s\"}\n",
        name, value, unit, op, goal, detail);
    (void)fflush(stdout);
}

void bench_left_out(const char *name, const char *why) {
    printf("{\"name\":\"%s\",\"left_out\":\"%s\"}\n", name, why);
    (void)fflush(stdout);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *values, size_t count) {
    qsort(values, count, sizeof(*values), by_value);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int64_t bench_cpu_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * C138_NS_PER_S + t.tv_nsec;
}

const char *bench_build_dir(void) {
    const char *dir = getenv("C138_BUILD_DIR");
    return dir ? dir : ".";
}

/* --- A small agent
 * --------------------------------------------------------------------------------------- */

static c138_status settings_of(void *user, const char *plugin, struct decl_field *const *declared,
                               struct c138_json **ret, struct c138_err *err) {
    (void)user;
    (void)plugin;
    return validate_object(declared, NULL, 0, ret, err);
}

static void on_hostcall(void *user, struct plugins_hostcall *call) {
    (void)user;
    call->reply(call, C138_E_NOTFOUND, "{}", 2);
}

static void on_progress(void *user, const char *job, uint32_t permille, const char *text) {
    (void)user;
    (void)job;
    (void)permille;
    (void)text;
}

static void on_job_log(void *user, const char *job, int32_t level, const char *text) {
    (void)user;
    (void)job;
    (void)level;
    (void)text;
}

/* The loader takes only files that nobody else may write. */
static void copy_plugin(struct bench *b, const char *name) {
    C138_FREE char *from = c138_xasprintf("%s/tests/bench/.libs/%s.so", bench_build_dir(), name);
    C138_FREE char *to = c138_xasprintf("%s/%s.so", b->plugin_dir, name);
    C138_BUF struct c138_buf bytes = C138_BUF_NULL;
    struct c138_err err = {0};
    if (c138_file_read(from, 16 << 20, &bytes, &err) < 0 ||
        c138_file_write(to, 0755, bytes.data, bytes.length, &err) < 0)
        bench_die("%s", err.text);
}

struct outcome {
    int over;
    c138_status status;
    char text[256];
};

static void on_applied(void *user, c138_status status, const struct c138_err *err) {
    struct outcome *o = user;
    o->over = 1;
    o->status = status;
    (void)snprintf(o->text, sizeof(o->text), "%s", err->text);
}

static void on_called(void *user, c138_status status, const struct c138_json *result) {
    struct outcome *o = user;
    o->over = 1;
    o->status = status;
    (void)snprintf(o->text, sizeof(o->text), "%s", c138_json_get_str(result, "message", ""));
}

static void wait_for(struct bench *b, const struct outcome *o, const char *what) {
    while (!o->over)
        event_base_loop(b->base, EVLOOP_ONCE);
    if (o->status < 0)
        bench_die("%s: %s", what, o->text);
}

void bench_call(struct bench *b, const char *action, const char *params) {
    struct outcome o = {0};
    struct c138_err err = {0};
    struct plugins_call *call = NULL;
    C138_JSON struct c138_json *given = NULL;
    const struct decl_action *a = catalog_action(b->catalog, action);
    if (!a || c138_json_parse(params, strlen(params), &given, &err) < 0)
        bench_die("%s: no such action, or %s", action, err.text);
    const struct plugins_request r = {.action = a,
                                      .principal = "unix:bench@bench",
                                      .params = given,
                                      .deadline_ns = c138_now_monotonic_ns() + 30 * C138_NS_PER_S,
                                      .done = on_called,
                                      .user = &o};
    if (plugins_call(b->plugins, &r, &call, &err) < 0)
        bench_die("%s: %s", action, err.text);
    wait_for(b, &o, action);
}

static char *make_folder(const struct bench *b, const char *name) {
    char *path = c138_path_join(b->folder, name);
    c138_mkdir_p(path, 0755, NULL);
    return path;
}

void bench_up(struct bench *b, int in_thread) {
    static const char *const names[] = {"bench-pub", "bench-sub"};
    struct outcome o = {0};
    struct c138_err err = {0};
    *b = (struct bench){.folder = "/tmp/c138-bench-XXXXXX"};
    if (!mkdtemp(b->folder) || chmod(b->folder, 0755) < 0)
        bench_die("%s cannot be made", b->folder);
    b->state = make_folder(b, "state");
    b->run = make_folder(b, "run");
    b->dirs[0] = b->plugin_dir = make_folder(b, "plugins");
    b->host_program = c138_path_join(bench_build_dir(), "chain138-plugin-host");
    evthread_use_pthreads();
    b->base = event_base_new();
    event_base_priority_init(b->base, 3);
    bus_new(b->base, &b->bus);
    b->log = log_new(LOG_FORMAT_TEXT, C138_LOG_WARNING);
    b->metrics = metrics_new();
    b->catalog = catalog_new();
    const struct plugins_env env = {.base = b->base,
                                    .bus = b->bus,
                                    .log = b->log,
                                    .metrics = b->metrics,
                                    .catalog = b->catalog,
                                    .plugin_dirs = b->dirs,
                                    .host_program = b->host_program,
                                    .state_dir = b->state,
                                    .run_dir = b->run,
                                    .host_name = "bench",
                                    .agent_version = "0",
                                    .hostcall = on_hostcall,
                                    .progress = on_progress,
                                    .job_log = on_job_log};
    if (plugins_new(&env, &b->plugins, &err) < 0)
        bench_die("%s", err.text);
    for (size_t i = 0; i < 2; i++) {
        copy_plugin(b, names[i]);
        b->configs[i] = (struct plugin_config){.name = names[i],
                                               .enabled = 1,
                                               .in_thread = in_thread,
                                               .settings_json = "{}",
                                               .settings = settings_of,
                                               .file = "bench"};
    }
    plugins_apply(b->plugins, b->configs, 2, 1, on_applied, &o);
    wait_for(b, &o, "start");
    /* The first start never fails as a whole: what does not run says so when it is called. */
    bench_call(b, "bench-sub.ping", "{\"n\":1}");
}

static void on_stopped(void *user) {
    ((struct outcome *)user)->over = 1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void bench_down(struct bench *b) {
    struct outcome o = {0};
    plugins_stop(b->plugins, 2 * C138_NS_PER_S, on_stopped, &o);
    wait_for(b, &o, "stop");
    plugins_free(b->plugins);
    catalog_free(b->catalog);
    metrics_free(b->metrics);
    bus_free(b->bus);
    log_free(b->log);
    event_base_free(b->base);
    (void)nftw(b->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(b->state);
    free(b->run);
    free(b->plugin_dir);
    free(b->host_program);
}
