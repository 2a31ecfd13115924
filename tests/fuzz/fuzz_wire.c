/* What comes through an instance's socket: frames into the port, and the JSON of their payloads
 * into the scanner. */
#include <base/json.h>
#include <string.h>
#include <sys/socket.h>
#include <worker/jsonscan.h>
#include <worker/port.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Members lie inside of the text, and what the scanner takes the parser takes too, but for names
 * that come twice. */
static void scan(const char *text, size_t length) {
    if (!jsonscan_is_object(text, length))
        return;
    struct jsonscan s = jsonscan_members(text, length);
    while (jsonscan_next(&s))
        if (s.name < text || s.value + s.value_length > text + length || s.name > s.value)
            __builtin_trap();
    C138_JSON struct c138_json *v = NULL;
    struct c138_err err = {0};
    if (c138_json_parse(text, length, &v, &err) == C138_OK && c138_json_type(v) != C138_JSON_OBJECT)
        __builtin_trap();
}

static void read_all(struct port *port) {
    struct wire_msg *m = NULL;
    c138_status st;
    while ((st = port->ops->recv(port, 0, &m)) == C138_OK || st == C138_E_TIMEOUT) {
        if (st == C138_E_TIMEOUT)
            continue; /* a frame came in part, more is there */
        if (wire_head_check(&m->head, NULL) != C138_OK || m->payload[m->head.length] != '\0')
            __builtin_trap();
        scan(m->payload, m->head.length);
        (void)wire_msg_free(m);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int fds[2];
    if (size > 100000 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return 0;
    struct port *port = port_socket_new(fds[0]);
    (void)send(fds[1], data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)close(fds[1]);
    read_all(port);
    (void)port->ops->free(port);
    scan((const char *)data, size);
    return 0;
}
