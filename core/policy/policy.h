/*
 * policy/policy.h: who a caller is and what he may do. Constant after it was made (a reload makes a
 * new one); loop thread.
 *
 * Config:
 *   policy: {
 *     viewers    = ( "user:grafana", "group:monitoring" );
 *     operators  = ( "group:chain138" );
 *     custodians = ( "user:alice", "group:chain138-custodians" );
 *     tokens_file = "/etc/chain138/tokens";   # lines: NAME ROLE SHA256-OF-TOKEN; mode 0600, 0640
 *     principals = ( { name = "nightly"; role = "operator"; } );   # for schedules and triggers
 *     approve = ( "chain.send", "keys.*" );   # beside what is dangerous
 *     approval_ttl = "1h";
 *     self_approval = false;
 *   };
 * root is custodian on the socket unless `root = "none"`. The highest role that matches counts.
 * Nobody else gets in.
 */
#ifndef CORE_POLICY_POLICY_H
#define CORE_POLICY_POLICY_H
#include <base/json.h>
#include <sys/types.h>

#define POLICY_PRINCIPAL_MAX 160
struct principal {
    char name[POLICY_PRINCIPAL_MAX]; /* "unix:alice@host", "token:grafana@host",
                                        "schedule:nightly@host" */
    uint32_t role;                   /* C138_ROLE_*; 0: known but without a role */
};

struct policy;
/* `section`: the policy section as JSON (config/config.h), NULL for the defaults (root is
 * custodian). */
c138_status policy_new(const struct c138_json *section, const char *host_name, struct policy **ret,
                       struct c138_err *err);
struct policy *policy_free(struct policy *p);
/* A peer of the Unix socket (SO_PEERCRED): its user, primary and supplementary groups by
 * getgrouplist. */
c138_status policy_peer(const struct policy *p, uid_t uid, gid_t gid, struct principal *ret);
/* A bearer token: compared by SHA-256 in constant time against every line. The file is read again
 * when it changed. It must belong to root or to the agent's user, and nobody else may write it or,
 * beyond its group, read it. While one line of it is wrong no token is accepted, and the error
 * names that line: half a file must not decide who gets in. C138_E_DENIED, in all cases. */
c138_status policy_token(struct policy *p, const char *token, struct principal *ret,
                         struct c138_err *err);
/* A principal named in the config, for `kind` "schedule" or "trigger" with the rule's name:
 * "schedule:nightly@host as ops". C138_E_NOTFOUND names the nearest known. */
c138_status policy_named(const struct policy *p, const char *kind, const char *rule, const char *as,
                         struct principal *ret, struct c138_err *err);
/* May `who` call an action of this least role? C138_E_DENIED with who has which role and what is
 * needed. */
c138_status policy_check(const struct principal *who, uint32_t least_role, const char *action,
                         struct c138_err *err);
/* May `who` decide on what `requested_by` asked? Custodian, and another principal (unless
 * self_approval). */
c138_status policy_may_approve(const struct policy *p, const struct principal *who,
                               const char *requested_by, struct c138_err *err);
/* Does the config want a plan and an approval for this action, though it is not dangerous? */
int policy_wants_approval(const struct policy *p, const char *action);
int64_t policy_approval_ttl_ns(const struct policy *p);
#endif
