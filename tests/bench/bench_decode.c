/*
 * Decoding, for bench.py to hold against ethers and viem: takes the name of an input of
 * decode_inputs.json a line, decodes it for 50 ms and answers with the ns of processor for one. Each
 * time from the hex text that a node answers, types parsed before: values as JSON, RLP as the
 * list of its items.
 */
#include "bench.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <evm/abi.h>
#include <evm/rlp.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TURN_NS (50 * C138_NS_PER_MS)
#define MAX_BYTES 65536
#define MAX_TOPICS 4

struct item {
    struct c138_rlp payload;
    int is_list;
    unsigned depth;
};

struct input {
    const char *hex;
    size_t digits;
    const char *topic_hex[MAX_TOPICS];
    size_t n_topics;
    struct c138_abi_type *types;
    struct c138_abi_item *event;
    uint8_t bytes[MAX_BYTES];
    struct item items[MAX_BYTES / 8];
    size_t n_items;
};

static size_t bytes_of(struct input *in) {
    if (c138_hex_decode(in->hex, in->digits, in->bytes) < 0)
        bench_die("the input is no hex");
    return in->digits / 2;
}

static void values(struct input *in) {
    C138_JSON struct c138_json *got = NULL;
    if (c138_abi_decode(in->types, in->bytes, bytes_of(in), NULL, &got, NULL) < 0)
        bench_die("the values cannot be decoded");
}

static void event(struct input *in) {
    C138_JSON struct c138_json *got = NULL;
    uint8_t topics[MAX_TOPICS][32];
    size_t length = bytes_of(in);
    for (size_t i = 0; i < in->n_topics; i++)
        if (c138_hex_decode(in->topic_hex[i], 64, topics[i]) < 0)
            bench_die("a topic is no hex");
    if (c138_abi_decode_event(in->event, (const uint8_t(*)[32])topics, in->n_topics, in->bytes,
                              length, &got, NULL) < 0)
        bench_die("the event cannot be decoded");
}

static void walk(struct input *in, struct c138_rlp list, unsigned depth) {
    while (!c138_rlp_done(&list)) {
        struct item *item = &in->items[in->n_items];
        if (in->n_items == C138_COUNT(in->items) || depth > 16 ||
            c138_rlp_next(&list, &item->payload, &item->is_list) < 0)
            bench_die("the RLP cannot be decoded");
        item->depth = depth;
        in->n_items++;
        if (item->is_list)
            walk(in, item->payload, depth + 1);
    }
}

static void rlp(struct input *in) {
    size_t length = bytes_of(in);
    in->n_items = 0;
    walk(in, (struct c138_rlp){in->bytes, length}, 0);
}

static double cost(void (*decode)(struct input *), struct input *in) {
    int64_t begin = bench_cpu_ns(), end = begin;
    double n = 0;
    for (; end - begin < TURN_NS; end = bench_cpu_ns(), n += 64)
        for (int i = 0; i < 64; i++)
            decode(in);
    return (double)(end - begin) / n;
}

static struct c138_abi_type *types_of(const struct c138_json *list) {
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct c138_abi_type *types = NULL;
    for (size_t i = 0; i < c138_json_count(list); i++)
        (void)c138_buf_addf(&text, "%c%s", i ? ',' : '(',
                            c138_json_as_str(c138_json_at(list, i), ""));
    (void)c138_buf_addc(&text, ')');
    if (c138_abi_type_parse(c138_buf_text(&text), &types, NULL) < 0)
        bench_die("no types: %s", c138_buf_text(&text));
    return types;
}

/* Reads the input, decodes it for its time, and tells what one took. */
static double measure(const struct c138_json *described) {
    struct input *in = c138_xcalloc(1, sizeof(*in));
    const struct c138_json *topics = c138_json_get(described, "topics");
    const char *kind = c138_json_get_str(described, "kind", "");
    in->hex = c138_json_get_str(described, "data", "0x") + 2;
    in->digits = strlen(in->hex);
    if (in->digits > 2 * MAX_BYTES)
        bench_die("the input is too long");
    for (; in->n_topics < c138_json_count(topics) && in->n_topics < MAX_TOPICS; in->n_topics++)
        in->topic_hex[in->n_topics] =
            c138_json_as_str(c138_json_at(topics, in->n_topics), "0x") + 2;
    if (c138_json_has(described, "types"))
        in->types = types_of(c138_json_get(described, "types"));
    if (!strcmp(kind, "event") &&
        c138_abi_item_parse(c138_json_get_str(described, "event", ""), &in->event, NULL) < 0)
        bench_die("no event");
    double ns = cost(!strcmp(kind, "rlp") ? rlp : in->event ? event : values, in);
    (void)c138_abi_type_free(in->types);
    (void)c138_abi_item_free(in->event);
    free(in);
    return ns;
}

int main(int argc, char **argv) {
    C138_JSON struct c138_json *inputs = NULL;
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    char line[64];
    if (argc != 2 || c138_file_read(argv[1], 1 << 20, &text, NULL) < 0 ||
        c138_json_parse(text.data, text.length, &inputs, NULL) < 0)
        bench_die("usage: bench_decode decode_inputs.json");
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        for (size_t i = 0; i < c138_json_count(inputs); i++)
            if (!strcmp(c138_json_get_str(c138_json_at(inputs, i), "name", ""), line))
                printf("%.1f\n", measure(c138_json_at(inputs, i)));
        (void)fflush(stdout);
    }
    return 0;
}
