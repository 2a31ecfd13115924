/*
 * @NAME@: a plugin of chain138-agent. One action with typed parameters, one setting, one event, one
 * metric: change them into yours. What every line may and must do is said in <chain138/plugin.h>
 * and <chain138/host.h>.
 */
#include <chain138/host.h>
#include <chain138/plugin.h>

#include <stdio.h>
#include <stdlib.h>

#define VERSION "0.1.0"
#define GREETING_MAX 65 /* the setting's max_text, and a NUL */

/* Who this is, readable before any code of it runs. It needs no network, so its worker gets none.
 */
C138_PLUGIN_NOTE("@NAME@", VERSION, C138_PLUGIN_NO_NETWORK);

/* One instance. Its callbacks come one at a time, on one thread: nothing here needs a lock. */
struct plugin {
    const c138_host *host;
    const c138_bus *bus;         /* NULL where the host's config does not grant it */
    const c138_metrics *metrics; /* the same */
    char greeting[GREETING_MAX];
    char staged[GREETING_MAX]; /* between prepare() and commit() */
};

/* --- The action
 * ------------------------------------------------------------------------------------- */

static c138_status greet(void *self, c138_call *call) {
    struct plugin *p = self;
    const char *who = c138_str(call, "who"); /* validated, and never NULL: it has a default */
    uint64_t times = c138_uint(call, "times");
    char text[512];

    (void)snprintf(text, sizeof(text), "%s, %s!", p->greeting, who);
    for (uint64_t i = 0; i < times; i++) {
        if (c138_cancelled(call))
            return c138_fail(call, C138_E_CANCELLED, "@NAME@.cancelled",
                             "@NAME@: stopped between two greetings");
        c138_progress(call, (uint32_t)(i * 1000 / times), text);
        c138_call_log(call, C138_LOG_INFO, text);
    }
    /* The parameters are one JSON object, quoted rightly: as good as an event's data. */
    if (p->bus && p->bus->publish(p->host, call, "@NAME@.greeted", call->params_json) != C138_OK)
        p->host->log(p->host, C138_LOG_WARNING, "@NAME@: the event was not taken");
    if (p->metrics)
        (void)p->metrics->add(p->host, "chain138_@NAME_C@_greetings_total", NULL, (double)times);
    c138_set_str(call, "text", text);
    c138_set_uint(call, "times", times);
    return C138_OK;
}

/* --- Settings, in two phases
 * ------------------------------------------------------------------------ */

/* Checks and stages; nothing that runs changes yet. Every plugin of the host must agree before any
 * commits. */
static c138_status prepare(void *self, c138_call *settings) {
    struct plugin *p = self;
    const char *greeting = c138_str(settings, "greeting");
    if (greeting[0] == ' ')
        return c138_fail(settings, C138_E_INVALID, "@NAME@.greeting",
                         "@NAME@: greeting begins with a space: take it away");
    (void)snprintf(p->staged, sizeof(p->staged), "%s", greeting);
    return C138_OK;
}

static void commit(void *self, uint32_t apply) {
    struct plugin *p = self;
    if (apply)
        (void)snprintf(p->greeting, sizeof(p->greeting), "%s", p->staged);
}

/* --- Life
 * ------------------------------------------------------------------------------------------- */

static c138_status create(const c138_host *host, void **ret_self) {
    struct plugin *p = calloc(1, sizeof(*p));
    if (!p)
        return C138_E_INTERNAL;
    p->host = host;
    p->bus = host->get_extension(host, C138_EXT_BUS);
    p->metrics = host->get_extension(host, C138_EXT_METRICS);
    *ret_self = p;
    return C138_OK;
}

static void destroy(void *self) {
    free(self);
}

/* --- What it declares: the command line, its help, HTTP, validation and the manual come from here
 * ------- */

#define WHO                                                                                        \
    C138_FIELD(.name = "who", .type = C138_T_STRING, .summary = "Whom to greet",                   \
               .default_text = "world", .min_text = "1", .max_text = "100",                        \
               .flags = C138_FIELD_POSITIONAL)
#define TIMES                                                                                      \
    C138_FIELD(.name = "times", .type = C138_T_UINT, .summary = "How often", .default_text = "1",  \
               .min_text = "1", .max_text = "100")

static const c138_plugin plugin = {
    C138_SIZED(c138_plugin),
    .abi_major = C138_ABI_MAJOR,
    .abi_minor = C138_ABI_MINOR,
    .name = "@NAME@",
    .version = VERSION,
    .summary = "Greets, to show how a plugin is made",
    .license = "Apache-2.0",
    .settings = C138_FIELDS(C138_FIELD(.name = "greeting", .type = C138_T_STRING,
                                       .default_text = "Hello", .min_text = "1", .max_text = "64",
                                       .summary = "How a greeting begins")),
    .actions = C138_ACTIONS(
        C138_ACTION(.name = "greet", .summary = "Greet somebody",
                    .help = "Writes the greeting to the job's log.",
                    .example = "--who Ada --times 2", .effect = C138_EFFECT_WRITE,
                    .role = C138_ROLE_OPERATOR, .params = C138_FIELDS(WHO, TIMES),
                    .results = C138_FIELDS(C138_FIELD(.name = "text", .type = C138_T_STRING,
                                                      .summary = "the greeting"),
                                           C138_FIELD(.name = "times", .type = C138_T_UINT,
                                                      .summary = "how often it was said")),
                    .run = greet)),
    .events = C138_EVENTS(C138_EVENT(.topic = "@NAME@.greeted", .summary = "Somebody was greeted",
                                     .severity = C138_SEVERITY_INFO, .flags = C138_EVENT_KEEP,
                                     .fields = C138_FIELDS(WHO, TIMES))),
    .metrics = C138_METRICS(C138_METRIC(.name = "chain138_@NAME_C@_greetings_total",
                                        .type = C138_METRIC_COUNTER, .help = "Greetings said")),
    .create = create,
    .prepare = prepare,
    .commit = commit,
    .destroy = destroy,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
