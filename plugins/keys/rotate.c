#include "rotate.h"

#include <base/mem.h>
#include <base/text.h>
#include <base/ulid.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

/* --- For the kinds --------------------------------------------------------------------------- */

void rotate_add(struct c138_json *steps, const char *name, const char *does, const char *action,
                struct c138_json *params, struct c138_json *plan) {
    struct c138_json *step = c138_json_new_object();
    c138_json_set_str(step, "name", name);
    c138_json_set_str(step, "does", does);
    if (action)
        c138_json_set_str(step, "action", action);
    if (params)
        c138_json_set(step, "params", params);
    if (plan)
        c138_json_set(step, "plan", plan);
    c138_json_append(steps, step);
}

c138_status rotate_call(struct rotate *r, const struct c138_json *step, struct c138_json **ret,
                        struct c138_err *err) {
    return keys_ask(r->keys, r->call, c138_json_get_str(step, "action", ""),
                    c138_json_get(step, "params"), ret, err);
}

c138_status rotate_address(struct rotate *r, const char *name, char ret_address[44],
                           struct c138_err *err) {
    C138_JSON struct c138_json *result = NULL;
    if (c138_starts_with(name, "0x") && strlen(name) == 42) {
        (void)snprintf(ret_address, 44, "%s", name);
        return C138_OK;
    }
    c138_status status = keys_ask(r->keys, r->call, "keys.list", NULL, &result, err);
    if (status < 0)
        return status;
    const struct c138_json *keys = c138_json_get(result, "keys");
    for (size_t i = 0; i < c138_json_count(keys); i++) {
        const struct c138_json *key = c138_json_at(keys, i);
        const char *address = c138_json_get_str(key, "address", NULL);
        if (!address || strcmp(c138_json_get_str(key, "name", ""), name) != 0)
            continue;
        (void)snprintf(ret_address, 44, "%s", address);
        return C138_OK;
    }
    return c138_error(err, C138_E_NOTFOUND, "keys.unknown",
                      "there is no key %.80s with an address here: make the new key first "
                      "(chain138ctl keys generate %.80s)",
                      name, name);
}

static void rest(int64_t ns) {
    (void)nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
}

c138_status rotate_until(struct rotate *r, const char *what,
                         c138_status (*is_so)(struct rotate *r, int *ret, struct c138_err *err),
                         struct c138_err *err) {
    const c138_host *host = r->keys->host;
    int64_t end = host->now_ns(host, C138_CLOCK_MONOTONIC) + r->wait_ns;
    for (int so = 0;; rest(300 * C138_NS_PER_MS)) {
        c138_status status = is_so(r, &so, err);
        if (status < 0 || so)
            return status;
        if (c138_cancelled(r->call))
            return c138_error(
                err, C138_E_CANCELLED, "keys.rotation",
                "stopped while waiting: %s; the rotation goes on when it is asked for "
                "again",
                what);
        if (host->now_ns(host, C138_CLOCK_MONOTONIC) > end)
            return c138_error(err, C138_E_TIMEOUT, "keys.rotation",
                              "%s: this did not come about; ask again to go on, with --back to go "
                              "back",
                              what);
    }
}

/* --- What is asked --------------------------------------------------------------------------- */

static const struct rotate_kind *kind_of(const char *name) {
    static const struct rotate_kind *const kinds[] = {&rotate_role, &rotate_validator,
                                                      &rotate_tessera};
    for (size_t i = 0; i < C138_COUNT(kinds); i++)
        if (!strcmp(kinds[i]->name, name))
            return kinds[i];
    return NULL;
}

static const char *text_of(c138_call *call, const char *name) {
    return c138_has(call, name) ? c138_str(call, name) : "";
}

static c138_status read_call(struct keys *k, c138_call *call, struct rotate *r,
                             struct c138_err *err) {
    int role = !strcmp(c138_str(call, "what"), rotate_role.name);
    *r = (struct rotate){.keys = k,
                         .call = call,
                         .of = {.what = c138_str(call, "what"),
                                .key = c138_str(call, "key"),
                                .to = c138_str(call, "to"),
                                .contract = role ? text_of(call, "contract") : "",
                                .role = role ? text_of(call, "role") : ""},
                         .back = c138_int(call, "back") != 0,
                         .wait_ns = c138_int(call, "wait")};
    r->from = r->back ? r->of.to : r->of.key;
    r->into = r->back ? r->of.key : r->of.to;
    if (!strcmp(r->of.key, r->of.to))
        return c138_error(err, C138_E_INVALID, "keys.rotation", "it would rotate %s into itself",
                          r->of.key);
    return C138_OK;
}

/* --- The plan -------------------------------------------------------------------------------- */

/* One that is under way keeps its id, and with it what its transactions are called: asked for again
 * it goes on. */
static c138_status take_id(struct rotate *r, struct c138_err *err) {
    C138_JSON struct c138_json *last = rotation_find(r->keys->host, &r->of);
    int open = rotation_open(last), last_back = c138_json_get_bool(last, "back", 0);
    if (r->back && !last)
        return c138_error(err, C138_E_NOTFOUND, "keys.rotation",
                          "there was no such rotation that one could go back from: keys rotations "
                          "lists them");
    if (!r->back && open && last_back)
        return c138_error(err, C138_E_CONFLICT, "keys.rotation",
                          "rotation %s is on its way back: let it end first, with --back",
                          c138_json_get_str(last, "id", ""));
    if (open && (r->back == last_back))
        (void)snprintf(r->id, sizeof(r->id), "%s", c138_json_get_str(last, "id", ""));
    else
        c138_ulid(r->id);
    return C138_OK;
}

static void set_calls(c138_call *call, const struct c138_json *steps) {
    c138_open_list(call, "calls");
    for (size_t i = 0; i < c138_json_count(steps); i++) {
        const struct c138_json *step = c138_json_at(steps, i),
                               *params = c138_json_get(step, "params");
        const struct c138_json *plan = c138_json_get(step, "plan");
        if (!params)
            continue;
        C138_FREE char *params_text = c138_json_dump(params);
        C138_FREE char *plan_text = plan ? c138_json_dump(plan) : NULL;
        c138_open_object(call, NULL);
        c138_set_str(call, "action", c138_json_get_str(step, "action", ""));
        c138_set_json(call, "params", params_text);
        if (plan_text)
            c138_set_json(call, "plan", plan_text);
        c138_close(call);
    }
    c138_close(call);
}

static void set_steps(c138_call *call, const struct c138_json *steps) {
    c138_open_list(call, "steps");
    for (size_t i = 0; i < c138_json_count(steps); i++) {
        const struct c138_json *step = c138_json_at(steps, i),
                               *params = c138_json_get(step, "params");
        c138_open_object(call, NULL);
        c138_set_str(call, "name", c138_json_get_str(step, "name", ""));
        c138_set_str(call, "does", c138_json_get_str(step, "does", ""));
        if (params) {
            C138_FREE char *text = c138_json_dump(params);
            c138_set_str(call, "action", c138_json_get_str(step, "action", ""));
            c138_set_json(call, "params", text);
        }
        c138_close(call);
    }
    c138_close(call);
}

static void set_head(const struct rotate *r) {
    c138_set_str(r->call, "id", r->id);
    c138_set_bool(r->call, "back", r->back ? 1 : 0);
    c138_set_str(r->call, "from", r->from);
    c138_set_str(r->call, "into", r->into);
    if (r->from_address[0])
        c138_set_str(r->call, "from_address", r->from_address);
    if (r->into_address[0])
        c138_set_str(r->call, "into_address", r->into_address);
    if (r->block)
        c138_set_uint(r->call, "block", r->block);
}

static c138_status make_plan(const struct rotate_kind *kind, struct rotate *r,
                             struct c138_err *err) {
    C138_JSON struct c138_json *steps = c138_json_new_array();
    c138_status status = take_id(r, err);
    if (status >= 0)
        status = kind->plan(r, steps, err);
    if (status < 0)
        return status;
    set_head(r);
    set_steps(r->call, steps);
    set_calls(r->call, steps);
    return C138_OK;
}

/* --- The run --------------------------------------------------------------------------------- */

/* A plugin that just died, a node that does not answer: for as long as the network may take for a step
 * it is tried again. A step asks the world first, so twice is once. */
static c138_status try_step(const struct rotate_kind *kind, struct rotate *r,
                            const struct c138_json *step, struct c138_err *err) {
    const c138_host *host = r->keys->host;
    int64_t end = host->now_ns(host, C138_CLOCK_MONOTONIC) + r->wait_ns;
    for (;; rest(500 * C138_NS_PER_MS)) {
        c138_status status = kind->step(r, step, err);
        if (status != C138_E_UNAVAILABLE || c138_cancelled(r->call) ||
            host->now_ns(host, C138_CLOCK_MONOTONIC) > end)
            return status;
        c138_call_log(r->call, C138_LOG_WARNING, err->text);
    }
}

static c138_status run_step(const struct rotate_kind *kind, struct rotate *r,
                            struct c138_json *journal, const struct c138_json *step,
                            struct c138_err *err) {
    const char *name = c138_json_get_str(step, "name", "");
    rotation_step(journal, name, "begun");
    c138_status status = rotation_save(r->keys->host, journal, err);
    if (status >= 0)
        status = try_step(kind, r, step, err);
    if (status < 0)
        return c138_error_prefix(err, status, "rotation %s, step %s", r->id, name);
    rotation_step(journal, name, "done");
    return rotation_save(r->keys->host, journal, err);
}

static c138_status run_steps(const struct rotate_kind *kind, struct rotate *r,
                             const struct c138_json *plan, struct c138_err *err) {
    const struct c138_json *steps = c138_json_get(plan, "steps");
    size_t count = c138_json_count(steps);
    C138_JSON struct c138_json *journal =
        rotation_new(r->keys->host, r->id, &r->of, r->back, steps);
    c138_status status = C138_OK;
    for (size_t i = 0; status >= 0 && i < count; i++) {
        const struct c138_json *step = c138_json_at(steps, i);
        c138_progress(r->call, (uint32_t)(1000 * i / count), c138_json_get_str(step, "does", ""));
        status = c138_cancelled(r->call) ? c138_error(err, C138_E_CANCELLED, "keys.rotation",
                                                      "stopped between two steps")
                                         : run_step(kind, r, journal, step, err);
    }
    c138_json_set_str(journal, "state", status < 0 ? "stopped" : "done");
    if (status < 0)
        c138_json_set_str(journal, "text", err->text);
    struct c138_err unsaved = {0};
    c138_status saved = rotation_save(r->keys->host, journal, status < 0 ? &unsaved : err);
    return status < 0 ? status : saved;
}

static c138_status run_plan(const struct rotate_kind *kind, struct rotate *r, const char *text,
                            struct c138_err *err) {
    C138_JSON struct c138_json *plan = NULL;
    c138_status status = c138_json_parse(text, strlen(text), &plan, err);
    if (status < 0)
        return status;
    (void)snprintf(r->id, sizeof(r->id), "%s", c138_json_get_str(plan, "id", ""));
    (void)snprintf(r->from_address, sizeof(r->from_address), "%s",
                   c138_json_get_str(plan, "from_address", ""));
    (void)snprintf(r->into_address, sizeof(r->into_address), "%s",
                   c138_json_get_str(plan, "into_address", ""));
    r->block = c138_json_get_uint(plan, "block", 0);
    if (!c138_ulid_valid(r->id))
        return c138_error(err, C138_E_INVALID, "keys.rotation", "the plan has no id");
    status = run_steps(kind, r, plan, err);
    if (status < 0)
        return status;
    set_head(r);
    set_steps(r->call, c138_json_get(plan, "steps"));
    return C138_OK;
}

c138_status keys_rotate_run(void *self, c138_call *call) {
    const struct rotate_kind *kind = kind_of(c138_str(call, "what"));
    struct c138_err err = {0};
    struct rotate r;
    c138_status status = read_call(self, call, &r, &err);
    if (status >= 0)
        status = call->dry_run     ? make_plan(kind, &r, &err)
                 : call->plan_json ? run_plan(kind, &r, call->plan_json, &err)
                                   : c138_error(&err, C138_E_APPROVAL, "keys.rotation",
                                                "a rotation runs from its approved plan alone");
    return status < 0 ? keys_fail(call, status, &err) : C138_OK;
}

/* --- keys.rotations -------------------------------------------------------------------------- */

static const char *place(const struct c138_json *journal) {
    const struct c138_json *steps = c138_json_get(journal, "steps");
    for (size_t i = 0; i < c138_json_count(steps); i++)
        if (strcmp(c138_json_get_str(c138_json_at(steps, i), "state", ""), "done") != 0)
            return c138_json_get_str(c138_json_at(steps, i), "name", "");
    return "";
}

c138_status keys_rotations_run(void *self, c138_call *call) {
    static const char *const members[] = {"id",   "what",  "key",     "to",      "contract",
                                          "role", "state", "started", "changed", "text"};
    const struct keys *k = self;
    C138_JSON struct c138_json *all = rotation_all(k->host);
    c138_open_list(call, "rotations");
    for (size_t i = 0; i < c138_json_count(all); i++) {
        const struct c138_json *journal = c138_json_at(all, i);
        c138_open_object(call, NULL);
        for (size_t m = 0; m < C138_COUNT(members); m++) {
            const char *text = c138_json_get_str(journal, members[m], "");
            if (*text)
                c138_set_str(call, members[m], text);
        }
        c138_set_bool(call, "back", c138_json_get_bool(journal, "back", 0) ? 1 : 0);
        if (rotation_open(journal))
            c138_set_str(call, "step", place(journal));
        c138_close(call);
    }
    c138_close(call);
    return C138_OK;
}
