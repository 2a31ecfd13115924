/*
 * What holds a queued job up: another one that holds its lock, or too many of its plugin that run.
 */
#include <jobs/jobs_internal.h>

static size_t lock_bucket(const char *name) {
    uint32_t h = 2166136261u;
    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * 16777619u;
    return h % LOCK_BUCKETS;
}

/* Its plugin's place in the table; NULL: the table is full, and that plugin goes uncounted. */
static uint32_t *running_of(struct jobs *j, const struct job *job) {
    size_t n = strcspn(job->action_name, ".");
    for (size_t i = 0; i < PLUGINS_MAX; i++) {
        char *plugin = j->plugins[i].plugin;
        if (!*plugin)
            (void)snprintf(plugin, sizeof(j->plugins[i].plugin), "%.*s", (int)n, job->action_name);
        if (strlen(plugin) == n && !strncmp(plugin, job->action_name, n))
            return &j->plugins[i].running;
    }
    return NULL;
}

int job_lock_held(const struct jobs *j, const struct job *wants) {
    if (!wants->lock)
        return 0;
    for (const struct job *job = j->locks[lock_bucket(wants->lock)]; job; job = job->next_lock)
        if (job != wants && !strcmp(job->lock, wants->lock))
            return 1;
    return 0;
}

int job_has_way(const struct jobs *j, const struct job *job) {
    const uint32_t *running = running_of((struct jobs *)(uintptr_t)j, job);
    return !job_lock_held(j, job) && (!running || *running < RUNNING_MAX);
}

void job_take_way(struct jobs *j, struct job *job) {
    uint32_t *running = running_of(j, job);
    if (job->lock && !job->holds_lock) {
        struct job **bucket = &j->locks[lock_bucket(job->lock)];
        job->next_lock = *bucket;
        *bucket = job;
        job->holds_lock = 1;
    }
    if (running && !job->counts_as_running) {
        ++*running;
        job->counts_as_running = 1;
    }
}

void job_leave_way(struct jobs *j, struct job *job) {
    if (job->holds_lock) {
        struct job **at = &j->locks[lock_bucket(job->lock)];
        while (*at != job)
            at = &(*at)->next_lock;
        *at = job->next_lock;
        job->holds_lock = 0;
    }
    if (job->counts_as_running) {
        --*running_of(j, job);
        job->counts_as_running = 0;
    }
}
