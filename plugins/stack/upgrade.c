/*
 * Another image for services, one after the other, back if one of them does not come back.
 *
 * The plan names the digest that will run, the versions, what the chain loses meanwhile, and the
 * point from which there is no easy way back. Over Besu 26.5.0 validators stop understanding each
 * other: the new ones run with BESU_XBFT_LEGACY_PROTOCOL_ENCODING until all are new, then all stop
 * at once and start without it. Two of four without that option, and the chain stands.
 */
#include "rolling.h"
#include "versions.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <base/when.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LEGACY "BESU_XBFT_LEGACY_PROTOCOL_ENCODING"
#define PROTECTION "BESU_VERSION_COMPATIBILITY_PROTECTION"
#define CONFIG_MAX (1u << 20)

/* One service of the upgrade. */
struct part {
    char *name;
    int besu, validator;
    besu_version from;
    struct svc_setup setup;
};
struct upgrade {
    struct stack *s;
    c138_call *call;
    struct driver d;
    char **names;
    struct part parts[SERVICES_MAX];
    size_t count;
    struct image_info image;
    char *reference;
    besu_version to;
    int legacy;               /* new validators speak the old form for a while */
    int full_stop;            /* this agent has all validators: the last step is part of it */
    int finish;               /* only that last step */
    struct chain_view *chain; /* NULL: nobody watches it */
};

static void upgrade_deinit(struct upgrade *u) {
    for (size_t i = 0; i < u->count; i++)
        svc_setup_deinit(&u->parts[i].setup);
    driver_close(&u->d);
    stack_names_free(&u->names);
    image_info_deinit(&u->image);
    free(u->reference);
    free(u->chain);
}

/* --- What there is --------------------------------------------------------------------------- */

static int is_besu(const struct service *x) {
    return x && (x->role == ROLE_VALIDATOR || x->role == ROLE_RPC || x->role == ROLE_BOOT);
}

/* What the node itself says counts before labels and tags. */
static besu_version running_version(struct upgrade *u, const struct part *p) {
    const struct service *x = stack_service(u->s, p->name);
    C138_JSON struct c138_json *params = c138_json_new_object(), *result = NULL;
    besu_version v = 0;
    if (x && x->node) {
        c138_json_set_str(params, "node", x->node);
        if (stack_ask(u->s, u->call, "besu.status", params, &result, NULL) >= 0)
            v = besu_version_read(c138_json_as_str(c138_json_path(result, "nodes.0.version"), ""));
    }
    if (!v)
        v = besu_version_read(p->setup.version);
    return v ? v : besu_version_read(p->setup.image);
}

static c138_status read_part(struct upgrade *u, const char *name, struct c138_err *err) {
    const struct service *x = stack_service(u->s, name);
    struct part *p = &u->parts[u->count];
    *p = (struct part){.name = (char *)(uintptr_t)name,
                       .besu = is_besu(x),
                       .validator = x && x->role == ROLE_VALIDATOR};
    c138_status status = u->d.ops->setup(&u->d, name, &p->setup, err);
    if (status < 0)
        return status;
    u->count++;
    p->from = p->besu ? running_version(u, p) : 0;
    return C138_OK;
}

/* Without names: the nodes of the config. */
static void keep_nodes(struct upgrade *u) {
    size_t n = 0;
    if (c138_uint(u->call, "services") > 0)
        return;
    for (char **name = u->names; *name; name++) {
        if (is_besu(stack_service(u->s, *name)))
            u->names[n++] = *name;
        else
            free(*name);
    }
    u->names[n] = NULL;
}

static c138_status read_image(struct upgrade *u, struct c138_err *err) {
    const char *image = c138_has(u->call, "image") ? c138_str(u->call, "image") : NULL;
    if (!image)
        return c138_error(err, C138_E_INVALID, "param.invalid",
                          "name the image to run, as --image hyperledger/besu:26.8.0");
    u->reference = c138_xstrdup(image);
    c138_status status = u->d.ops->image(&u->d, image, &u->image, err);
    if (status < 0)
        return status;
    if (c138_has(u->call, "besu_version"))
        u->to = besu_version_read(c138_str(u->call, "besu_version"));
    if (!u->to)
        u->to = besu_version_read(u->image.version);
    if (!u->to)
        u->to = besu_version_read(image);
    return C138_OK;
}

static c138_status read_all(struct upgrade *u, struct c138_err *err) {
    struct c138_err why = {0};
    c138_status status = stack_engine(u->s, u->call, &u->d, err);
    if (status >= 0 && !u->d.ops->apply)
        return c138_error(err, C138_E_UNSUPPORTED, "stack.upgrade",
                          "services of systemd have no images: install the new package or "
                          "folder, then stack restart takes them one after the other");
    if (status >= 0)
        status = driver_may_write(&u->d, "upgrade", err);
    if (status >= 0)
        status = stack_names(u->s, &u->d, u->call, &u->names, err);
    if (status < 0)
        return status;
    keep_nodes(u);
    roll_order(u->s, u->names);
    if (stack_names_count(u->names) == 0 || stack_names_count(u->names) > SERVICES_MAX)
        return c138_error(err, C138_E_INVALID, "param.invalid",
                          "no service to upgrade: name them, or give services of the config a "
                          "role of validator, rpc or boot");
    u->finish = c138_int(u->call, "finish") != 0;
    if (!u->finish)
        status = read_image(u, err);
    for (char **n = u->names; status >= 0 && *n; n++)
        status = read_part(u, *n, err);
    u->chain = c138_xcalloc(1, sizeof(*u->chain));
    if (status >= 0 && stack_chain(u->s, u->call, u->chain, &why) < 0) {
        free(u->chain);
        u->chain = NULL;
    }
    return status;
}

/* --- Whether it may be ----------------------------------------------------------------------- */

static c138_status read_options(const struct upgrade *u, const struct part *p, struct options *o,
                                struct c138_err *err) {
    const struct service *x = stack_service(u->s, p->name);
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    options_read_args(o, p->setup.args);
    options_read_env(o, p->setup.env);
    const char *inside = options_get(o, "config-file");
    if (!x->config_file && !inside)
        return C138_OK;
    if (!x->config_file)
        return c138_error(err, C138_E_CONFLICT, "stack.config-unknown",
                          "%s: it reads %.200s, and whether that uses what is gone is not known "
                          "here: set config_file of the service to that file's place on this host",
                          p->name, inside);
    c138_status status = c138_file_read(x->config_file, CONFIG_MAX, &text, err);
    if (status >= 0)
        status = options_read_toml(o, c138_buf_text(&text), text.length, x->config_file, err);
    return status < 0 ? c138_error_prefix(err, status, "%s", p->name) : C138_OK;
}

static c138_status check_part(const struct upgrade *u, const struct part *p, struct c138_err *err) {
    C138_BUF struct c138_buf taken = C138_BUF_MAX(700);
    char from[BESU_VERSION_TEXT], to[BESU_VERSION_TEXT];
    OPTIONS o = {0};
    besu_version_write(p->from, from);
    besu_version_write(u->to, to);
    if (!p->besu)
        return C138_OK;
    if (!p->from || !u->to)
        return c138_error(err, C138_E_CONFLICT, "stack.version-unknown",
                          "%s: from version %s to %s: what the new one takes away cannot be told: "
                          "give --besu-version, and watch the node with the besu plugin",
                          p->name, from, to);
    if (u->to < p->from)
        return c138_error(err, C138_E_CONFLICT, "stack.downgrade",
                          "%s: it runs %s, and a Besu of %s refuses a database that a newer one "
                          "opened: restore a backup instead",
                          p->name, from, to);
    if (!versions_take(p->from, u->to))
        return C138_OK;
    c138_status status = read_options(u, p, &o, err);
    if (status >= 0 && versions_taken(&o, p->from, u->to, &taken))
        status = c138_error(err, C138_E_CONFLICT, "stack.removed",
                            "%s would not start: from %s to %s: %s", p->name, from, to,
                            c138_buf_text(&taken));
    return status;
}

static int has_all_validators(const struct upgrade *u) {
    size_t here = 0;
    for (size_t i = 0; u->chain && i < u->count; i++) {
        const struct service *x = stack_service(u->s, u->parts[i].name);
        here += u->parts[i].validator && chain_view_find(u->chain, x->validator, x->node);
    }
    return u->chain && here == u->chain->count;
}

static c138_status judge(struct upgrade *u, struct c138_err *err) {
    struct roll r = {.s = u->s, .call = u->call, .d = &u->d, .kind = "upgrade"};
    c138_status status = C138_OK;
    size_t validators = 0;
    for (size_t i = 0; status >= 0 && i < u->count; i++) {
        const struct part *p = &u->parts[i];
        validators += p->validator ? 1 : 0;
        if (!u->finish)
            status = check_part(u, p, err);
        if (p->validator && p->from < BESU_ENCODING && u->to >= BESU_ENCODING)
            u->legacy = 1;
    }
    if (status < 0)
        return status;
    u->full_stop = validators && (u->legacy || u->finish) && has_all_validators(u);
    if (u->finish && !u->full_stop)
        return c138_error(
            err, C138_E_CONFLICT, "stack.finish",
            "the last step stops all validators of the network at once, and not all "
            "of them are services of this agent: on every host at the same time, stop "
            "the validators, take " LEGACY " away, and start them");
    return u->finish ? C138_OK : roll_may_begin(&r, u->names, err);
}

/* --- The plan -------------------------------------------------------------------------------- */

static void stage(c138_call *call, const char *text) {
    c138_set_str(call, NULL, text);
}

static void show_stages(const struct upgrade *u) {
    c138_call *call = u->call;
    c138_open_list(call, "stages");
    if (!u->finish) {
        C138_FREE char *one = c138_xasprintf(
            "%zu services one after the other; the next only when the last is back, in sync and, "
            "where it is a validator, has proposed",
            u->count);
        stage(call, one);
    }
    if (u->legacy)
        stage(call, "each new validator runs with --Xbft-legacy-protocol-encoding, or old and new "
                    "ones do not understand each other");
    if (u->full_stop)
        stage(call, "then one short full stop: all validators stop and start together without "
                    "that option; the chain makes no block meanwhile");
    else if (u->legacy)
        stage(call, "the full stop without that option is not part of this: other hosts have "
                    "validators, too; when all are new: stack upgrade --finish where one agent has "
                    "all of them, else by hand on all hosts at once");
    c138_close(call);
}

static const char *no_return_text(const struct upgrade *u) {
    if (u->finish)
        return "none: the option can be given back by another full stop";
    if (u->legacy)
        return "the first start of a new version: after it the old one refuses the database; the "
               "way back is only with --version-compatibility-protection=false, which nobody "
               "promises to work, or from a backup";
    return "the first start of a new version: the old one may refuse the database after it "
           "without --version-compatibility-protection=false";
}

static void show_plan(const struct upgrade *u, const char *text) {
    c138_call *call = u->call;
    char version[BESU_VERSION_TEXT];
    c138_open_list(call, "services");
    for (size_t i = 0; i < u->count; i++) {
        const struct part *p = &u->parts[i];
        const struct service *x = stack_service(u->s, p->name);
        besu_version_write(p->from, version);
        c138_open_object(call, NULL);
        c138_set_str(call, "service", p->name);
        c138_set_str(call, "role", role_name(x ? x->role : ROLE_OTHER));
        c138_set_str(call, "from", p->besu ? version : "");
        c138_set_str(call, "image", p->setup.image);
        c138_set_str(call, "digest", p->setup.image_id);
        c138_close(call);
    }
    c138_close(call);
    besu_version_write(u->to, version);
    c138_set_str(call, "image", u->reference ? u->reference : "");
    c138_set_str(call, "digest", u->image.digest ? u->image.digest : "");
    c138_set_str(call, "version", u->finish ? "" : version);
    c138_set_bool(call, "legacy_encoding", u->legacy ? 1 : 0);
    c138_set_bool(call, "full_stop", u->full_stop ? 1 : 0);
    if (u->chain) {
        c138_set_uint(call, "validators", u->chain->count);
        c138_set_uint(call, "quorum", u->chain->quorum);
    }
    show_stages(u);
    c138_set_str(call, "no_return", no_return_text(u));
    c138_set_str(call, "text", text);
}

/* The approved plan again: the old images for the way back, and that it is still about the same. */
static c138_status follow_plan(struct upgrade *u, struct c138_json **ret_plan,
                               struct c138_err *err) {
    C138_JSON struct c138_json *plan = NULL;
    c138_status status =
        c138_json_parse(u->call->plan_json, strlen(u->call->plan_json), &plan, err);
    if (status < 0)
        return status;
    const struct c138_json *list = c138_json_get(plan, "services");
    int same = c138_json_count(list) == u->count && !strcmp(c138_json_get_str(plan, "digest", ""),
                                                            u->image.digest ? u->image.digest : "");
    for (size_t i = 0; same && i < u->count; i++)
        same = !strcmp(c138_json_get_str(c138_json_at(list, i), "service", ""), u->parts[i].name);
    if (!same)
        return c138_error(err, C138_E_CONFLICT, "stack.plan",
                          "nothing was touched: the image or the services are not those that were "
                          "approved: plan it again");
    /* A second run after a crash sees half of it done already: what was planned counts. */
    u->legacy = c138_json_get_bool(plan, "legacy_encoding", 0);
    u->full_stop = c138_json_get_bool(plan, "full_stop", 0);
    *ret_plan = C138_STEAL(plan);
    return C138_OK;
}

/* --- Doing it -------------------------------------------------------------------------------- */

static c138_status pin_and_apply(struct upgrade *u, const char *service, const char *image,
                                 struct c138_json *env, struct c138_err *err) {
    c138_status status = pins_set(u->s, service, image, env, err);
    u->d.n_pins = u->s->n_pins;
    return status < 0 ? status : u->d.ops->apply(&u->d, service, err);
}

static const struct part *part_of(const struct upgrade *u, const char *service) {
    for (size_t i = 0; i < u->count; i++)
        if (!strcmp(u->parts[i].name, service))
            return &u->parts[i];
    return NULL;
}

static c138_status touch_new(struct roll *r, const char *service, struct c138_err *err) {
    struct upgrade *u = r->user;
    const struct part *p = part_of(u, service);
    struct c138_json *env = NULL;
    if (u->legacy && p && p->besu) {
        env = c138_json_new_object();
        c138_json_set_str(env, LEGACY, "true");
    }
    return pin_and_apply(u, service, u->image.digest, env, err);
}

/* The image that it ran before, from the plan. A newer version opened the database meanwhile. */
struct undo {
    struct upgrade *u;
    const struct c138_json *plan;
};

static c138_status touch_old(struct roll *r, const char *service, struct c138_err *err) {
    struct undo *x = r->user;
    const struct c138_json *list = c138_json_get(x->plan, "services");
    for (size_t i = 0; i < c138_json_count(list); i++) {
        const struct c138_json *o = c138_json_at(list, i);
        if (strcmp(c138_json_get_str(o, "service", ""), service) != 0)
            continue;
        struct c138_json *env = NULL;
        if (*c138_json_get_str(o, "from", "")) {
            env = c138_json_new_object();
            c138_json_set_str(env, PROTECTION, "false");
        }
        return pin_and_apply(x->u, service, c138_json_get_str(o, "digest", ""), env, err);
    }
    return c138_error(err, C138_E_INTERNAL, "stack.plan", "%s is not in the plan", service);
}

/* Back, the failed one first, then those before it, the newest first. */
static void undo_all(struct upgrade *u, const struct c138_json *plan, const char *failed,
                     struct c138_err *err) {
    struct undo x = {.u = u, .plan = plan};
    struct roll r = {
        .s = u->s, .call = u->call, .d = &u->d, .kind = "undo", .touch = touch_old, .user = &x};
    struct c138_err why = {0};
    size_t at = 0, undone = 0;
    c138_status status = C138_OK;
    while (at < u->count && strcmp(u->parts[at].name, failed) != 0)
        at++;
    r.total = at + 1;
    for (size_t i = at + 1; status >= 0 && i-- > 0; r.done++) {
        status = roll_one(&r, u->parts[i].name, &why);
        undone += status >= 0;
    }
    C138_FREE char *text =
        status >= 0 ? c138_xasprintf("%.500s; rolled back: %zu services run their old image again",
                                     err->text, undone)
                    : c138_xasprintf("%.400s; the way back failed, too, after %zu services: %.400s",
                                     err->text, undone, why.text);
    (void)c138_error(err, err->status, err->key, "%s", text);
}

/* All validators at once, without the old form. */
static c138_status full_stop(struct upgrade *u, struct c138_err *err) {
    struct roll r = {.s = u->s, .call = u->call, .d = &u->d, .kind = "full-stop"};
    const char *job = u->call->job_id;
    c138_status status = C138_OK;
    int begun = rolling_step(u->s, job, r.kind, "all") != STEP_NONE;
    c138_progress(u->call, 900, "full stop: all validators start together in the new form");
    if (!begun)
        status = rolling_note(u->s, job, r.kind, "all", STEP_TOUCHED, err);
    for (size_t i = 0; status >= 0 && i < u->count; i++)
        if (u->parts[i].validator)
            status = u->d.ops->act(&u->d, ACT_STOP, u->parts[i].name, u->s->settings.grace_ns, err);
    for (size_t i = 0; i < u->count; i++) {
        const struct part *p = &u->parts[i];
        const struct pin *pin = pins_find(u->s, p->name);
        struct c138_err why = {0};
        if (!p->besu || (!pin && !p->validator))
            continue;
        C138_FREE char *image = c138_xstrdup(pin ? pin->image : p->setup.image_id);
        /* Also after a failure: a validator that stays stopped is worse than any. */
        if (pin_and_apply(u, p->name, image, NULL, &why) < 0 && status >= 0)
            status = c138_error(err, why.status, why.key, "%s", why.text);
    }
    for (size_t i = 0; status >= 0 && i < u->count; i++)
        status = roll_wait(&r, u->parts[i].name, err);
    if (status >= 0)
        status = rolling_note(u->s, job, r.kind, "all", STEP_BACK, err);
    return status < 0 ? c138_error_prefix(err, status, "in the full stop") : status;
}

static void record(struct upgrade *u) {
    char to[BESU_VERSION_TEXT], from[BESU_VERSION_TEXT];
    besu_version_write(u->to, to);
    for (size_t i = 0; i < u->count; i++) {
        const struct pin *pin = pins_find(u->s, u->parts[i].name);
        struct c138_json *data = c138_json_new_object();
        besu_version_write(u->parts[i].from, from);
        c138_json_set_str(data, "service", u->parts[i].name);
        c138_json_set_str(data, "digest", pin ? pin->image : u->parts[i].setup.image_id);
        if (u->parts[i].besu && !u->finish) {
            c138_json_set_str(data, "from", from);
            c138_json_set_str(data, "to", to);
        }
        stack_publish(u->s, u->call, "stack.upgraded", data);
    }
}

static c138_status upgrade_do(struct upgrade *u, struct c138_err *err) {
    C138_JSON struct c138_json *plan = NULL;
    const char *failed = NULL;
    struct roll r = {
        .s = u->s, .call = u->call, .d = &u->d, .kind = "upgrade", .touch = touch_new, .user = u};
    c138_status status = follow_plan(u, &plan, err);
    if (status < 0)
        return status;
    if (!u->finish) {
        status = roll_all(&r, u->names, &failed, err);
        /* Quorum or a cancel: nothing is broken, so nothing goes back. */
        if (status < 0 && failed && status != C138_E_CANCELLED &&
            rolling_step(u->s, u->call->job_id, "upgrade", failed) != STEP_NONE)
            undo_all(u, plan, failed, err);
    }
    if (status >= 0 && u->full_stop)
        status = full_stop(u, err);
    if (status >= 0)
        record(u);
    return status;
}

c138_status stack_upgrade_run(void *self, c138_call *call) {
    C138_CLEANUP(upgrade_deinit) struct upgrade u = {.s = self, .call = call};
    struct c138_err err = {0};
    c138_status status = read_all(&u, &err);
    /* Run again after a crash: the versions that run are mixed by now, and were judged before. */
    int again = !call->dry_run && u.names && u.names[0] &&
                (rolling_step(u.s, call->job_id, "upgrade", u.names[0]) != STEP_NONE ||
                 rolling_step(u.s, call->job_id, "full-stop", "all") != STEP_NONE);
    if (status >= 0 && !again)
        status = judge(&u, &err);
    if (status >= 0 && call->dry_run) {
        show_plan(&u, "nothing was touched yet");
        return C138_OK;
    }
    if (status >= 0 && !call->plan_json)
        status = c138_error(&err, C138_E_APPROVAL, "stack.approval",
                            "an upgrade runs as a plan that somebody else approved");
    if (status >= 0)
        status = upgrade_do(&u, &err);
    if (status < 0)
        return stack_fail(call, status, &err);
    show_plan(&u, u.legacy && !u.full_stop
                      ? "all services run the new image, validators in the old form of messages"
                      : "all services run the new image");
    return C138_OK;
}
