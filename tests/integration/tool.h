/*
 * tests/integration/tool.h: the frame of a program that answers tests in other languages. A request
 * a line on standard input, an answer a line on standard output, both JSON objects; {"op": ...}
 * chooses, and an error is {"error": key, "text": text}.
 */
#ifndef TESTS_TOOL_H
#define TESTS_TOOL_H
#include <base/json.h>

struct tool_op {
    const char *op;
    c138_status (*fn)(const struct c138_json *request, struct c138_json *answer,
                      struct c138_err *err);
};

/* Answers until its input ends; what main() returns. 1: a line is no JSON, or nobody listens. */
int tool_serve(const struct tool_op *ops, size_t count);
#endif
