/*
 * plugins/stack/versions.h: what versions of Besu took away, and what in a service's setup uses it.
 * From Besu's releases as far as they were seen or read: 25.6.0 privacy and permissioning by
 * contracts, 25.7.0 names of APIs, 26.5.0 the encoding of consensus messages, 26.8.0 by running it.
 * Pure; any thread.
 */
#ifndef STACK_VERSIONS_H
#define STACK_VERSIONS_H
#include <base/buf.h>
#include <base/err.h>
#include <base/json.h>

/* Year, month, patch: 25.6.0 is 0x190600. 0: unknown. Greater is newer. */
typedef uint32_t besu_version;
#define BESU_VERSION(year, minor, patch)                                                           \
    ((besu_version)(year) << 16 | (besu_version)(minor) << 8 | (besu_version)(patch))
#define BESU_ENCODING BESU_VERSION(26, 5, 0) /* from here validators speak another form */
/* The first "N.N" or "N.N.N" behind a "v", ":" or "/", or at the beginning: "besu/v25.5.0/linux-...",
 * "hyperledger/besu:25.5.0", "26.8.0". 0: there is none. */
besu_version besu_version_read(const char *text);
#define BESU_VERSION_TEXT 16
void besu_version_write(besu_version v, char ret_text[BESU_VERSION_TEXT]);

/* One option that is set: by its long name without "--". */
struct option {
    char *name, *value, *where;
};
struct options {
    struct option *list;
    size_t count;
};
void options_deinit(struct options *o);
#define OPTIONS C138_CLEANUP(options_deinit) struct options
/* ["--a=b", "--c", "d"]: command line. */
void options_read_args(struct options *o, const struct c138_json *args);
/* ["BESU_RPC_HTTP_API=ETH"]: the environment. */
void options_read_env(struct options *o, const struct c138_json *env);
/*
 * A config.toml, as far as Besu reads one: KEY = VALUE, a value over several lines while a bracket
 * or a string is open, comments. Tables ("[x]") are passed over. C138_E_INVALID names the line.
 */
c138_status options_read_toml(struct options *o, const char *text, size_t length, const char *where,
                              struct c138_err *err);
/* The value of an option; NULL: not set. The first that was read counts: command line, then
 * environment, then file. */
const char *options_get(const struct options *o, const char *name);

/* What is set and does not exist in `to` any more, though it did in `from`. One line of text each
 * into `out`; how many. */
size_t versions_taken(const struct options *o, besu_version from, besu_version to,
                      struct c138_buf *out);
/* Whether between the two something was taken away at all. */
int versions_take(besu_version from, besu_version to);
#endif
