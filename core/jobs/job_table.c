#include <jobs/jobs_internal.h>

static size_t bucket(const char *id) {
    uint32_t h = 2166136261u;
    for (; *id; id++)
        h = (h ^ (uint8_t)*id) * 16777619u;
    return h % BUCKETS;
}

struct job *job_here(const struct jobs *j, const char *id) {
    struct job *job = j->buckets[bucket(id)];
    while (job && strcmp(job->id, id) != 0)
        job = job->next;
    return job;
}

struct job *job_new(struct jobs *j, const char *id) {
    struct job *job = c138_xcalloc(1, sizeof(*job));
    if (id)
        (void)snprintf(job->id, sizeof(job->id), "%s", id);
    else
        c138_ulid(job->id);
    size_t b = bucket(job->id);
    job->next = j->buckets[b];
    j->buckets[b] = job;
    if (j->newest)
        j->newest->newer = job;
    else
        j->oldest = job;
    j->newest = job;
    return job;
}

static void job_free(struct job *job) {
    while (job->waiters) {
        struct waiting *next = job->waiters->next;
        free(job->waiters);
        job->waiters = next;
    }
    c138_json_unref(job->params);
    c138_json_unref(job->redacted);
    c138_json_unref(job->result);
    c138_json_unref(job->log);
    c138_json_unref(job->owed);
    char *texts[] = {job->action_name, job->principal, job->source, job->chain,
                     job->key,         job->lock,      job->plan};
    for (size_t i = 0; i < C138_COUNT(texts); i++)
        free(texts[i]);
    free(job);
}

void job_drop(struct jobs *j, struct job *job) {
    struct job **p = &j->buckets[bucket(job->id)];
    while (*p != job)
        p = &(*p)->next;
    *p = job->next;
    struct job *before = NULL;
    for (struct job *at = j->oldest; at != job; at = at->newer)
        before = at;
    if (before)
        before->newer = job->newer;
    else
        j->oldest = job->newer;
    if (j->newest == job)
        j->newest = before;
    job_free(job);
}

void job_final_here(struct jobs *j, struct job *job) {
    job->final_ns = c138_now_monotonic_ns();
    j->final_here++;
}

static int may_go(const struct job *job) {
    return job_state_final(job->state) && !job->unsaved && !job->waits_for_commit &&
           !job->tell_done && !job->waiters;
}

/* Only from the timer: pointers to jobs live until the loop turns. */
void jobs_evict(struct jobs *j, int64_t now) {
    struct job *before = NULL;
    for (struct job *job = j->oldest, *next; job && j->final_here; job = next) {
        next = job->newer;
        if (!may_go(job) || (j->final_here <= FINAL_KEPT && now - job->final_ns < FINAL_KEPT_NS)) {
            before = job;
            continue;
        }
        struct job **p = &j->buckets[bucket(job->id)];
        while (*p != job)
            p = &(*p)->next;
        *p = job->next;
        if (before)
            before->newer = next;
        else
            j->oldest = next;
        if (j->newest == job)
            j->newest = before;
        job_free(job);
        j->final_here--;
    }
}
