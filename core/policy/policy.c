#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>
#include <policy/policy_internal.h>
#include <schema/decl.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUPS_MAX 256
#define TOKENS_MAX (256u << 10)
#define TTL_NS (INT64_C(3600) * C138_NS_PER_S)
/* A file that was changed so short a time ago may change again without a trace: the clock of its
 * file system has ticks of up to two seconds. */
#define SETTLED_NS (INT64_C(3) * C138_NS_PER_S)

/* "user:alice" or "group:ops" has `role`. */
struct rule {
    int is_group;
    char name[64];
    uint32_t role;
};

struct token {
    char name[64];
    uint32_t role;
    uint8_t digest[32];
};

struct named {
    char name[64];
    uint32_t role;
};

/* Tells one state of a file from another. */
struct file_id {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed, written;
};

struct policy {
    char host[64];
    struct rule *rules;
    size_t n_rules;
    struct named *named;
    size_t n_named;
    char *tokens_file;
    struct file_id tokens_id;   /* of the file as it was read; zero: read it again */
    struct c138_err tokens_err; /* what is wrong with that one; status 0: nothing */
    struct token *tokens;
    size_t n_tokens;
    int root, self_approval;
    struct c138_json *approve; /* patterns of actions; NULL: none */
    int64_t ttl_ns;
    struct policy_lookup lookup;
};

/* --- The user database ----------------------------------------------------------------------- */

static void user_name(uid_t uid, char *ret_name, size_t size) {
    struct passwd entry, *found = NULL;
    char space[4096];
    if (getpwuid_r(uid, &entry, space, sizeof(space), &found) == 0 && found)
        (void)snprintf(ret_name, size, "%s", found->pw_name);
    else
        (void)snprintf(ret_name, size, "#%u", (unsigned)uid);
}

static void group_name(gid_t gid, char *ret_name, size_t size) {
    struct group entry, *found = NULL;
    char space[16384];
    if (getgrgid_r(gid, &entry, space, sizeof(space), &found) == 0 && found)
        (void)snprintf(ret_name, size, "%s", found->gr_name);
    else
        (void)snprintf(ret_name, size, "#%u", (unsigned)gid);
}

static size_t group_names(uid_t uid, gid_t gid, char (*ret_names)[64], size_t max) {
    gid_t groups[GROUPS_MAX];
    int n = GROUPS_MAX;
    char name[64];
    user_name(uid, name, sizeof(name));
    if (name[0] == '#' || getgrouplist(name, gid, groups, &n) < 0) {
        groups[0] = gid;
        n = 1;
    }
    size_t count = 0;
    for (int i = 0; i < n && count < max; i++)
        group_name(groups[i], ret_names[count++], 64);
    return count;
}

void policy_set_lookup(struct policy *p, const struct policy_lookup *lookup) {
    p->lookup = *lookup;
}

/* --- Reading the section --------------------------------------------------------------------- */

static c138_status add_rules(struct policy *p, const struct c138_json *list, uint32_t role,
                             struct c138_err *err) {
    for (size_t i = 0; i < c138_json_count(list); i++) {
        const char *text = c138_json_as_str(c138_json_at(list, i), "");
        int is_group = c138_starts_with(text, "group:"), is_user = c138_starts_with(text, "user:");
        const char *name = text + (is_group ? 6 : 5);
        if ((!is_group && !is_user) || !*name || strlen(name) > 63)
            return c138_error(err, C138_E_INVALID, "policy.rule",
                              "%ss: \"%s\" is neither user:NAME nor group:NAME",
                              decl_role_name(role), text);
        p->rules = c138_xrealloc(p->rules, (p->n_rules + 1) * sizeof(*p->rules));
        struct rule *r = &p->rules[p->n_rules++];
        *r = (struct rule){.is_group = is_group, .role = role};
        (void)snprintf(r->name, sizeof(r->name), "%s", name);
    }
    return C138_OK;
}

static c138_status add_named(struct policy *p, const struct c138_json *list, struct c138_err *err) {
    for (size_t i = 0; i < c138_json_count(list); i++) {
        const struct c138_json *o = c138_json_at(list, i);
        const char *name = c138_json_get_str(o, "name", ""),
                   *role = c138_json_get_str(o, "role", "");
        if (!*name || strlen(name) > 63 || !decl_role_from_name(role))
            return c138_error(
                err, C138_E_INVALID, "policy.principal",
                "principals: \"%s\" with role \"%s\": a name, and viewer, operator or custodian",
                name, role);
        p->named = c138_xrealloc(p->named, (p->n_named + 1) * sizeof(*p->named));
        struct named *n = &p->named[p->n_named++];
        n->role = decl_role_from_name(role);
        (void)snprintf(n->name, sizeof(n->name), "%s", name);
    }
    return C138_OK;
}

c138_status policy_new(const struct c138_json *section, const char *host_name, struct policy **ret,
                       struct c138_err *err) {
    struct policy *p = c138_xcalloc(1, sizeof(*p));
    const char *ttl = c138_json_get_str(section, "approval_ttl", NULL);
    const char *root = c138_json_get_str(section, "root", "custodian");
    const char *tokens = c138_json_get_str(section, "tokens_file", NULL);
    (void)snprintf(p->host, sizeof(p->host), "%s", host_name);
    p->lookup = (struct policy_lookup){user_name, group_names};
    p->root = strcmp(root, "none") != 0;
    p->self_approval = c138_json_get_bool(section, "self_approval", 0);
    p->approve = c138_json_ref(c138_json_get(section, "approve"));
    p->tokens_file = tokens && *tokens ? c138_xstrdup(tokens) : NULL;
    p->ttl_ns = TTL_NS;
    c138_status status = C138_OK;
    if (ttl && (c138_duration_parse(ttl, &p->ttl_ns) < 0 || p->ttl_ns <= 0))
        status = c138_error(err, C138_E_INVALID, "policy.ttl",
                            "approval_ttl: \"%s\" is no duration such as 1h", ttl);
    if (status >= 0)
        status = add_rules(p, c138_json_get(section, "viewers"), C138_ROLE_VIEWER, err);
    if (status >= 0)
        status = add_rules(p, c138_json_get(section, "operators"), C138_ROLE_OPERATOR, err);
    if (status >= 0)
        status = add_rules(p, c138_json_get(section, "custodians"), C138_ROLE_CUSTODIAN, err);
    if (status >= 0)
        status = add_named(p, c138_json_get(section, "principals"), err);
    if (status < 0)
        policy_free(p);
    else
        *ret = p;
    return status;
}

struct policy *policy_free(struct policy *p) {
    if (!p)
        return NULL;
    free(p->rules);
    free(p->named);
    free(p->tokens);
    free(p->tokens_file);
    (void)c138_json_unref(p->approve);
    free(p);
    return NULL;
}

/* --- Who is it ------------------------------------------------------------------------------- */

c138_status policy_peer(const struct policy *p, uid_t uid, gid_t gid, struct principal *ret) {
    char user[64], groups[GROUPS_MAX][64];
    uint32_t role = uid == 0 && p->root ? C138_ROLE_CUSTODIAN : 0;
    p->lookup.user_name(uid, user, sizeof(user));
    size_t n_groups = p->lookup.group_names(uid, gid, groups, GROUPS_MAX);
    for (size_t i = 0; i < p->n_rules; i++) {
        const struct rule *r = &p->rules[i];
        int matches = !r->is_group && !strcmp(r->name, user);
        for (size_t g = 0; r->is_group && g < n_groups && !matches; g++)
            matches = !strcmp(r->name, groups[g]);
        if (matches && r->role > role)
            role = r->role;
    }
    (void)snprintf(ret->name, sizeof(ret->name), "unix:%s@%s", user, p->host);
    ret->role = role;
    return C138_OK;
}

/* One line: NAME ROLE SHA256. */
static c138_status read_token(char *line, struct token *ret) {
    char *save = NULL;
    const char *name = strtok_r(line, " \t", &save), *role = strtok_r(NULL, " \t", &save),
               *digest = strtok_r(NULL, " \t", &save);
    if (!digest || strtok_r(NULL, " \t", &save) || strlen(name) > 63 || strlen(digest) != 64 ||
        !decl_role_from_name(role) || c138_hex_decode(digest, 64, ret->digest) < 0)
        return C138_E_INVALID;
    (void)snprintf(ret->name, sizeof(ret->name), "%s", name);
    ret->role = decl_role_from_name(role);
    return C138_OK;
}

static void forget_tokens(struct policy *p) {
    free(p->tokens);
    p->tokens = NULL;
    p->n_tokens = 0;
}

/* All of it or nothing: a file that is half written must not decide who gets in. */
static c138_status read_tokens(struct policy *p, struct c138_err *err) {
    C138_BUF struct c138_buf file = C138_BUF_NULL;
    unsigned number = 0;
    forget_tokens(p);
    c138_status status = c138_file_read(p->tokens_file, TOKENS_MAX, &file, err);
    if (status < 0)
        return status;
    if (file.length && memchr(file.data, '\0', file.length))
        return c138_error(err, C138_E_INVALID, "policy.tokens", "%s is not a text file",
                          p->tokens_file);
    for (char *line = file.data, *next; line && *line; line = next) {
        struct token t = {0};
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        number++;
        line += strspn(line, " \t\r");
        if (!*line || *line == '#')
            continue;
        if (read_token(line, &t) < 0) {
            forget_tokens(p);
            return c138_error(err, C138_E_INVALID, "policy.tokens",
                              "%s:%u: expected NAME ROLE SHA256-OF-TOKEN, ROLE being viewer, "
                              "operator or custodian; until it is mended no token is accepted",
                              p->tokens_file, number);
        }
        p->tokens = c138_xrealloc(p->tokens, (p->n_tokens + 1) * sizeof(t));
        p->tokens[p->n_tokens++] = t;
    }
    return C138_OK;
}

static struct file_id file_id(const struct stat *st) {
    return (struct file_id){st->st_dev, st->st_ino, st->st_size, st->st_ctim, st->st_mtim};
}

static int same_time(struct timespec a, struct timespec b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static int same_file(const struct file_id *a, const struct file_id *b) {
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           same_time(a->changed, b->changed) && same_time(a->written, b->written);
}

static c138_status check_rights(const struct policy *p, const struct stat *st,
                                struct c138_err *err) {
    if (!S_ISREG(st->st_mode))
        return c138_error(err, C138_E_DENIED, "policy.tokens", "%s is not a regular file",
                          p->tokens_file);
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return c138_error(err, C138_E_DENIED, "policy.tokens",
                          "%s belongs to another user (%u): chown root %s", p->tokens_file,
                          (unsigned)st->st_uid, p->tokens_file);
    if (st->st_mode & 037)
        return c138_error(err, C138_E_DENIED, "policy.tokens",
                          "%s has mode %04o: chmod 0640 %s (or 0600), so that nobody else writes "
                          "or reads it",
                          p->tokens_file, (unsigned)st->st_mode & 07777u, p->tokens_file);
    return C138_OK;
}

/* Again when the file is another one, or so young that it may be by now. */
static c138_status refresh_tokens(struct policy *p, struct c138_err *err) {
    struct stat st;
    if (!p->tokens_file)
        return c138_error(err, C138_E_DENIED, "policy.no-tokens",
                          "no token is accepted: tokens_file in the policy section is not set");
    if (stat(p->tokens_file, &st) < 0)
        return c138_error(err, C138_E_DENIED, "policy.tokens", "%s cannot be read: %s",
                          p->tokens_file, strerror(errno));
    c138_status status = check_rights(p, &st, err);
    if (status < 0)
        return status;
    const struct file_id now = file_id(&st);
    if (!same_file(&now, &p->tokens_id)) {
        int64_t changed = (int64_t)st.st_ctim.tv_sec * C138_NS_PER_S + st.st_ctim.tv_nsec;
        p->tokens_err = (struct c138_err){0};
        (void)read_tokens(p, &p->tokens_err);
        p->tokens_id = c138_now_utc_ns() - changed > SETTLED_NS ? now : (struct file_id){0};
    }
    if (p->tokens_err.status < 0)
        *err = p->tokens_err;
    return p->tokens_err.status;
}

c138_status policy_token(struct policy *p, const char *token, struct principal *ret,
                         struct c138_err *err) {
    uint8_t digest[32];
    const struct token *found = NULL;
    struct c138_err why = {0};
    c138_status status = refresh_tokens(p, &why);
    if (status < 0)
        return c138_error(err, C138_E_DENIED, why.key, "%s", why.text);
    c138_sha256(token, strlen(token), digest);
    for (size_t i = 0; i < p->n_tokens; i++)
        if (c138_secret_equal(p->tokens[i].digest, digest, sizeof(digest)))
            found = &p->tokens[i];
    if (!found)
        return c138_error(err, C138_E_DENIED, "policy.token", "this token is not known");
    (void)snprintf(ret->name, sizeof(ret->name), "token:%s@%s", found->name, p->host);
    ret->role = found->role;
    return C138_OK;
}

c138_status policy_named(const struct policy *p, const char *kind, const char *rule, const char *as,
                         struct principal *ret, struct c138_err *err) {
    for (size_t i = 0; as && i < p->n_named; i++)
        if (!strcmp(p->named[i].name, as)) {
            (void)snprintf(ret->name, sizeof(ret->name), "%s:%s@%s as %s", kind, rule, p->host, as);
            ret->role = p->named[i].role;
            return C138_OK;
        }
    C138_FREE const char **names = c138_xcalloc(p->n_named + 1, sizeof(*names));
    for (size_t i = 0; i < p->n_named; i++)
        names[i] = p->named[i].name;
    const char *near = as ? c138_nearest(as, names) : NULL;
    return c138_error(err, C138_E_NOTFOUND, "policy.principal",
                      "%s %s: as = \"%s\" is not among the principals of the policy section%s%s",
                      kind, rule, as ? as : "", near ? "; did you mean " : "", near ? near : "");
}

/* --- May he ---------------------------------------------------------------------------------- */

c138_status policy_check(const struct principal *who, uint32_t least_role, const char *action,
                         struct c138_err *err) {
    if (who->role >= least_role)
        return C138_OK;
    return c138_error(err, C138_E_DENIED, "policy.denied",
                      "%s is %s: %s needs %s (policy section of the config)", who->name,
                      who->role ? decl_role_name(who->role) : "without a role", action,
                      decl_role_name(least_role));
}

c138_status policy_may_approve(const struct policy *p, const struct principal *who,
                               const char *requested_by, struct c138_err *err) {
    c138_status status = policy_check(who, C138_ROLE_CUSTODIAN, "an approval", err);
    if (status < 0)
        return status;
    if (!p->self_approval && !strcmp(who->name, requested_by))
        return c138_error(err, C138_E_DENIED, "policy.self-approval",
                          "%s asked for it: another custodian must approve it", who->name);
    return C138_OK;
}

int policy_wants_approval(const struct policy *p, const char *action) {
    for (size_t i = 0; i < c138_json_count(p->approve); i++)
        if (c138_topic_match(c138_json_as_str(c138_json_at(p->approve, i), ""), action))
            return 1;
    return 0;
}

int64_t policy_approval_ttl_ns(const struct policy *p) {
    return p->ttl_ns;
}
