/*
 * For the crash tests: an action leaves one line for each time that it ran in a file of the state folder, synced before it answers. What
 * the agent later says of a job can so be compared with what really happened.
 */
#include <chain138/host.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

C138_PLUGIN_NOTE("marker", "1.0.0", C138_PLUGIN_NO_NETWORK);

struct marker {
    const c138_host *host;
};

static c138_status mark(void *self, c138_call *c) {
    struct marker *m = self;
    char path[4200], line[128];
    struct timespec pause = {.tv_nsec = (long)(c138_int(c, "pause") % 1000000000)};
    (void)snprintf(path, sizeof path, "%s/marks", m->host->state_dir);
    int n = snprintf(line, sizeof line, "%s %s\n", c->job_id, c138_str(c, "tag"));
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, (size_t)n) != n || fdatasync(fd) < 0)
        return c138_fail(c, C138_E_INTERNAL, "marker.file", "marker: the mark cannot be written");
    close(fd);
    (void)nanosleep(&pause, NULL);
    c138_set_bool(c, "marked", 1);
    return C138_OK;
}

static const c138_field *const params[] = {
    C138_FIELD(.name = "tag", .type = C138_T_STRING, .summary = "Who asked", .default_text = "-"),
    C138_FIELD(.name = "pause", .type = C138_T_DURATION, .summary = "How long it takes",
               .default_text = "0s"),
    NULL,
};

static const c138_action *const actions[] = {
    C138_ACTION(.name = "once", .summary = "Leave a mark", .effect = C138_EFFECT_WRITE,
                .role = C138_ROLE_OPERATOR, .params = params, .run = mark),
    C138_ACTION(.name = "again", .summary = "Leave a mark, also after a crash",
                .effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR,
                .flags = C138_ACTION_IDEMPOTENT, .params = params, .run = mark),
    C138_ACTION(.name = "beside", .summary = "Leave a mark beside the actor",
                .effect = C138_EFFECT_WRITE, .role = C138_ROLE_OPERATOR, .flags = C138_ACTION_LONG,
                .params = params, .run = mark),
    NULL,
};

static c138_status create(const c138_host *host, void **ret_self) {
    struct marker *m = calloc(1, sizeof *m);
    if (!m)
        return C138_E_INTERNAL;
    m->host = host;
    *ret_self = m;
    return C138_OK;
}

static const c138_plugin plugin = {
    C138_SIZED(c138_plugin),
    .abi_major = C138_ABI_MAJOR,
    .abi_minor = C138_ABI_MINOR,
    .name = "marker",
    .version = "1.0.0",
    .summary = "Leaves marks",
    .license = "Apache-2.0",
    .actions = actions,
    .create = create,
    .destroy = free,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
