/* One byte chooses the type, the next the flags; the rest is a text, and also tried as JSON. */
#include <schema/validate.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct decl_field *const none[] = {NULL};
static const char *const choices[] = {"red", "green", NULL}, *const no_choices[] = {NULL};

/* The canonical form is taken again, and unchanged. */
static void again(struct decl_field *const *fields, const struct c138_json *value) {
    C138_JSON struct c138_json *second = NULL;
    if (validate_object(fields, value, VALIDATE_PARTIAL, &second, NULL) < 0)
        __builtin_trap();
    C138_FREE char *a = c138_json_dump(value), *b = c138_json_dump(second);
    if (strcmp(a, b) != 0)
        __builtin_trap();
}

static void as_json(struct decl_field *const *fields, const char *text, uint32_t flags) {
    C138_JSON struct c138_json *in = NULL, *out = NULL, *hidden = NULL;
    C138_JSON struct c138_json *secrets = c138_json_new_array();
    struct c138_err err = {0};
    if (c138_json_parse(text, strlen(text), &in, NULL) < 0)
        return;
    hidden = validate_redact(fields, in);
    validate_sensitive_texts(fields, in, secrets);
    if (validate_object(fields, in, flags, &out, &err) >= 0)
        again(fields, out);
    else if (!*err.text)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    uint32_t type = data[0] % C138_T_OBJECT + 1, flags = data[1] & 3u;
    struct decl_field number = {.name = "n",
                                .summary = "",
                                .type = C138_T_UINT,
                                .choices = no_choices,
                                .fields = none},
                      secret = {.name = "pass_word",
                                .summary = "",
                                .type = C138_T_STRING,
                                .flags = C138_FIELD_SENSITIVE,
                                .choices = no_choices,
                                .fields = none};
    struct decl_field *const members[] = {&number, &secret, NULL}, *const element[] = {&number,
                                                                                       NULL};
    struct decl_field f = {.name = "p",
                           .summary = "",
                           .type = type,
                           .choices = type == C138_T_ENUM ? choices : no_choices,
                           .fields = type == C138_T_LIST     ? element
                                     : type == C138_T_OBJECT ? members
                                                             : none};
    if (type == C138_T_STRING || type == C138_T_LIST)
        f.max_text = "5";
    struct decl_field *const fields[] = {&f, NULL};
    C138_FREE char *text = c138_xstrndup((const char *)data + 2, size - 2);
    C138_JSON struct c138_json *value = NULL;
    struct c138_err err = {0};
    if (validate_text(&f, text, &value, &err) >= 0) {
        C138_JSON struct c138_json *object = c138_json_new_object();
        c138_json_set(object, "p", c138_json_ref(value));
        again(fields, object);
    } else if (!*err.text) {
        __builtin_trap();
    }
    as_json(fields, text, flags);
    return 0;
}
