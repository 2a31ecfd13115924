/*
 * schema/validate.h: one place that decides whether a value is right, for parameters, settings,
 * events and results alike, in the agent, the control and the tests. Pure; any thread.
 */
#ifndef C138_SCHEMA_VALIDATE_H
#define C138_SCHEMA_VALIDATE_H
#include <schema/decl.h>

/* Values come as text (command line, query, libconfig strings): "5" is a number where one is
 * declared, "a,b" a list of two. */
#define VALIDATE_FROM_TEXT 1u
/* Do not fill in defaults, do not insist on required members (partial values). */
#define VALIDATE_PARTIAL 2u

/*
 * Checks the object `in` (NULL: empty) against `fields`, fills in defaults and writes the canonical
 * form (members in order of declaration, addresses in EIP-55, wei in decimal, durations and times
 * in their canonical text, sizes as a number of bytes) to *ret_out. C138_E_INVALID: key
 * "param.unknown" (names the nearest known one), "param.missing", "param.invalid"; the text names
 * the parameter by its dotted path, says what was given (unless sensitive) and what was expected,
 * with an example of the type.
 */
c138_status validate_object(struct decl_field *const *fields, const struct c138_json *in,
                            uint32_t flags, struct c138_json **ret_out, struct c138_err *err);
/* One value of one field. `text` form to canonical JSON. */
c138_status validate_text(const struct decl_field *field, const char *text,
                          struct c138_json **ret_value, struct c138_err *err);
/* A copy of `value` with sensitive members replaced by "***". Members that are not declared stay.
 */
struct c138_json *validate_redact(struct decl_field *const *fields, const struct c138_json *value);
/* Adds all values of sensitive members (longer than 3 bytes) to `texts`, an array, for scrubbing
 * free text. */
void validate_sensitive_texts(struct decl_field *const *fields, const struct c138_json *value,
                              struct c138_json *texts);
/* What is expected, for people: "an address, 0x and 40 hex digits (EIP-55), such as
 * 0x52908400098527886E0F7030069857D2E4169EE7". */
void validate_expectation(const struct decl_field *field, struct c138_buf *out);
/* Numbers out of canonical text: duration in ns, time in ns UTC, size in bytes. 0 if not of such a
 * form. */
int64_t validate_as_int(uint32_t type, const struct c138_json *value);
uint64_t validate_as_uint(uint32_t type, const struct c138_json *value);
/* Does `lock` hold "{param}": the lock's name for these parameters; the caller frees. NULL for
 * NULL. */
char *validate_lock_name(const char *lock, const struct c138_json *params);
#endif
