#include "rolling.h"

#include <base/fs.h>
#include <base/mem.h>

#include <string.h>

static char *pins_path(const struct stack *s) {
    return c138_path_join(s->host->state_dir, "pins.json");
}

static void pin_clear(struct pin *p) {
    free(p->service);
    free(p->image);
    c138_json_unref(p->env);
    *p = (struct pin){0};
}

void pins_free(struct stack *s) {
    while (s->n_pins)
        pin_clear(&s->pins[--s->n_pins]);
}

c138_status pins_load(struct stack *s, struct c138_err *err) {
    C138_FREE char *path = pins_path(s);
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    C138_JSON struct c138_json *o = NULL;
    c138_status status = c138_file_read(path, 1u << 20, &text, err);
    if (status == C138_E_NOTFOUND)
        return C138_OK;
    if (status >= 0)
        status = c138_json_parse(c138_buf_text(&text), text.length, &o, err);
    if (status < 0)
        return c138_error_prefix(err, status, "stack: %s, the images that are pinned", path);
    const struct c138_json *list = c138_json_get(o, "pins");
    for (size_t i = 0; i < c138_json_count(list) && s->n_pins < SERVICES_MAX; i++) {
        const struct c138_json *p = c138_json_at(list, i);
        s->pins[s->n_pins++] = (struct pin){
            .service = c138_xstrdup(c138_json_get_str(p, "service", "")),
            .image = c138_xstrdup(c138_json_get_str(p, "image", "")),
            .env = c138_json_copy(c138_json_get(p, "env")),
        };
    }
    return C138_OK;
}

const struct pin *pins_find(const struct stack *s, const char *service) {
    for (size_t i = 0; i < s->n_pins; i++)
        if (!strcmp(s->pins[i].service, service))
            return &s->pins[i];
    return NULL;
}

static c138_status save(const struct stack *s, struct c138_err *err) {
    C138_FREE char *path = pins_path(s);
    C138_JSON struct c138_json *o = c138_json_new_object();
    struct c138_json *list = c138_json_new_array();
    for (size_t i = 0; i < s->n_pins; i++) {
        struct c138_json *p = c138_json_new_object();
        c138_json_set_str(p, "service", s->pins[i].service);
        c138_json_set_str(p, "image", s->pins[i].image);
        if (s->pins[i].env)
            c138_json_set(p, "env", c138_json_ref(s->pins[i].env));
        c138_json_append(list, p);
    }
    c138_json_set(o, "pins", list);
    C138_FREE char *text = c138_json_pretty(o);
    return c138_file_write(path, 0600, text, strlen(text), err);
}

c138_status pins_set(struct stack *s, const char *service, const char *image, struct c138_json *env,
                     struct c138_err *err) {
    c138_status status = C138_OK;
    size_t i = 0;
    (void)pthread_mutex_lock(&s->lock);
    while (i < s->n_pins && strcmp(s->pins[i].service, service) != 0)
        i++;
    if (i < s->n_pins)
        pin_clear(&s->pins[i]);
    else if (image && s->n_pins < SERVICES_MAX)
        s->n_pins++;
    if (i == SERVICES_MAX)
        status = c138_error(err, C138_E_LIMIT, "stack.pins", "at most %d services are pinned",
                            SERVICES_MAX);
    else if (image)
        s->pins[i] = (struct pin){
            .service = c138_xstrdup(service), .image = c138_xstrdup(image), .env = env};
    else if (i < s->n_pins)
        s->pins[i] = s->pins[--s->n_pins];
    if (status < 0 || !image)
        c138_json_unref(env);
    if (status >= 0)
        status = save(s, err);
    (void)pthread_mutex_unlock(&s->lock);
    return status;
}
