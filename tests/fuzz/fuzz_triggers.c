/* One line: a trigger's rule; the rest: an event. It fires or not, and says what it refused. */
#include <base/mem.h>
#include <chain138/plugin.h>
#include <schedule/triggers.h>

#include <event2/event.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static c138_status on_fire(void *user, const char *name, const struct c138_json *rule,
                           struct c138_json *params, const char *chain, struct c138_err *err) {
    (void)user;
    (void)rule;
    (void)err;
    if (!*name || !chain || !*chain || !params)
        __builtin_trap();
    return C138_OK;
}

static void one(struct triggers *t, struct bus *bus, const struct c138_json *rule,
                const char *event, size_t length) {
    struct c138_err err = {0};
    C138_JSON struct c138_json *list = c138_json_new_array();
    C138_FREE char *text = c138_xstrndup(event, length);
    const char *topic = c138_json_get_str(rule, "topic", "");
    if (triggers_check(rule, &err) < 0) {
        if (!err.text[0])
            __builtin_trap();
        return;
    }
    c138_json_append(list, c138_json_copy(rule));
    triggers_apply(t, list);
    bus_publish(bus, &(struct bus_event){.topic = topic,
                                         .source = "fuzz",
                                         .json = text,
                                         .json_length = strlen(text),
                                         .time_ns = 1,
                                         .chain = "a,b"});
    C138_JSON struct c138_json *shown = triggers_list(t);
    if (c138_json_count(c138_json_get(shown, "triggers")) != 1)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *end = memchr(data, '\n', size);
    struct c138_json *rule = NULL;
    struct triggers *t = NULL;
    struct bus *bus = NULL;
    if (!end || c138_json_parse((const char *)data, (size_t)(end - data), &rule, NULL) < 0)
        return 0;
    struct event_base *base = event_base_new();
    event_base_priority_init(base, 3);
    if (bus_new(base, &bus) < 0)
        __builtin_trap();
    const struct triggers_env env = {.bus = bus, .fire = on_fire};
    if (triggers_new(&env, &t, NULL) < 0)
        __builtin_trap();
    one(t, bus, rule, (const char *)end + 1, size - (size_t)(end - data) - 1);
    triggers_free(t);
    bus_free(bus);
    event_base_free(base);
    c138_json_unref(rule);
    return 0;
}
