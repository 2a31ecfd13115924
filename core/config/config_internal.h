/*
 * config/config_internal.h: what the files of this room share.
 */
#ifndef CORE_CONFIG_CONFIG_INTERNAL_H
#define CORE_CONFIG_CONFIG_INTERNAL_H
#include <config/config.h>
#include <sys/types.h>

#define CONFIG_FILE_MAX (1u << 20)
#define CONFIG_FILES_MAX 256u
#define CONFIG_DEPTH_MAX 24
#define CONFIG_PATH_MAX 512 /* bytes of a dotted path */

struct config_file {
    char *shown; /* "conf.d/besu.conf" */
    char *path;
    mode_t mode;
};

struct config {
    struct c138_json *document; /* canonical, defaults filled in */
    struct c138_json *where;    /* dotted path: "file:line" */
    struct config_file *files;
    size_t n_files;
    struct decl_plugin *sections; /* the agent's own sections as declarations */
    struct decl_plugin *common;   /* members of a plugin's section that are the agent's */
    struct plugin_config *plugins;
    size_t n_plugins;
    char **kept; /* texts that `plugins` points to */
    size_t n_kept;
};

/* config_tables.c: declarations of the sections, of the common members of plugins' sections. */
extern const c138_plugin config_sections_table, config_common_table;

/* config_scan.c: refuses what libconfig would take and we do not: @include, NUL, numbers that it
 * would cut. */
c138_status config_scan(const char *shown, const char *text, size_t length, struct c138_err *err);

/* config_parse.c: one file's text into `raw`, an object of sections; remembers where things stand.
 */
c138_status config_parse(struct config *c, const char *shown, const char *text, size_t length,
                         struct c138_json *raw, struct c138_err *err);

/* config_where.c */
void config_where_set(struct config *c, const char *path, const char *shown, unsigned line);
/* Of the path or of the nearest part of it that has a place; NULL: none. */
const char *config_where_near(const struct config *c, const char *path);
/* Puts place and `base.` before an error of validate_object(). */
c138_status config_blame(const struct config *c, const char *base, c138_status status,
                         struct c138_err *err);
/* An error about `path`, its place in front. */
c138_status config_error(const struct config *c, const char *path, struct c138_err *err,
                         const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Every member's name is declared, at every level; `more` are names that count as known at the top.
 */
c138_status config_check_names(const struct config *c, struct decl_field *const *fields,
                               struct decl_field *const *more, const struct c138_json *value,
                               const char *path, struct c138_err *err);

/* config_plugins.c: the plugins' sections of `document` into c->plugins. */
c138_status config_take_plugins(struct config *c, struct c138_err *err);

/* config.c: one text from memory, as if it were a main file with nothing beside it (tests,
 * fuzzing).
 */
c138_status config_read_text(const char *text, size_t length, struct config **ret_config,
                             struct c138_err *err);
/* "127.0.0.1:9138", "[::1]:9138": a numeric address and a port. `loopback`: no other. */
c138_status config_listen_check(const char *address, int loopback);
#endif
