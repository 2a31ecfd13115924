/*
 * config/config.h: chain138.conf and conf.d/NAME.conf (libconfig), read into one checked document.
 * Pure but for reading files.
 *
 *   agent:   { host_name; state_dir; run_dir; plugin_dirs = (..); log_level = "info";
 *              log_format = "auto"; };
 *   api:     { socket = "/run/chain138/agent.sock"; socket_group; socket_mode = "0660";
 *              listen = "127.0.0.1:9138" or ""; };
 *   metrics: { listen = "127.0.0.1:9139" or ""; };
 *   jobs:    { keep = "30d"; keep_max = 100000; queue_max = 10000; };
 *   events:  { keep = "30d"; keep_max = 1000000; };
 *   policy:  { ... policy/policy.h ... };
 *   schedules = ( ... ); triggers = ( ... );   # concatenated over all files; a name occurs once
 *   plugins: { besu: { enabled = true; mode = "worker"; grants = (..); programs = (..);
 *              memory_max; callback_timeout; mailbox; keep_rate; kv_max;
 *              metrics_listen = "127.0.0.1:9545"; ... the plugin's own settings ... }; };
 *
 * The sections are declared with the same field tables as plugins' settings (one validator for
 * everything). A section may be spread over files, a member may be set once: the second place is an
 * error that names both. Every error says file, line, what was expected and the nearest known name.
 * Files must not be writable by others; one that holds a literal secret (a sensitive field) must
 * not be readable by others.
 */
#ifndef CORE_CONFIG_CONFIG_H
#define CORE_CONFIG_CONFIG_H
#include <base/json.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <worker/plugins.h>

struct config; /* constant after it was read */
/* `file`: chain138.conf; conf.d/ beside it is read in order of names, files not ending in .conf are
 * left out. A missing main file with an existing folder is fine. C138_E_INVALID with file and line.
 */
c138_status config_read(const char *file, struct config **ret_config, struct c138_err *err);
struct config *config_free(struct config *c);
/* The value at a dotted path, defaults filled in: "api.socket". NULL if there is none. */
const char *config_str(const struct config *c, const char *path);
int64_t config_int(const struct config *c, const char *path);                  /* durations in ns */
uint64_t config_uint(const struct config *c, const char *path);                /* sizes in bytes */
const struct c138_json *config_json(const struct config *c, const char *path); /* section or list */
/* Where it was said, for messages: "conf.d/besu.conf:12"; "default" if nowhere. Borrowed. */
const char *config_where(const struct config *c, const char *path);
/* All plugins that have a section. Valid as long as the config. */
const struct plugin_config *config_plugins(const struct config *c, size_t *ret_count);
/* "127.0.0.1:9547" or NULL. */
const char *config_plugin_metrics_listen(const struct config *c, const char *plugin);
/*
 * Checks one plugin's own settings against its declaration and gives the canonical object. Errors
 * carry file and line of the very member. Used by the supervisor's caller once the declaration is
 * known, and by --check-config (which learns it with chain138-plugin-host --describe).
 */
c138_status config_plugin_settings(const struct config *c, const char *plugin,
                                   struct decl_field *const *settings,
                                   struct c138_json **ret_settings, struct c138_err *err);
/* An address to listen on: "127.0.0.1:9138", "[::1]:9138"; numeric, with a port. */
struct config_listen {
    union {
        struct sockaddr sa;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t length;
    uint16_t port;     /* 0: any that is free */
    int any, loopback; /* 0.0.0.0 or [::]; 127.0.0.0/8 or [::1] */
    char text[72];     /* as it was written */
};
c138_status config_listen_read(const char *text, struct config_listen *ret);
/* Names of the files that were read, for --check-config and doctor: array of text. */
struct c138_json *config_files(const struct config *c);
#endif
