/*
 * Dangerous actions: the plan, its digest, and what somebody else decides.
 */
#include <jobs/jobs_internal.h>

static void digest_of(struct job *job) {
    C138_JSON struct c138_json *o = c138_json_new_object();
    struct c138_json *plan = NULL;
    (void)c138_json_parse(job->plan, strlen(job->plan), &plan, NULL);
    c138_json_set_str(o, "action", job->action_name);
    c138_json_set(o, "params", c138_json_ref(job->params));
    c138_json_set(o, "plan", plan);
    C138_FREE char *text = c138_json_canonical(o);
    c138_sha256_hex(text, strlen(text), job->digest);
}

void job_planned(struct jobs *j, struct job *job, struct c138_json *plan) {
    const struct policy *policy = j->env.policy(j->env.user);
    job->plan = c138_json_canonical(plan);
    c138_json_unref(plan);
    digest_of(job);
    job->expires_ns = c138_now_utc_ns() + policy_approval_ttl_ns(policy);
    job->state = JOB_AWAITING_APPROVAL;
    job->runner = NULL;
    job_leave_way(j, job);
    job_audit(job, "plan", "awaiting approval");
    job_changed(j, job);
}

int job_covers(const struct job *job, const struct decl_action *action,
               const struct c138_json *params, char **ret_plan) {
    const char *text = job_plan_text(job);
    C138_JSON struct c138_json *plan = NULL;
    if (!text || c138_json_parse(text, strlen(text), &plan, NULL) < 0)
        return 0;
    const struct c138_json *calls = c138_json_get(plan, "calls");
    C138_FREE char *wanted = c138_json_canonical(params);
    for (size_t i = 0; i < c138_json_count(calls); i++) {
        const struct c138_json *call = c138_json_at(calls, i), *its = c138_json_get(call, "plan");
        C138_JSON struct c138_json *listed = NULL;
        if (strcmp(c138_json_get_str(call, "action", ""), action->full_name) != 0 ||
            validate_object(action->params, c138_json_get(call, "params"), 0, &listed, NULL) < 0)
            continue;
        C138_FREE char *here = c138_json_canonical(listed);
        if (strcmp(here, wanted) != 0)
            continue;
        *ret_plan = its ? c138_json_canonical(its) : NULL;
        return 1;
    }
    return 0;
}

static struct job *waiting_one(struct jobs *j, const char *id, struct c138_err *err) {
    struct job *job = jobs_find(j, id);
    if (!job) {
        c138_error(err, C138_E_NOTFOUND, "job.unknown",
                   "job %s is not known: chain138ctl approvals lists those that wait", id);
        return NULL;
    }
    if (job->state != JOB_AWAITING_APPROVAL) {
        c138_error(err, C138_E_CONFLICT, "approval.none",
                   "job %s does not wait for an approval: it is %s", id,
                   job_state_name(job->state));
        return NULL;
    }
    if (job->waits_for_commit) {
        c138_error(err, C138_E_BUSY, "job.busy",
                   "the plan of job %s is just being written: try again", id);
        return NULL;
    }
    return job;
}

static void deny(struct jobs *j, const struct job *job, const struct principal *who,
                 const char *what, const struct c138_err *err) {
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "principal", who->name);
    c138_json_set_str(o, "action", what);
    c138_json_set_str(o, "job", job->id);
    c138_json_set_str(o, "outcome", err ? err->text : "denied");
    audit_append(j->env.audit, "deny", o);
}

static void decided(struct job *job, const char *kind, const struct principal *who,
                    const char *text) {
    struct c138_json *o = c138_json_new_object();
    c138_json_set_str(o, "principal", who->name);
    c138_json_set_str(o, "action", job->action_name);
    c138_json_set_str(o, "job", job->id);
    c138_json_set_str(o, "digest", job->digest);
    c138_json_set_str(o, "requested_by", job->principal);
    c138_json_set_str(o, "outcome", text);
    job_owe(job, kind, o);
}

c138_status jobs_approve(struct jobs *j, const char *id, const char *digest,
                         const struct principal *who, struct c138_err *err) {
    struct c138_err local = {0};
    err = err ? err : &local;
    struct job *job = waiting_one(j, id, err);
    if (!job)
        return err->status;
    c138_status status = policy_may_approve(j->env.policy(j->env.user), who, job->principal, err);
    if (status < 0) {
        deny(j, job, who, "agent.approve", err);
        return status;
    }
    if (c138_now_utc_ns() >= job->expires_ns)
        return c138_error(err, C138_E_CONFLICT, "approval.expired",
                          "the plan of job %s has expired: ask for it again", id);
    if (!digest || !c138_streq(digest, job->digest))
        return c138_error(err, C138_E_CONFLICT, "approval.digest",
                          "the digest is not that of job %s's plan (%s): read the plan again, "
                          "chain138ctl approvals",
                          id, job->digest);
    decided(job, "approve", who, "approved");
    job->attempt = 0; /* to plan it was no attempt to run it */
    job_to_queue(j, job);
    return C138_OK;
}

c138_status jobs_reject(struct jobs *j, const char *id, const char *reason,
                        const struct principal *who, struct c138_err *err) {
    struct c138_err local = {0};
    err = err ? err : &local;
    struct job *job = waiting_one(j, id, err);
    if (!job)
        return err->status;
    c138_status status = policy_check(who, C138_ROLE_CUSTODIAN, "agent.reject", err);
    if (status < 0) {
        deny(j, job, who, "agent.reject", err);
        return status;
    }
    decided(job, "reject", who, reason ? reason : "rejected");
    C138_FREE char *text =
        c138_xasprintf("rejected by %s%s%s", who->name, reason ? ": " : "", reason ? reason : "");
    job_end(j, job, JOB_REJECTED, C138_E_DENIED, "approval.rejected", text);
    return C138_OK;
}
