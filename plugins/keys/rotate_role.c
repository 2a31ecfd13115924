/*
 * A role of OpenZeppelin's AccessControl: granted to the new account, proved by a call that only who
 * holds it may make (simulated as the new account, so it changes nothing), revoked from the old one.
 */
#include "rotate.h"

#include <base/mem.h>
#include <base/text.h>

#include <stdio.h>
#include <string.h>

static struct c138_json *params_of(const struct rotate *r, const char *function, const char *from,
                                   const struct c138_json *args) {
    struct c138_json *params = c138_json_new_object();
    c138_json_set_str(params, "to", r->of.contract);
    c138_json_set_str(params, "function", function);
    if (from)
        c138_json_set_str(params, "from", from);
    if (c138_json_count(args))
        c138_json_set(params, "args", c138_json_copy(args));
    return params;
}

static struct c138_json *two_args(const char *a, const char *b) {
    struct c138_json *args = c138_json_new_array();
    c138_json_append(args, c138_json_new_str(a));
    if (b)
        c138_json_append(args, c138_json_new_str(b));
    return args;
}

/* What the contract answers, its first value as text. */
static c138_status read_value(struct rotate *r, const char *function, const char *a, const char *b,
                              char ret[80], struct c138_err *err) {
    C138_JSON struct c138_json *args = two_args(a, b), *result = NULL;
    C138_JSON struct c138_json *params = params_of(r, function, NULL, args);
    c138_status status = keys_ask(r->keys, r->call, "chain.call", params, &result, err);
    if (status >= 0)
        (void)snprintf(ret, 80, "%s", c138_json_as_str(c138_json_path(result, "values.0"), ""));
    return status;
}

static c138_status has_role(struct rotate *r, const char *role, const char *address, int *ret,
                            struct c138_err *err) {
    char value[80];
    c138_status status =
        read_value(r, "hasRole(bytes32,address) returns (bool)", role, address, value, err);
    *ret = status >= 0 && !strcmp(value, "true");
    return status;
}

/* --- The plan -------------------------------------------------------------------------------- */

static struct c138_json *probe_args(const struct rotate *r) {
    struct c138_json *args = c138_json_new_array();
    uint64_t count = c138_has(r->call, "probe_args") ? c138_uint(r->call, "probe_args") : 0;
    for (uint64_t i = 0; i < count; i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "probe_args.%u", (unsigned)i);
        c138_json_append(args, c138_json_new_str(c138_str(r->call, path)));
    }
    return args;
}

static struct c138_json *probe_as(const struct rotate *r, const char *address) {
    C138_JSON struct c138_json *args = probe_args(r);
    return params_of(r, c138_str(r->call, "probe"), address, args);
}

/* Does the probe go through as this account? A revert is an answer, anything else an error. */
static c138_status probe(struct rotate *r, const char *address, int *ret, struct c138_err *err) {
    C138_JSON struct c138_json *params = probe_as(r, address), *result = NULL;
    c138_status status = keys_ask(r->keys, r->call, "chain.call", params, &result, err);
    *ret = status >= 0;
    return status < 0 && !strcmp(err->key, "chain.reverts") ? C138_OK : status;
}

/* A probe that anybody may call proves nothing, and neither does one that nobody may. */
static c138_status check_probe(struct rotate *r, int from_has, int into_has, struct c138_err *err) {
    int passes = 0;
    c138_status status = from_has ? probe(r, r->from_address, &passes, err) : C138_OK;
    if (status >= 0 && from_has && !passes)
        return c138_error(err, C138_E_CONFLICT, "keys.probe",
                          "the probe %s fails as %s, which has the role: %s",
                          c138_str(r->call, "probe"), r->from, err->text);
    if (status >= 0 && !into_has) {
        status = probe(r, r->into_address, &passes, err);
        if (status >= 0 && passes)
            return c138_error(err, C138_E_CONFLICT, "keys.probe",
                              "the probe %s goes through as %s, which does not have the role: it "
                              "proves nothing; name a function that only its holders may call",
                              c138_str(r->call, "probe"), r->into);
    }
    return status;
}

/* Who may grant: the key that the call names, the one that goes, or the one that comes. */
static c138_status find_granter(struct rotate *r, const char *admin_role, const char **ret,
                                struct c138_err *err) {
    const char *candidates[] = {c138_has(r->call, "admin") ? c138_str(r->call, "admin") : NULL,
                                r->from, r->into};
    for (size_t i = 0; i < C138_COUNT(candidates); i++) {
        char address[44];
        int has = 0;
        c138_status status =
            candidates[i] ? rotate_address(r, candidates[i], address, err) : C138_OK;
        if (status >= 0 && candidates[i])
            status = has_role(r, admin_role, address, &has, err);
        if (status < 0)
            return status;
        if (has) {
            *ret = candidates[i];
            return C138_OK;
        }
    }
    return c138_error(err, C138_E_DENIED, "keys.admin",
                      "none of the keys may grant the role at %s: its admin role is %s; name a key "
                      "that has it with --admin",
                      r->of.contract, admin_role);
}

static struct c138_json *send_params(const struct rotate *r, const char *key, const char *function,
                                     const char *address, const char *step) {
    C138_JSON struct c138_json *args = two_args(r->of.role, address);
    struct c138_json *params = params_of(r, function, NULL, args);
    C138_FREE char *id = c138_xasprintf("rotation-%s-%s", r->id, step);
    c138_json_set_str(params, "key", key);
    c138_json_set_str(params, "id", id);
    return params;
}

static void add_steps(const struct rotate *r, const char *granter, const char *revoker,
                      struct c138_json *steps) {
    C138_FREE char *grant =
        c138_xasprintf("%s grants the role to %s (%s)", granter, r->into, r->into_address);
    C138_FREE char *prove =
        c138_xasprintf("%s goes through as %s, simulated", c138_str(r->call, "probe"), r->into);
    C138_FREE char *revoke =
        c138_xasprintf("%s revokes the role from %s (%s)", revoker, r->from, r->from_address);
    rotate_add(steps, "grant", grant, "chain.send",
               send_params(r, granter, "grantRole(bytes32,address)", r->into_address, "grant"),
               NULL);
    rotate_add(steps, "prove", prove, "chain.call", probe_as(r, r->into_address), NULL);
    rotate_add(steps, "revoke", revoke, "chain.send",
               send_params(r, revoker, "revokeRole(bytes32,address)", r->from_address, "revoke"),
               NULL);
}

static c138_status plan(struct rotate *r, struct c138_json *steps, struct c138_err *err) {
    char admin_role[80];
    const char *granter = NULL;
    int from_has = 0, into_has = 0;
    if (!*r->of.contract || !c138_has(r->call, "probe"))
        return c138_error(err, C138_E_INVALID, "keys.rotation",
                          "a role is rotated at a contract, and proved by a call: give --contract "
                          "and --probe (a function that only holders of the role may call, such as "
                          "\"pause()\"; it is simulated, never sent)");
    c138_status status = rotate_address(r, r->from, r->from_address, err);
    if (status >= 0)
        status = rotate_address(r, r->into, r->into_address, err);
    if (status >= 0)
        status = has_role(r, r->of.role, r->from_address, &from_has, err);
    if (status >= 0)
        status = has_role(r, r->of.role, r->into_address, &into_has, err);
    if (status >= 0 && !from_has && !into_has)
        return c138_error(err, C138_E_CONFLICT, "keys.rotation",
                          "neither %s nor %s has the role at %s: there is nothing to rotate",
                          r->from, r->into, r->of.contract);
    if (status >= 0)
        status = check_probe(r, from_has, into_has, err);
    if (status >= 0)
        status = read_value(r, "getRoleAdmin(bytes32) returns (bytes32)", r->of.role, NULL,
                            admin_role, err);
    if (status >= 0)
        status = find_granter(r, admin_role, &granter, err);
    if (status < 0)
        return status;
    /* A role that is its own admin: the new account has it by then, and revoking proves it again.
     * Otherwise who granted may revoke; the old one must not be needed once it is gone. */
    add_steps(r, granter, strcmp(admin_role, r->of.role) == 0 ? r->into : granter, steps);
    return C138_OK;
}

/* --- The steps ------------------------------------------------------------------------------- */

static c138_status change(struct rotate *r, const struct c138_json *step, const char *address,
                          int wanted, struct c138_err *err) {
    C138_JSON struct c138_json *result = NULL;
    int has = 0;
    c138_status status = has_role(r, r->of.role, address, &has, err);
    if (status < 0 || has == wanted)
        return status;
    status = rotate_call(r, step, &result, err);
    if (status >= 0)
        status = has_role(r, r->of.role, address, &has, err);
    return status < 0 || has == wanted
               ? status
               : c138_error(err, C138_E_CONFLICT, "keys.rotation",
                            "the transaction succeeded, and %s %s the role: another changed it, or "
                            "this transaction was undone since; ask again",
                            address, has ? "still has" : "does not have");
}

static c138_status prove(struct rotate *r, const struct c138_json *step, struct c138_err *err) {
    C138_JSON struct c138_json *result = NULL;
    return rotate_call(r, step, &result, err);
}

/* Whatever happened in between: never without a holder that was seen to be able. */
static c138_status take_away(struct rotate *r, const struct c138_json *step, struct c138_err *err) {
    int has = 0;
    c138_status status = has_role(r, r->of.role, r->into_address, &has, err);
    if (status >= 0 && !has)
        status = c138_error(err, C138_E_CONFLICT, "keys.rotation",
                            "%s does not have the role any more: the old one keeps it", r->into);
    return status < 0 ? status : change(r, step, r->from_address, 0, err);
}

static c138_status do_step(struct rotate *r, const struct c138_json *step, struct c138_err *err) {
    const char *name = c138_json_get_str(step, "name", "");
    return !strcmp(name, "grant")   ? change(r, step, r->into_address, 1, err)
           : !strcmp(name, "prove") ? prove(r, step, err)
                                    : take_away(r, step, err);
}

const struct rotate_kind rotate_role = {.name = "role", .plan = plan, .step = do_step};
