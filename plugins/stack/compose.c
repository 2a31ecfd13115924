/*
 * The compose program, v2 ("docker compose") or v1 ("docker-compose"), for what must keep the order
 * of dependencies: up, down, pull. What it prints is for people and changed between versions: only
 * its exit status counts, and what is so afterwards is asked of the Engine API.
 */
#include "driver.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>

#include <stdio.h>
#include <string.h>

#define ARGS_MAX (SERVICES_MAX + 40)
#define COMPOSE_NS (15 * 60 * C138_NS_PER_S)
#define PROBE_NS (20 * C138_NS_PER_S)

struct command {
    const char *argv[ARGS_MAX];
    size_t count;
    char *env[5];
    char *pins; /* the file with the pins, NULL: there are none */
};

static void add(struct command *c, const char *arg) {
    if (c->count + 1 < ARGS_MAX)
        c->argv[c->count++] = arg;
}

static void command_deinit(struct command *c) {
    for (size_t i = 0; i < C138_COUNT(c->env); i++)
        free(c->env[i]);
    free(c->pins);
}

/* --- Which compose --------------------------------------------------------------------------- */

static int answers(struct driver *d, const char *program, const char *verb) {
    const char *const v2[] = {program, "compose", "version", NULL};
    const char *const v1[] = {program, "version", NULL};
    return driver_run(d, *verb ? v2 : v1, NULL, NULL, PROBE_NS, NULL, NULL) >= 0;
}

/* compose_program as the config says: a path that ends in "docker" means its plugin. Without it,
 * what is there. */
static c138_status add_program(struct driver *d, struct command *c, struct c138_err *err) {
    const char *set = d->config->compose_program;
    if (set) {
        const char *name = strrchr(set, '/');
        add(c, set);
        if (name && !strcmp(name, "/docker"))
            add(c, "compose");
        return C138_OK;
    }
    static const char *const all[][2] = {{"/usr/bin/docker", "compose"},
                                         {"/usr/bin/docker-compose", ""},
                                         {"/usr/local/bin/docker-compose", ""}};
    for (size_t i = 0; i < C138_COUNT(all); i++)
        if (answers(d, all[i][0], all[i][1])) {
            add(c, all[i][0]);
            if (*all[i][1])
                add(c, all[i][1]);
            return C138_OK;
        }
    return c138_error(err, C138_E_UNAVAILABLE, "engine.program",
                      "no compose program runs: install docker's compose plugin or docker-compose, "
                      "grant \"process\", and name it in compose_program and in programs");
}

/* --- Pins ------------------------------------------------------------------------------------ */

static void add_env(const struct pin *pin, struct c138_buf *out) {
    if (!c138_json_count(pin->env))
        return;
    (void)c138_buf_adds(out, "    environment:\n");
    for (struct c138_json_iter i = c138_json_iter(pin->env); c138_json_next(&i);) {
        (void)c138_buf_addf(out, "      %s: ", i.name);
        c138_json_quote(out, c138_json_as_str(i.value, ""), strlen(c138_json_as_str(i.value, "")));
        (void)c138_buf_addc(out, '\n');
    }
}

void compose_pins_text(const struct pin *pins, size_t count, struct c138_buf *out) {
    (void)c138_buf_adds(out, "# Written by chain138-agent: images that stack upgrade pinned.\n"
                             "version: \"3.6\"\nservices:\n");
    for (size_t i = 0; i < count; i++) {
        (void)c138_buf_addf(out, "  %s:\n    image: ", pins[i].service);
        c138_json_quote(out, pins[i].image, strlen(pins[i].image));
        (void)c138_buf_addc(out, '\n');
        add_env(&pins[i], out);
    }
}

static c138_status write_pins(struct driver *d, struct command *c, struct c138_err *err) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    if (!d->n_pins)
        return C138_OK;
    c->pins = c138_path_join(d->host->state_dir, "compose.pins.yml");
    compose_pins_text(d->pins, d->n_pins, &text);
    return c138_file_write(c->pins, 0644, text.data, text.length, err);
}

/* --- Commands -------------------------------------------------------------------------------- */

static c138_status begin(struct driver *d, struct command *c, struct c138_err *err) {
    c138_status status = driver_may_write(d, "compose", err);
    if (status >= 0)
        status = add_program(d, c, err);
    if (status >= 0)
        status = write_pins(d, c, err);
    if (status < 0)
        return status;
    add(c, "--project-directory");
    add(c, d->config->project_dir);
    add(c, "-p");
    add(c, d->config->project);
    for (size_t i = 0; i < d->config->n_files; i++) {
        add(c, "-f");
        add(c, d->config->files[i]);
    }
    if (c->pins) {
        add(c, "-f");
        add(c, c->pins);
    }
    c->env[0] = c138_xasprintf("DOCKER_HOST=unix://%s", d->config->socket);
    c->env[1] = c138_xasprintf("HOME=%s", d->host->state_dir);
    c->env[2] = c138_xstrdup("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
    c->env[3] = c138_xstrdup("LC_ALL=C.UTF-8");
    return C138_OK;
}

static c138_status finish(struct driver *d, struct command *c, const char *what,
                          struct c138_err *err) {
    c->argv[c->count] = NULL;
    c138_status status =
        driver_run(d, c->argv, (const char *const *)c->env, NULL, COMPOSE_NS, NULL, err);
    return status < 0 ? c138_error_prefix(err, status, "compose %s of project %s", what,
                                          d->config->project)
                      : C138_OK;
}

static void add_services(struct command *c, const char *const *services) {
    for (size_t i = 0; services && services[i]; i++)
        add(c, services[i]);
}

#define COMMAND C138_CLEANUP(command_deinit) struct command

c138_status compose_up(struct driver *d, const char *const *services, struct c138_err *err) {
    COMMAND c = {0};
    c138_status status = begin(d, &c, err);
    if (status < 0)
        return status;
    add(&c, "up");
    add(&c, "-d");
    add(&c, "--no-recreate"); /* or it would take all that changed at once, validators too */
    add_services(&c, services);
    return finish(d, &c, "up", err);
}

c138_status compose_down(struct driver *d, struct c138_err *err) {
    COMMAND c = {0};
    c138_status status = begin(d, &c, err);
    if (status < 0)
        return status;
    add(&c, "down");
    return finish(d, &c, "down", err);
}

c138_status compose_pull(struct driver *d, const char *const *services, const char *image,
                         struct c138_err *err) {
    COMMAND c = {0};
    c138_status status = begin(d, &c, err);
    if (status < 0)
        return status;
    if (image) { /* what no service names yet: one that does, in a file of its own */
        C138_FREE char *path = c138_path_join(d->host->state_dir, "compose.pull.yml");
        struct pin pin = {.service = "pull", .image = c138_xstrdup(image)};
        C138_BUF struct c138_buf text = C138_BUF_NULL;
        compose_pins_text(&pin, 1, &text);
        free(pin.image);
        status = c138_file_write(path, 0644, text.data, text.length, err);
        if (status < 0)
            return status;
        c.count = !strcmp(c.argv[1], "compose") ? 2 : 1;
        add(&c, "-p");
        add(&c, d->config->project);
        add(&c, "-f");
        add(&c, path);
        add(&c, "pull");
        return finish(d, &c, "pull", err);
    }
    add(&c, "pull");
    add_services(&c, services);
    return finish(d, &c, "pull", err);
}

static c138_status up_one(struct driver *d, const char *service, int anew, struct c138_err *err) {
    COMMAND c = {0};
    c138_status status = begin(d, &c, err);
    if (status < 0)
        return status;
    add(&c, "up");
    add(&c, "-d");
    add(&c, "--no-deps");
    if (anew)
        add(&c, "--force-recreate");
    add(&c, service);
    return finish(d, &c, "up", err);
}

c138_status compose_apply(struct driver *d, const char *service, struct c138_err *err) {
    return up_one(d, service, 0, err);
}

c138_status compose_recreate(struct driver *d, const char *service, struct c138_err *err) {
    return up_one(d, service, 1, err);
}
