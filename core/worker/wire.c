#include <worker/wire.h>

#include <base/mem.h>
#include <string.h>

c138_status wire_head_check(const struct wire_head *head, struct c138_err *err) {
    if (head->magic != WIRE_MAGIC)
        return c138_error(err, C138_E_INVALID, "wire.garbage",
                          "frame: magic is 0x%08x, expected 0x%08x: the other side is no peer of "
                          "ours, or something else wrote to its socket",
                          head->magic, WIRE_MAGIC);
    if (head->type == 0 || head->type >= WIRE_TYPE_END)
        return c138_error(err, C138_E_INVALID, "wire.garbage", "frame: type %u is unknown",
                          (unsigned)head->type);
    if (head->length > WIRE_MAX)
        return c138_error(err, C138_E_INVALID, "wire.garbage",
                          "frame: %u bytes are more than the %u that are allowed", head->length,
                          WIRE_MAX);
    return C138_OK;
}

struct wire_msg *wire_msg_new(uint16_t type, uint64_t id, int32_t aux, const void *payload,
                              size_t length) {
    struct wire_msg *m = c138_xmalloc(sizeof *m + length + 1);
    m->link_[0] = m->link_[1] = NULL;
    m->head = (struct wire_head){
        .magic = WIRE_MAGIC, .length = (uint32_t)length, .type = type, .aux = aux, .id = id};
    if (payload && length)
        memcpy(m->payload, payload, length);
    m->payload[length] = '\0';
    return m;
}

struct wire_msg *wire_msg_free(struct wire_msg *m) {
    /* An answer of the agent may hold a secret. */
    if (m && m->head.type == WIRE_HOSTREPLY)
        c138_wipe(m->payload, m->head.length);
    free(m);
    return NULL;
}
