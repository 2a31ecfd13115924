/*
 * worker/port.h: the plugin's end of its connection to the agent, the same whether it leads through
 * a socket or a queue; and the mailbox that is the queue.
 */
#ifndef CORE_WORKER_PORT_H
#define CORE_WORKER_PORT_H
#include <worker/wire.h>

struct port;
struct port_ops {
    /* Any thread. Blocks while the agent does not read (a full socket). `more`: more frames follow
     * at once, the port may collect them until port flush or a send without `more`.
     * C138_E_UNAVAILABLE: the agent is gone. */
    c138_status (*send)(struct port *, const struct wire_head *, const void *payload, int more);
    c138_status (*flush)(struct port *);
    /* One thread at a time. Next frame, until `deadline_ns` (monotonic; 0: do not wait; negative:
     * nor make a system call; INT64_MAX: for ever): C138_E_TIMEOUT. C138_E_UNAVAILABLE: the agent
     * is gone. The caller frees the message. */
    c138_status (*recv)(struct port *, int64_t deadline_ns, struct wire_msg **ret_msg);
    /* Any thread. Lets a recv that waits, or the next one, come back with C138_E_TIMEOUT. */
    void (*wake)(struct port *);
    struct port *(*free)(struct port *);
};
struct port {
    const struct port_ops *ops;
};

/* Takes over the descriptor. Reads in large pieces. */
struct port *port_socket_new(int fd);

/* A mailbox: one consumer, any number of producers, wait-free enqueue. Only EVENT, PUBLISH
 * and BUNDLE frames are bounded (max_events); control frames always fit. */
struct mailbox;
struct mailbox *mailbox_new(uint32_t max_events);
struct mailbox *mailbox_free(struct mailbox *m);
/* Any thread. Takes over `msg`. C138_E_BUSY: full; msg was freed and counted as dropped.
 * C138_E_UNAVAILABLE: closed; msg was freed. */
c138_status mailbox_put(struct mailbox *m, struct wire_msg *msg);
/* Any thread. As many of its events, from the first on, as there is room for: gives that number and
 * takes a reference if it is not 0. The others are counted as dropped, unless the box is closed. */
uint32_t mailbox_put_bundle(struct mailbox *m, struct bus_bundle *bundle, int32_t dropped_before);
/* The consumer only; as port_ops.recv. Spins for a moment before it sleeps. */
c138_status mailbox_get(struct mailbox *m, int64_t deadline_ns, struct wire_msg **ret_msg);
/* For a consumer in an event loop: an eventfd that becomes readable when something is put after
 * mailbox_arm(). arm gives 1 if there is something already (and is not armed), 0 if armed. */
int mailbox_fd(struct mailbox *m);
int mailbox_arm(struct mailbox *m);
uint32_t mailbox_depth(const struct mailbox *m);
uint64_t mailbox_dropped(const struct mailbox *m);
/* Wakes the consumer; get gives C138_E_UNAVAILABLE once the box is empty. */
void mailbox_close(struct mailbox *m);

/* A port over two mailboxes, both borrowed: `in` is read, `out` is written. */
struct port *port_queue_new(struct mailbox *in, struct mailbox *out);
#endif
