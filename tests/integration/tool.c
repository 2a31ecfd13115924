#include "tool.h"

#include <stdio.h>
#include <string.h>

static void answer_one(const struct tool_op *ops, size_t count, const struct c138_json *request,
                       struct c138_json *answer) {
    struct c138_err err = {0};
    const char *op = c138_json_get_str(request, "op", "");
    c138_status status = c138_error(&err, C138_E_NOTFOUND, "op", "no operation %s", op);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(ops[i].op, op))
            status = ops[i].fn(request, answer, &err);
    if (status < 0) {
        c138_json_set_str(answer, "error", err.key);
        c138_json_set_str(answer, "text", err.text);
    }
}

int tool_serve(const struct tool_op *ops, size_t count) {
    C138_FREE char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while ((n = getline(&line, &room, stdin)) > 0) {
        C138_JSON struct c138_json *request = NULL, *answer = c138_json_new_object();
        if (c138_json_parse(line, (size_t)n, &request, NULL) < 0)
            return 1;
        answer_one(ops, count, request, answer);
        C138_FREE char *text = c138_json_dump(answer);
        if (puts(text) < 0 || fflush(stdout))
            return 1;
    }
    return 0;
}
