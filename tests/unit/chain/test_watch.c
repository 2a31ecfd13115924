/* A watch on a chain that moves, in a process that dies: at each point, in each order. */
#include "../unit.h"
#include "node.h"

#include <base/mem.h>
#include <base/text.h>
#include <plugins/chain/watch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HELD_MAX 20000

struct held { /* a log as its reader has it */
    char key[80];
    uint64_t block;
};

/* The world: the node, an agent that keeps what it was told, and a reader who reads what is kept. */
struct world {
    struct node node;
    char folder[32];
    uint64_t dice;
    int dies; /* one in so many steps; 0: never */
    int dead; /* until it is started again */
    int disagree;
    size_t room;
    struct c138_json *told; /* not on the agent's disk yet */
    char *kept_value;
    struct held *held;
    size_t n_held, repeats, deaths;
    uint32_t unknown_removed;
};

static uint64_t roll(struct world *w, uint64_t sides) {
    w->dice ^= w->dice << 13;
    w->dice ^= w->dice >> 7;
    w->dice ^= w->dice << 17;
    return w->dice % sides;
}

/* From here on nothing that this process does has an effect. */
static int dies(struct world *w) {
    if (!w->dead && w->dies && roll(w, (uint64_t)w->dies) == 0) {
        w->dead = 1;
        w->deaths++;
    }
    return w->dead;
}

static c138_status gone(struct c138_err *err) {
    return c138_error(err, C138_E_UNAVAILABLE, "test.dead", "this process is dead");
}

/* --- The reader, who does what is promised to be enough --------------------------------------- */

static void drop(struct world *w, size_t i) {
    w->held[i] = w->held[--w->n_held];
}

static void hold(struct world *w, const struct c138_json *o) {
    char key[80];
    size_t at = 0;
    (void)snprintf(key, sizeof(key), "%.66s:%u", c138_json_get_str(o, "block_hash", ""),
                   (unsigned)c138_json_get_uint(o, "log_index", 0));
    while (at < w->n_held && strcmp(w->held[at].key, key) != 0)
        at++;
    if (c138_json_get_bool(o, "removed", 0)) {
        w->unknown_removed += at == w->n_held;
        if (at < w->n_held)
            drop(w, at);
        return;
    }
    w->repeats += at < w->n_held;
    if (at < w->n_held)
        return;
    CU_ASSERT_TRUE_FATAL(w->n_held < HELD_MAX);
    memcpy(w->held[at].key, key, sizeof(key));
    w->held[at].block = c138_json_get_uint(o, "block", 0);
    w->n_held++;
}

static void read_event(struct world *w, const struct c138_json *event) {
    const struct c138_json *o = c138_json_get(event, "data");
    if (!strcmp(c138_json_get_str(event, "topic", ""), "chain.log")) {
        hold(w, o);
        return;
    }
    for (size_t i = w->n_held; i-- && c138_json_get_bool(o, "forgotten", 0);)
        if (w->held[i].block > c138_json_get_uint(o, "block", 0))
            drop(w, i);
}

/* The first `count` of what was told are on disk, and so the reader has them. */
static void keep(struct world *w, size_t count) {
    for (size_t i = 0; i < count; i++)
        read_event(w, c138_json_at(w->told, i));
    (void)c138_json_unref(w->told);
    w->told = c138_json_new_array();
}

/* --- The world, as the watch sees it ----------------------------------------------------------- */

static c138_status io_ask(void *user, int choose, struct c138_rpc_call *calls, size_t count,
                          struct c138_err *err) {
    struct world *w = user;
    (void)choose;
    if (dies(w))
        return gone(err);
    return node_ask(&w->node, calls, count, err);
}

static int io_disagree(void *user, char ret_text[256]) {
    struct world *w = user;
    (void)snprintf(ret_text, 256, "block 5");
    return w->disagree;
}

static size_t io_room(void *user) {
    struct world *w = user;
    return w->room ? w->room : 1 + roll(w, 20);
}

static c138_status io_tell(void *user, const char *topic, const char *json) {
    struct world *w = user;
    struct c138_json *o = c138_json_new_object(), *data = NULL;
    if (dies(w)) {
        (void)c138_json_unref(o);
        return C138_E_UNAVAILABLE;
    }
    CU_ASSERT_EQUAL_FATAL(c138_json_parse(json, strlen(json), &data, NULL), C138_OK);
    c138_json_set_str(o, "topic", topic);
    c138_json_set(o, "data", data);
    c138_json_append(w->told, o);
    return C138_OK;
}

static c138_status io_settle(void *user, const char *name, const char *value,
                             struct c138_err *err) {
    struct world *w = user;
    (void)name;
    if (dies(
            w)) /* the agent may have got it all the same, or only a part of what was told before */
        return gone(err);
    keep(w, c138_json_count(w->told));
    free(w->kept_value);
    w->kept_value = c138_xstrdup(value);
    return dies(w) ? gone(err) : C138_OK;
}

static char *io_recall(void *user, const char *name) {
    struct world *w = user;
    (void)name;
    return c138_xstrdup(w->kept_value);
}

static void io_log(void *user, int32_t level, const char *text) {
    (void)user;
    (void)level;
    (void)text;
}

static struct watch_io io_of(struct world *w) {
    return (struct watch_io){.user = w,
                             .folder = w->folder,
                             .ask = io_ask,
                             .disagree = io_disagree,
                             .room = io_room,
                             .tell = io_tell,
                             .settle = io_settle,
                             .recall = io_recall,
                             .log = io_log};
}

/* --- Running ----------------------------------------------------------------------------------- */

static struct world *world_new(uint64_t seed) {
    struct world *w = c138_xcalloc(1, sizeof(*w));
    /* It is written thousands of times: into memory, where that can be. */
    (void)snprintf(w->folder, sizeof(w->folder), "%s/c138-watch-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(w->folder));
    w->dice = seed * 2654435761u + 88172645463325252u;
    w->told = c138_json_new_array();
    w->held = c138_xcalloc(HELD_MAX, sizeof(*w->held));
    return w;
}

static void world_free(struct world *w) {
    C138_FREE char *path = c138_xasprintf("%s/watch-w.json", w->folder);
    (void)unlink(path);
    CU_ASSERT_EQUAL(rmdir(w->folder), 0);
    (void)c138_json_unref(w->told);
    free(w->kept_value);
    free(w->held);
    free(w);
}

static struct watch *start(const char *from, uint64_t confirmations, uint64_t final_blocks) {
    struct watch_config config = {.name = c138_xstrdup("w"),
                                  .from = c138_xstrdup(from),
                                  .addresses = c138_json_new_array(),
                                  .args = c138_json_new_array(),
                                  .confirmations = confirmations,
                                  .final_blocks = final_blocks,
                                  .range_most = 50};
    struct watch *w = watch_new(&config, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    return w;
}

/* Turns until nothing is left to be done; the last answer. */
static int settle(struct watch *one, struct world *w, struct c138_err *err) {
    const struct watch_io io = io_of(w);
    int did = WATCH_MORE;
    for (int i = 0; i < 100000 && (did == WATCH_MORE || did == WATCH_FULL); i++)
        did = watch_turn(one, &io, err);
    return did;
}

/* The reader has what the chain has, of the blocks that count, and nothing else. */
static void agrees(struct world *w, uint64_t first, uint64_t confirmations) {
    size_t wanted = 0, found = 0;
    keep(w, c138_json_count(w->told));
    for (uint64_t b = first; b + confirmations <= w->node.head + 1; b++) {
        uint8_t hash[32];
        if (!w->node.logs[b])
            continue;
        node_hash(&w->node, b, hash);
        C138_FREE char *text = c138_hex_text(hash, 32);
        wanted += w->node.logs[b];
        for (size_t i = 0; i < w->n_held; i++)
            found += !strncmp(w->held[i].key, text, 66);
    }
    CU_ASSERT_EQUAL(found, wanted);
    CU_ASSERT_EQUAL(w->n_held, wanted);
    if (found != wanted || w->n_held != wanted)
        printf("  %zu of %zu found, %zu held, head %llu\n", found, wanted, w->n_held,
               (unsigned long long)w->node.head);
}

static void grow(struct world *w, uint64_t blocks) {
    for (uint64_t i = 0; i < blocks; i++) {
        uint64_t at = ++w->node.head;
        w->node.logs[at] = roll(w, 3) ? 0 : (uint8_t)roll(w, 6);
        w->node.fork[at] = (uint32_t)roll(w, 1u << 30);
    }
}

static void reorg(struct world *w, uint64_t depth) {
    uint64_t head = w->node.head;
    w->node.head -= depth < head ? depth : head;
    grow(w, head - w->node.head);
}

/* --- Tests ------------------------------------------------------------------------------------- */

static void every_log_once_in_order(void) {
    struct world *w = world_new(1);
    struct c138_err err = {0};
    w->room = 1000;
    grow(w, 500);
    struct watch *one = start("0", 1, 12);
    CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
    agrees(w, 0, 1);
    for (int i = 0; i < 40; i++) {
        grow(w, 1 + roll(w, 3));
        CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
        agrees(w, 0, 1);
    }
    CU_ASSERT_EQUAL(w->repeats, 0);
    CU_ASSERT_EQUAL(w->node.above_head, 0);
    CU_ASSERT_EQUAL(watch_behind(one), 0);
    /* the same over a restart, and nothing twice */
    (void)watch_free(one);
    grow(w, 30);
    one = start("0", 1, 12);
    CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
    agrees(w, 0, 1);
    CU_ASSERT_EQUAL(w->repeats, 0);
    (void)watch_free(one);
    world_free(w);
}

static void from_now_on(void) {
    struct world *w = world_new(2);
    struct c138_err err = {0};
    grow(w, 40);
    struct watch *one = start("latest", 3, 12);
    CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
    CU_ASSERT_EQUAL(w->n_held, 0);
    grow(w, 25);
    CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
    agrees(w, 41, 3);
    /* it is remembered what `latest` was */
    (void)watch_free(one);
    grow(w, 25);
    one = start("latest", 3, 12);
    CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
    agrees(w, 41, 3);
    (void)watch_free(one);
    world_free(w);
}

static void a_node_that_is_behind_is_waited_for(void) {
    struct world *w = world_new(3);
    struct c138_err err = {0};
    grow(w, 60);
    struct watch *one = start("0", 1, 12);
    CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
    w->node.head -= 7;
    CU_ASSERT_EQUAL(settle(one, w, &err), C138_E_UNAVAILABLE);
    CU_ASSERT_STRING_EQUAL(err.key, "chain.behind");
    w->node.head -= 40; /* below all that it remembers one by one */
    CU_ASSERT_EQUAL(settle(one, w, &err), C138_E_UNAVAILABLE);
    CU_ASSERT_EQUAL(one->reorgs_total, 0);
    w->node.head += 47;
    CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
    agrees(w, 0, 1);
    /* a chain that is shorter, and another: that is a reorg */
    w->node.head -= 5;
    reorg(w, 2);
    CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
    CU_ASSERT_EQUAL(one->reorgs_total, 1);
    agrees(w, 0, 1);
    (void)watch_free(one);
    world_free(w);
}

static void who_disagree_take_nothing_back(void) {
    struct world *w = world_new(4);
    struct c138_err err = {0};
    grow(w, 60);
    struct watch *one = start("0", 1, 12);
    CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
    reorg(w, 3);
    w->disagree = 1;
    CU_ASSERT_EQUAL(settle(one, w, &err), C138_E_CONFLICT);
    CU_ASSERT_EQUAL(one->reorgs_total, 0);
    w->disagree = 0;
    CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
    agrees(w, 0, 1);
    CU_ASSERT_EQUAL(w->unknown_removed, 0);
    (void)watch_free(one);
    world_free(w);
}

static void reorgs_of_every_depth(void) {
    for (uint64_t depth = 1; depth <= 140; depth += depth < 20 ? 1 : 17) {
        struct world *w = world_new(10 + depth);
        struct c138_err err = {0};
        w->room = 1000;
        grow(w, 120);
        struct watch *one = start(depth % 2 ? "0" : "30", 1, 12);
        CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
        reorg(w, depth);
        CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
        agrees(w, depth % 2 ? 0 : 30, 1);
        CU_ASSERT_EQUAL(one->reorgs_total, 1);
        if (depth <= 12)
            CU_ASSERT_EQUAL(w->unknown_removed, 0);
        (void)watch_free(one);
        world_free(w);
    }
}

/* Logs come, blocks go, the process dies anywhere, what it told and did not settle is lost or not: in
 * the end the reader has what the chain has. */
static void through_deaths(void) {
    size_t deaths = 0, repeats = 0, held = 0;
    unsigned told_failures = CU_get_number_of_failures();
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct world *w = world_new(1000 + seed);
        uint64_t confirmations = 1 + roll(w, 3), final_blocks = 6 + roll(w, 20);
        struct c138_err err = {0};
        grow(w, 100 + roll(w, 300));
        w->node.range_max = roll(w, 2) ? 20 : 0;
        w->dies = (int)(5 + roll(w, 60));
        struct watch *one = start("0", confirmations, final_blocks);
        for (int i = 0; i < 40; i++) {
            (void)settle(one, w, &err);
            if (w->dead) { /* of what was on its way some arrived */
                keep(w, roll(w, c138_json_count(w->told) + 1));
                (void)watch_free(one);
                one = start("0", confirmations, final_blocks);
                w->dead = 0;
            }
            if (roll(w, 3))
                grow(w, roll(w, 5));
            else
                reorg(w, 1 + roll(w, roll(w, 10) ? 5 : final_blocks + 30));
        }
        w->dies = 0;
        int did = settle(one, w, &err);
        CU_ASSERT_EQUAL(did, WATCH_IDLE);
        agrees(w, 0, confirmations);
        if (CU_get_number_of_failures() && !told_failures)
            printf("  first at seed %llu: %s\n", (unsigned long long)seed, err.text);
        told_failures = CU_get_number_of_failures();
        deaths += w->deaths;
        repeats += w->repeats;
        held += w->n_held;
        (void)watch_free(one);
        world_free(w);
    }
    CU_ASSERT_TRUE(deaths > 500);
    CU_ASSERT_TRUE(repeats > 0); /* else it would not have died where it matters */
    printf("  %zu deaths, %zu logs, %zu told again\n", deaths, held, repeats);
}

static void another_filter_begins_anew_and_damage_is_told(void) {
    struct world *w = world_new(7);
    struct c138_err err = {0};
    grow(w, 30);
    struct watch *one = start("0", 1, 12);
    CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
    (void)watch_free(one);
    one = start("10", 1, 12); /* means other logs */
    CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
    CU_ASSERT_EQUAL(one->first, 10);
    CU_ASSERT_TRUE(w->repeats > 0);
    (void)watch_free(one);
    C138_FREE char *path = c138_xasprintf("%s/watch-w.json", w->folder);
    CU_ASSERT_EQUAL(truncate(path, 200), 0);
    one = start("10", 1, 12);
    CU_ASSERT_EQUAL(settle(one, w, &err), C138_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "watch-w.json is damaged"));
    CU_ASSERT_EQUAL(settle(one, w, &err), C138_E_INVALID); /* it is not guessed at */
    (void)unlink(path);
    CU_ASSERT_EQUAL(settle(one, w, &err), WATCH_IDLE);
    (void)watch_free(one);
    world_free(w);
}

const CU_TestInfo tests_watch[] = {
    {"every log once, in order", every_log_once_in_order},
    {"from now on", from_now_on},
    {"a node that is behind is waited for", a_node_that_is_behind_is_waited_for},
    {"who disagree take nothing back", who_disagree_take_nothing_back},
    {"reorgs of every depth", reorgs_of_every_depth},
    {"through deaths", through_deaths},
    {"another filter begins anew, and damage is told",
     another_filter_begins_anew_and_damage_is_told},
    CU_TEST_INFO_NULL};
