/*
 * worker/wire.h: the frames between the agent and one instance of a plugin, and the board on which
 * the instance writes what it does.
 *
 * One instance has one port. In a worker process the port is a SOCK_STREAM socketpair; in a thread
 * of the agent it is a pair of wait-free queues (liburcu wfcqueue). Frames are the same, so the
 * code on both sides is the same. Both ends run on one machine: numbers are in host order. A frame
 * with a wrong magic, an unknown type or a length over WIRE_MAX ends the instance ("garbage").
 *
 *   A -> P  WELCOME    first frame. JSON
 * {"plugin","version","agent_version","host_name","state_dir",
 *                      "grants":["bus",..],"programs":[paths],"read":[paths],"write":[paths],
 *                      "network":bool,"spawn":bool,"memory_max":bytes}; the worker applies its
 * limits and sandbox, maps the plugin, then answers HELLO or REFUSE P -> A  HELLO      JSON
 * {"document": <schema/decl.h>, "sandbox": {...report...}} P -> A  REFUSE     aux = status, JSON
 * {"key","message"}; the instance ends A -> P  PREPARE    id; JSON settings (validated, canonical)
 * -> REPLY A -> P  COMMIT     id, aux = apply                                      -> REPLY A -> P
 * START      id                                                   -> REPLY A -> P  CALL       id;
 * JSON {"action" (short name),"job","principal","params":{},"plan":text|null, "deadline_ns"
 * (monotonic),"dry_run":bool}             -> REPLY P -> A  REPLY      id, aux = status; JSON:
 * result object, or {"key","message"} P -> A  PROGRESS   id of the call, aux = permille; text P ->
 * A  LOG        id of the call or 0, aux = level; text A -> P  CANCEL     id of the call P -> A
 * PUBLISH    id of the causing call or 0; topic NUL json; flags WIRE_KEEP A -> P  EVENT      id =
 * time (ns UTC), aux = dropped before it; topic NUL source NUL json P -> A  HOSTCALL   id; JSON
 * {"op","cause": call id,...} NUL body bytes  -> HOSTREPLY op kv.get kv.put kv.remove ("key"),
 * kv.list ("prefix"), secret.get ("reference"), call ("action","params":{},"timeout_ns") A -> P
 * HOSTREPLY  id, aux = status; bytes P -> A  METRICS    JSON [["name",["label
 * value",..],value|null],..]: changed series; null: removed A -> P  STATUS     id -> REPLY
 * {"health":1|2,"text":"..","items":[..]}: health and status extensions A -> P  STOP       aux = ms
 * until long actions are cancelled; then stop(), destroy() -> BYE P -> A  BYE        the port
 * closes after it
 */
#ifndef CORE_WORKER_WIRE_H
#define CORE_WORKER_WIRE_H
#include <base/err.h>
#include <bus/bundle.h>
#include <stdatomic.h>

#define WIRE_MAGIC 0x38333143u /* "C138" */
#define WIRE_MAX (16u << 20)
#define WIRE_EVENT_MAX (64u << 10)
#define WIRE_KEEP 1u /* flags of PUBLISH: the event is declared C138_EVENT_KEEP */

/* What a worker inherits beside 0, 1 and 2. */
#define WORKER_FD_SOCKET 3
#define WORKER_FD_PLUGIN 4
#define WORKER_FD_BOARD 5
#define WORKER_FD_LOCK 6

enum wire_type {
    WIRE_WELCOME = 1,
    WIRE_HELLO,
    WIRE_REFUSE,
    WIRE_PREPARE,
    WIRE_COMMIT,
    WIRE_START,
    WIRE_CALL,
    WIRE_REPLY,
    WIRE_PROGRESS,
    WIRE_LOG,
    WIRE_CANCEL,
    WIRE_PUBLISH,
    WIRE_EVENT,
    WIRE_HOSTCALL,
    WIRE_HOSTREPLY,
    WIRE_METRICS,
    WIRE_STATUS,
    WIRE_STOP,
    WIRE_BYE,
    WIRE_TYPE_END
};

struct wire_head {
    uint32_t magic;
    uint32_t length; /* bytes of payload behind the head */
    uint16_t type;
    uint16_t flags;
    int32_t aux;
    uint64_t id;
};

/* C138_E_INVALID with what is wrong. */
c138_status wire_head_check(const struct wire_head *head, struct c138_err *err);

/* A frame in memory: head, payload, and a NUL behind the payload. */
struct wire_msg {
    void *link_[2]; /* of a queue (struct cds_wfcq_node); of the pool: wire.c */
    struct wire_head head;
    char payload[];
};
struct wire_msg *wire_msg_new(uint16_t type, uint64_t id, int32_t aux, const void *payload,
                              size_t length);
struct wire_msg *wire_msg_free(struct wire_msg *m);

/* Between threads of the agent only, never on a socket: events of a bundle that all its readers
 * share (bus/bundle.h). aux = dropped before its first one. The message holds a reference. */
#define WIRE_BUNDLE (WIRE_TYPE_END + 1)
struct wire_bundle {
    struct bus_bundle *bundle;
    uint32_t at, left; /* of it: where the next event is, and how many there are */
};
static inline struct wire_bundle *wire_bundle(struct wire_msg *m) {
    return (struct wire_bundle *)(void *)m->payload;
}
/* How many events it is: 0 for a control frame. */
static inline uint32_t wire_events(const struct wire_msg *m) {
    if (m->head.type == WIRE_BUNDLE)
        return ((const struct wire_bundle *)(const void *)m->payload)->left;
    return m->head.type == WIRE_EVENT || m->head.type == WIRE_PUBLISH;
}

/* What a plugin in a thread of the agent publishes. */
struct wire_publish {
    uint64_t cause; /* id of the call, or 0 */
    uint32_t flags, severity;
    const char *topic, *json;
    size_t length;
    int64_t time_ns;
    int collect; /* more may follow at once: it leaves with them, at the latest with `flush` */
};

/*
 * The board: memory (a memfd shared with a worker, plain memory with a thread) on which an instance
 * writes what each of its threads is doing, so that the agent can name the culprit of a crash or a
 * hang afterwards. Written by the instance, only read by the agent, which trusts nothing in it:
 * texts are copied with a bound and stripped, times are checked for plausibility.
 */
#define BOARD_SLOTS 32 /* slot 0: the actor; the others: long actions */
#define BOARD_TEXT 112
struct board_slot {
    _Atomic int64_t since_ns; /* monotonic; 0: idle */
    _Atomic uint64_t call_id; /* of a call, else 0 */
    char what[BOARD_TEXT]; /* "action besu.sync", "callback timer 1", "callback event besu.head" */
};
struct board {
    uint32_t size; /* of this struct */
    uint32_t reserved;
    struct board_slot slots[BOARD_SLOTS];
};
#endif
