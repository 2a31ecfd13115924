/*
 * Validators without a chain, under the name of the plugin that has them: a set of addresses in a
 * file, actions "validators" and "vote" that tell and change it as the real ones do. So a test can
 * stop at every point of a rotation. In its state folder:
 *   set      one validator a line: ADDRESS LAST-BLOCK STATE; the test writes it, too. The greatest
 *            block is the head
 *   votes    what was voted, a line each, with the size of the set afterwards
 *   hold     while it is there a vote waits before it takes effect
 *   hold-after   ... after it took effect, before its answer
 *   halted   a vote is refused, as while no blocks are made
 *   deaf     a vote is taken and has no effect, as one on a node that is no validator
 */
#include <chain138/host.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

C138_PLUGIN_NOTE("besu", "1.0.0", 0);

#define SET_MAX 64

struct validator {
    char address[44], state[16];
    unsigned last_block;
};
static struct {
    const c138_host *host;
    struct validator set[SET_MAX];
    unsigned count;
} self_;

static void path_of(const char *name, char path[512]) {
    (void)snprintf(path, 512, "%s/%s", self_.host->state_dir, name);
}

static int is_there(const char *name) {
    char path[512];
    path_of(name, path);
    return access(path, F_OK) == 0;
}

static void load(void) {
    char path[512];
    struct validator v;
    path_of("set", path);
    FILE *f = fopen(path, "re");
    self_.count = 0;
    while (f && self_.count < SET_MAX &&
           fscanf(f, "%43s %u %15s", v.address, &v.last_block, v.state) == 3)
        self_.set[self_.count++] = v;
    if (f)
        (void)fclose(f);
}

static void save(void) {
    char path[512], beside[512];
    path_of("set", path);
    path_of("set.new", beside);
    FILE *f = fopen(beside, "we");
    for (unsigned i = 0; f && i < self_.count; i++)
        (void)fprintf(f, "%s %u %s\n", self_.set[i].address, self_.set[i].last_block,
                      self_.set[i].state);
    if (f)
        (void)fclose(f);
    (void)rename(beside, path);
}

static unsigned missing(void) {
    unsigned n = 0;
    for (unsigned i = 0; i < self_.count; i++)
        n += strcmp(self_.set[i].state, "missing") == 0;
    return n;
}

static unsigned head(void) {
    unsigned block = 0;
    for (unsigned i = 0; i < self_.count; i++)
        block = self_.set[i].last_block > block ? self_.set[i].last_block : block;
    return block;
}

static void set_counts(c138_call *c) {
    unsigned quorum = (2 * self_.count + 2) / 3;
    c138_set_uint(c, "validators", self_.count);
    c138_set_uint(c, "quorum", quorum);
    c138_set_int(c, "margin", (int64_t)self_.count - missing() - quorum);
}

static c138_status validators_run(void *self, c138_call *c) {
    (void)self;
    load();
    set_counts(c);
    c138_set_uint(c, "missing", missing());
    c138_set_uint(c, "block", head());
    c138_open_list(c, "members");
    for (unsigned i = 0; i < self_.count; i++) {
        c138_open_object(c, NULL);
        c138_set_str(c, "address", self_.set[i].address);
        c138_set_str(c, "state", self_.set[i].state);
        c138_set_uint(c, "last_block", self_.set[i].last_block);
        c138_close(c);
    }
    c138_close(c);
    return C138_OK;
}

static void change(const char *address, const char *vote) {
    unsigned at = 0;
    load();
    while (at < self_.count && strcasecmp(self_.set[at].address, address) != 0)
        at++;
    if (!strcmp(vote, "add") && at == self_.count && at < SET_MAX) {
        self_.set[at] = (struct validator){.state = "waiting"};
        (void)snprintf(self_.set[at].address, sizeof self_.set[at].address, "%s", address);
        self_.count++;
    }
    if (!strcmp(vote, "remove") && at < self_.count) {
        memmove(&self_.set[at], &self_.set[at + 1], (self_.count - at - 1) * sizeof *self_.set);
        self_.count--;
    }
}

static void wait_while(c138_call *c, const char *name) {
    while (is_there(name) && !c138_cancelled(c))
        (void)usleep(10000);
}

static void remember(const char *address, const char *vote) {
    char path[512];
    path_of("votes", path);
    FILE *f = fopen(path, "ae");
    if (f) {
        (void)fprintf(f, "%s %s %u\n", vote, address, self_.count);
        (void)fclose(f);
    }
}

static c138_status vote_run(void *self, c138_call *c) {
    const char *address = c138_str(c, "validator"), *vote = c138_str(c, "vote");
    (void)self;
    load();
    if (c->dry_run) {
        c138_set_bool(c, "effective", 0);
        set_counts(c);
        return C138_OK;
    }
    wait_while(c, "hold");
    if (is_there("halted"))
        return c138_fail(c, C138_E_CONFLICT, "vote.halted", "the chain makes no blocks");
    int deaf = is_there("deaf");
    if (!deaf)
        change(address, vote);
    remember(address, vote); /* first: who is killed here votes again, and no vote goes unseen */
    if (!deaf)
        save();
    wait_while(c, "hold-after");
    c138_set_bool(c, "effective", !deaf);
    set_counts(c);
    return C138_OK;
}

static c138_status create(const c138_host *host, void **ret_self) {
    self_.host = host;
    *ret_self = &self_;
    return C138_OK;
}

static void destroy(void *self) {
    (void)self;
}

#define F(t, n, ...)                                                                               \
    C138_FIELD(.type = t, .name = n, .summary = "See the source" __VA_OPT__(, ) __VA_ARGS__)
#define COUNTS F(C138_T_UINT, "validators"), F(C138_T_UINT, "quorum"), F(C138_T_INT, "margin")
#define MEMBER_FIELDS                                                                              \
    .fields = C138_FIELDS(F(C138_T_ADDRESS, "address"), F(C138_T_STRING, "state"),                 \
                          F(C138_T_UINT, "last_block"))

static const c138_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_major = C138_ABI_MAJOR,
    .abi_minor = C138_ABI_MINOR,
    .name = "besu",
    .version = "1.0.0",
    .summary = "Validators without a chain",
    .license = "Apache-2.0",
    .actions = C138_ACTIONS(
        C138_ACTION(.effect = C138_EFFECT_READ, .role = C138_ROLE_VIEWER, .name = "validators",
                    .summary = "Tell the set", .flags = C138_ACTION_LONG, .run = validators_run,
                    .results =
                        C138_FIELDS(COUNTS, F(C138_T_UINT, "missing"), F(C138_T_UINT, "block"),
                                    F(C138_T_LIST, "members",
                                      .fields =
                                          C138_FIELDS(F(C138_T_OBJECT, "row", MEMBER_FIELDS))))),
        C138_ACTION(.effect = C138_EFFECT_DANGEROUS, .role = C138_ROLE_CUSTODIAN, .name = "vote",
                    .summary = "Vote", .flags = C138_ACTION_DRY_RUN | C138_ACTION_LONG,
                    .timeout_ns = INT64_C(60000000000), .run = vote_run,
                    .params = C138_FIELDS(F(C138_T_ADDRESS, "validator",
                                            .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL),
                                          F(C138_T_ENUM, "vote", .flags = C138_FIELD_REQUIRED,
                                            .choices = C138_TEXTS("add", "remove", "discard")),
                                          F(C138_T_DURATION, "wait", .default_text = "10m")),
                    .results = C138_FIELDS(F(C138_T_BOOL, "effective"), COUNTS))),
    .create = create,
    .destroy = destroy,
};

const c138_plugin *c138_plugin_entry(void) {
    return &plugin;
}
