/* The port of an instance in a thread of the agent: two mailboxes, no system calls while both are
 * busy. */
#include <worker/port.h>

#include <base/mem.h>

/* Never on a wire: wakes a reader. */
#define TYPE_WAKE 0

struct port_queue {
    struct port port;
    struct mailbox *in, *out;
};

static struct port_queue *of(struct port *p) {
    return C138_CONTAINER(p, struct port_queue, port);
}

static c138_status queue_send(struct port *p, const struct wire_head *head, const void *payload,
                              int more) {
    (void)more;
    struct wire_msg *msg = wire_msg_new(head->type, head->id, head->aux, payload, head->length);
    msg->head.flags = head->flags;
    return mailbox_put(of(p)->out, msg);
}

static c138_status queue_flush(struct port *p) {
    (void)p;
    return C138_OK;
}

static c138_status queue_recv(struct port *p, int64_t deadline_ns, struct wire_msg **ret_msg) {
    struct wire_msg *msg;
    c138_status st = mailbox_get(of(p)->in, deadline_ns, &msg);
    if (st)
        return st;
    if (msg->head.type == TYPE_WAKE) {
        (void)wire_msg_free(msg);
        return C138_E_TIMEOUT;
    }
    *ret_msg = msg;
    return C138_OK;
}

static void queue_wake(struct port *p) {
    (void)mailbox_put(of(p)->in, wire_msg_new(TYPE_WAKE, 0, 0, NULL, 0));
}

static struct port *queue_free(struct port *p) {
    free(of(p));
    return NULL;
}

static const struct port_ops queue_ops = {
    .send = queue_send,
    .flush = queue_flush,
    .recv = queue_recv,
    .wake = queue_wake,
    .free = queue_free,
};

struct port *port_queue_new(struct mailbox *in, struct mailbox *out) {
    struct port_queue *q = c138_xcalloc(1, sizeof *q);
    *q = (struct port_queue){.port = {.ops = &queue_ops}, .in = in, .out = out};
    return &q->port;
}
