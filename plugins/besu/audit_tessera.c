/* Rules on Tessera's configuration and its keys. */
#include "audit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define KEY_FILE_MAX 16384
#define KEY_TEXT_MAX 128 /* 32 bytes in base64 are 44 */
#define FOLDER_MAX 4096  /* entries of a folder that are looked at */

static const struct audit_doc *config(const struct audit *a) {
    return audit_doc_of(a->node, AUDIT_TESSERA);
}
static const char *path(const struct audit *a) {
    return a->node->files[AUDIT_TESSERA].path;
}
static const struct audit_doc *of_keys(const struct audit *a, const char *name) {
    return audit_doc_get(audit_doc_get(config(a), "keys"), name);
}
static const struct audit_doc *key_data(const struct audit *a) {
    return of_keys(a, "keyData");
}

/* --- Servers --------------------------------------------------------------------------------- */

static const struct audit_doc *server(const struct audit *a, const char *app) {
    const struct audit_doc *list = audit_doc_get(config(a), "serverConfigs");
    for (size_t i = 0; list && i < list->count; i++)
        if (audit_doc_is(audit_doc_get(&list->items[i], "app"), app) &&
            audit_doc_bool(audit_doc_get(&list->items[i], "enabled"), 1))
            return &list->items[i];
    return NULL;
}

static void host_of(const char *url, char ret_host[128], unsigned *ret_port) {
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
    snprintf(ret_host, 128, "%.*s", (int)n, host);
    *ret_port = 0;
    if (strlen(host) > n && host[n] == ':')
        *ret_port = (unsigned)strtoul(host + n + 1, NULL, 10);
}

/* Do other hosts reach it: what it binds to, and in a container what is published of that. */
static int is_public(const struct audit *a, const struct audit_doc *s,
                     const struct audit_doc **ret_address) {
    const struct audit_doc *address = audit_doc_get(s, "bindingAddress");
    char host[128];
    unsigned port;
    *ret_address = address ? address : audit_doc_get(s, "serverAddress");
    const char *url = audit_doc_text(*ret_address, "");
    if (!*url || c138_starts_with(url, "unix:"))
        return 0;
    host_of(url, host, &port);
    if (audit_is_loopback(host))
        return 0;
    return !a->node->tessera_service || audit_compose_published(a->node->tessera_service, port);
}

/* arg: the application. */
static void check_server(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *address, *s = server(a, r->arg);
    if (s && is_public(a, s, &address))
        audit_find(a, r, path(a), address->line, "%s listens at %s", r->arg,
                   audit_doc_text(address, ""));
}

static void check_tls(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *address, *s = server(a, "P2P");
    const struct audit_doc *tls = audit_doc_path(s, "sslConfig.tls");
    if (s && is_public(a, s, &address) && !audit_doc_is(tls, "STRICT"))
        audit_find(a, r, path(a), audit_doc_line(tls, s->line), "sslConfig.tls of P2P is %s",
                   audit_doc_text(tls, "not set, which is OFF"));
}

static void check_trust(struct audit *a, const struct audit_rule *r) {
    static const char *const modes[] = {"serverTrustMode", "clientTrustMode"};
    static const char *const weak[] = {"NONE", "TOFU", "CA_OR_TOFU"};
    const struct audit_doc *ssl = audit_doc_get(server(a, "P2P"), "sslConfig");
    for (size_t i = 0; i < C138_COUNT(modes); i++)
        for (size_t k = 0; k < C138_COUNT(weak); k++) {
            const struct audit_doc *d = audit_doc_get(ssl, modes[i]);
            if (audit_doc_is(d, weak[k]))
                audit_find(a, r, path(a), d->line, "%s is %s", modes[i], weak[k]);
        }
}

/* --- Switches -------------------------------------------------------------------------------- */

/* arg: a member that must be true. */
static void check_is_true(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_path(config(a), r->arg);
    if (!audit_doc_bool(d, 0))
        audit_find(a, r, path(a), audit_doc_line(d, 0), "%s is %s", r->arg,
                   audit_doc_text(d, "not set, which is false"));
}

/* A Tessera in another mode was seen to take the creation of groups, and to refuse every send. */
static void check_mode(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(config(a), "mode");
    const char *mode = audit_doc_text(d, "not set, which is tessera");
    unsigned line;
    if (!strcmp(mode, "${TESSERA_MODE}") && a->node->tessera_service) /* filled in at the start */
        mode = audit_compose_env(a->node->tessera_service, "TESSERA_MODE", &line);
    if (!mode || strcasecmp(mode, "orion") != 0)
        audit_find(a, r, path(a), audit_doc_line(d, 0), "mode is %s",
                   mode ? mode : "not filled in");
}

static void check_always(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_get(config(a), "alwaysSendTo");
    if (d && d->count > 0)
        audit_find(a, r, path(a), d->line, "alwaysSendTo names %zu keys", d->count);
}

static void check_supported(struct audit *a, const struct audit_rule *r) {
    audit_find(a, r, path(a), 0, "this network has a Tessera");
}

/* --- Database -------------------------------------------------------------------------------- */

static const struct audit_doc *jdbc_url(const struct audit *a) {
    return audit_doc_path(config(a), "jdbc.url");
}

static int is_h2(const struct audit *a) {
    return c138_starts_with(audit_doc_text(jdbc_url(a), ""), "jdbc:h2:");
}

static void check_h2(struct audit *a, const struct audit_rule *r) {
    if (is_h2(a))
        audit_find(a, r, path(a), jdbc_url(a)->line, "the database is H2");
}

static void check_h2_kept(struct audit *a, const struct audit_rule *r) {
    char file[512];
    if (!is_h2(a))
        return;
    const char *text = audit_doc_text(jdbc_url(a), "") + strlen("jdbc:h2:");
    text += c138_starts_with(text, "file:") ? 5 : 0;
    if (!a->node->tessera_service) {
        audit_skip(a, r, "which service of a compose file runs Tessera is not known (privacy-url)");
        return;
    }
    if (c138_starts_with(text, "./")) /* the image starts in "/" */
        text++;
    snprintf(file, sizeof(file), "%.*s", (int)strcspn(text, ";"), text);
    if (!audit_compose_kept(a->node->tessera_service, file))
        audit_find(a, r, path(a), jdbc_url(a)->line, "%s is on no volume", file);
}

static void check_jdbc_password(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *jdbc = audit_doc_get(config(a), "jdbc");
    const struct audit_doc *d = audit_doc_get(jdbc, "password");
    if (jdbc && !*audit_doc_text(d, ""))
        audit_find(a, r, path(a), audit_doc_line(d, jdbc->line), "jdbc.password is empty");
}

static void check_tables(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = audit_doc_path(config(a), "jdbc.autoCreateTables");
    if (audit_doc_bool(d, 0))
        audit_find(a, r, path(a), d->line, "jdbc.autoCreateTables is true");
}

/* --- Keys ------------------------------------------------------------------------------------ */

/* Where a path of Tessera's lies on this host; NULL with a note. */
static char *host_path(struct audit *a, const struct audit_rule *r, const char *inside) {
    int read_only;
    char *why = NULL, *found = NULL;
    if (a->node->tessera_service)
        found = audit_compose_path(a->node->tessera_service, a->node->compose_dir, inside,
                                   &read_only, &why);
    else if (inside[0] == '/')
        found = c138_xstrdup(inside);
    else
        why = c138_xasprintf("%s is relative to a folder that is not known", inside);
    if (why)
        audit_skip(a, r, "%s", why);
    free(why);
    return found;
}

/* The private key of an entry as a tree, and the file it came from (NULL: the configuration).
 * What a file held is wiped. */
static int private_key(struct audit *a, const struct audit_rule *r, const struct audit_doc *entry,
                       struct audit_doc *ret_key, char **ret_file) {
    const char *inside = audit_doc_get_text(entry, "privateKeyPath", NULL);
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct c138_err err = {0};
    unsigned line;
    *ret_key = (struct audit_doc){0};
    *ret_file = inside ? host_path(a, r, inside) : NULL;
    if (inside && !*ret_file)
        return 0;
    if (!inside)
        return 0;
    c138_status status = c138_file_read(*ret_file, KEY_FILE_MAX, &text, &err);
    if (status == C138_OK)
        status = audit_json_read(c138_buf_text(&text), text.length, ret_key, &line, &err);
    if (text.data)
        c138_wipe(text.data, text.capacity);
    if (status == C138_OK)
        return 1;
    audit_skip(a, r, "%s%s%s", strstr(err.text, *ret_file) ? "" : *ret_file,
               strstr(err.text, *ret_file) ? "" : ": ", err.text);
    free(C138_STEAL(*ret_file));
    return 0;
}

static void wipe(struct audit_doc *d) {
    if (d->text)
        c138_wipe(d->text, strlen(d->text));
    for (size_t i = 0; i < d->count; i++)
        wipe(&d->items[i]);
}

/* Each private key that lies in a file of its own, or under `config` of its entry. */
static void each_key(struct audit *a, const struct audit_rule *r,
                     void (*fn)(struct audit *a, const struct audit_rule *r,
                                const struct audit_doc *entry, const struct audit_doc *key,
                                const char *file)) {
    const struct audit_doc *list = key_data(a);
    for (size_t i = 0; list && i < list->count; i++) {
        const struct audit_doc *entry = &list->items[i],
                               *inline_key = audit_doc_get(entry, "config");
        struct audit_doc key;
        char *file = NULL;
        if (inline_key) {
            fn(a, r, entry, inline_key, NULL);
        } else if (private_key(a, r, entry, &key, &file)) {
            fn(a, r, entry, &key, file);
            wipe(&key);
            audit_doc_deinit(&key);
        }
        free(file);
    }
}

static void key_locked(struct audit *a, const struct audit_rule *r, const struct audit_doc *entry,
                       const struct audit_doc *key, const char *file) {
    const struct audit_doc *type = audit_doc_get(key, "type");
    if (audit_doc_is(type, "unlocked"))
        audit_find(a, r, file ? file : path(a), type->line, "the key of line %u is unlocked",
                   entry->line);
}

static void check_locked(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *list = key_data(a);
    for (size_t i = 0; list && i < list->count; i++) {
        const struct audit_doc *plain = audit_doc_get(&list->items[i], "privateKey");
        if (plain)
            audit_find(a, r, path(a), plain->line, "a private key stands in the configuration");
    }
    each_key(a, r, key_locked);
}

static void check_passwords(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = of_keys(a, "passwords");
    if (d && d->count > 0)
        audit_find(a, r, path(a), d->line, "%zu passwords stand here", d->count);
}

static void mode_of(struct audit *a, const struct audit_rule *r, const char *inside) {
    struct stat st;
    C138_FREE char *file = host_path(a, r, inside);
    if (!file)
        return;
    if (stat(file, &st) != 0)
        audit_skip(a, r, "%s cannot be looked at: %s", file, strerror(errno));
    else if ((st.st_mode & 077) != 0)
        audit_find(a, r, file, 0, "its mode is %04o", (unsigned)st.st_mode & 07777);
}

static void check_modes(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *list = key_data(a);
    const char *passwords = audit_doc_text(of_keys(a, "passwordFile"), NULL);
    for (size_t i = 0; list && i < list->count; i++) {
        const char *inside = audit_doc_get_text(&list->items[i], "privateKeyPath", NULL);
        if (inside)
            mode_of(a, r, inside);
    }
    if (passwords)
        mode_of(a, r, passwords);
}

static void check_password_lines(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *d = of_keys(a, "passwordFile");
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct c138_err err = {0};
    size_t lines = 0, keys = key_data(a) ? key_data(a)->count : 0;
    if (!d)
        return;
    C138_FREE char *file = host_path(a, r, audit_doc_text(d, ""));
    if (!file)
        return;
    if (c138_file_read(file, KEY_FILE_MAX, &text, &err) != C138_OK) {
        audit_skip(a, r, "%s", err.text);
        return;
    }
    for (size_t i = 0; i < text.length; i++)
        lines += text.data[i] == '\n';
    lines += text.length > 0 && text.data[text.length - 1] != '\n';
    if (text.data)
        c138_wipe(text.data, text.capacity);
    if (lines != keys)
        audit_find(a, r, path(a), d->line, "%s has %zu lines for %zu keys", file, lines, keys);
}

/* The public key of an entry in base64; 0: not known. */
static int public_key(struct audit *a, const struct audit_rule *r, const struct audit_doc *entry,
                      char ret_text[KEY_TEXT_MAX]) {
    const char *inside = audit_doc_get_text(entry, "publicKeyPath", NULL);
    const char *text = audit_doc_get_text(entry, "publicKey", NULL);
    C138_BUF struct c138_buf read = C138_BUF_NULL;
    struct c138_err err = {0};
    if (inside && !text) {
        C138_FREE char *file = host_path(a, r, inside);
        if (!file)
            return 0;
        if (c138_file_read(file, KEY_TEXT_MAX - 1, &read, &err) != C138_OK) {
            audit_skip(a, r, "%s", err.text);
            return 0;
        }
        text = c138_buf_text(&read);
    }
    snprintf(ret_text, KEY_TEXT_MAX, "%.*s", (int)strcspn(text ? text : "", " \r\n"),
             text ? text : "");
    return *ret_text != '\0';
}

/* Curve25519: the public key is the private one times the base point. */
static void key_pair(struct audit *a, const struct audit_rule *r, const struct audit_doc *entry,
                     const struct audit_doc *key, const char *file) {
    C138_BUF struct c138_buf bytes = C138_BUF_NULL;
    char text[KEY_TEXT_MAX];
    const char *secret = audit_doc_text(audit_doc_path(key, "data.bytes"), NULL);
    uint8_t pub[32];
    C138_BUF struct c138_buf made = C138_BUF_NULL;
    if (!secret) {
        audit_skip(a, r, "the key is locked, and this rule asks for no password");
        return;
    }
    if (!public_key(a, r, entry, text))
        return;
    if (c138_base64_decode(secret, strlen(secret), &bytes) == C138_OK && bytes.length == 32 &&
        crypto_scalarmult_base(pub, (const uint8_t *)bytes.data) == 0) {
        c138_base64_encode(pub, sizeof(pub), &made);
        if (strcmp(c138_buf_text(&made), text) != 0)
            audit_find(a, r, file ? file : path(a), 0,
                       "its public key is %s, the configuration names %s", c138_buf_text(&made),
                       text);
    } else {
        audit_skip(a, r, "the key is none of Curve25519");
    }
    if (bytes.data)
        c138_wipe(bytes.data, bytes.capacity);
}

static void check_pairs(struct audit *a, const struct audit_rule *r) {
    each_key(a, r, key_pair);
}

static void key_cost(struct audit *a, const struct audit_rule *r, const struct audit_doc *entry,
                     const struct audit_doc *key, const char *file) {
    const struct audit_doc *options = audit_doc_path(key, "data.aopts");
    double memory = audit_doc_number(audit_doc_get(options, "memory"), 65536);
    double iterations = audit_doc_number(audit_doc_get(options, "iterations"), 3);
    (void)entry;
    if (options && (memory < 65536 || iterations < 3))
        audit_find(a, r, file ? file : path(a), options->line, "%g KiB and %g iterations", memory,
                   iterations);
}

static void check_cost(struct audit *a, const struct audit_rule *r) {
    each_key(a, r, key_cost);
}

static void check_besu_key(struct audit *a, const struct audit_rule *r) {
    const char *inside = audit_opt_text(a->node, "privacy-public-key-file", NULL);
    const struct audit_doc *list = key_data(a);
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    struct c138_err err = {0};
    char known[KEY_TEXT_MAX], wanted[KEY_TEXT_MAX];
    int read_only;
    char *why = NULL;
    if (!inside) {
        audit_skip(a, r, "privacy-public-key-file is not set");
        return;
    }
    C138_FREE char *file = audit_node_path(a->node, inside, &read_only, &why);
    if (!file || c138_file_read(file, KEY_TEXT_MAX - 1, &text, &err) != C138_OK) {
        audit_skip(a, r, "%s", file ? err.text : why);
        free(why);
        return;
    }
    snprintf(wanted, sizeof(wanted), "%.*s", (int)strcspn(c138_buf_text(&text), " \r\n"),
             c138_buf_text(&text));
    for (size_t i = 0; list && i < list->count; i++) {
        if (!public_key(a, r, &list->items[i], known))
            return; /* noted */
        if (!strcmp(known, wanted))
            return;
    }
    audit_find_opt(a, r, "privacy-public-key-file", "%s holds %s, which Tessera does not have",
                   file, wanted);
}

/* NAME.key with NAME.pub in the folder of a loaded key, and not loaded. */
static int is_loaded(const struct audit *a, const char *name) {
    const struct audit_doc *list = key_data(a);
    for (size_t i = 0; list && i < list->count; i++) {
        const char *inside = audit_doc_get_text(&list->items[i], "privateKeyPath", "");
        const char *slash = strrchr(inside, '/');
        if (!strcmp(slash ? slash + 1 : inside, name))
            return 1;
    }
    return 0;
}

static void folder_keys(struct audit *a, const struct audit_rule *r, const char *folder) {
    DIR *dir = opendir(folder);
    struct dirent *e;
    if (!dir) {
        audit_skip(a, r, "%s cannot be listed: %s", folder, strerror(errno));
        return;
    }
    for (unsigned i = 0; i < FOLDER_MAX && (e = readdir(dir)); i++) {
        struct stat st;
        if (!c138_ends_with(e->d_name, ".key") || is_loaded(a, e->d_name))
            continue;
        C138_FREE char *file = c138_path_join(folder, e->d_name);
        C138_FREE char *pub = c138_xasprintf("%.*s.pub", (int)strlen(file) - 4, file);
        if (stat(pub, &st) == 0)
            audit_find(a, r, file, 0, "it lies beside keys that are loaded, and is not");
    }
    (void)closedir(dir);
}

static void check_left_out(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *list = key_data(a);
    C138_FREE char *last = NULL;
    for (size_t i = 0; list && i < list->count; i++) {
        const char *inside = audit_doc_get_text(&list->items[i], "privateKeyPath", NULL);
        char *file = inside ? host_path(a, r, inside) : NULL;
        char *slash = file ? strrchr(file, '/') : NULL;
        if (slash)
            *slash = '\0';
        if (slash && !c138_streq(file, last)) {
            folder_keys(a, r, file);
            free(last);
            last = C138_STEAL(file);
        }
        free(file);
    }
}

#define TESSERA .needs = AUDIT_NEEDS(AUDIT_TESSERA)

const struct audit_rule audit_rules_tessera[] = {
    {.id = "T01",
     .severity = AUDIT_CRITICAL,
     TESSERA,
     .check = check_server,
     .arg = "Q2T",
     .title = "Q2T is open to its Besu only",
     .reason = "Whoever reaches it reads and sends everything private of this member.",
     .mend = "Bind it to 127.0.0.1, or do not publish its port."},
    {.id = "T02",
     .severity = AUDIT_HIGH,
     TESSERA,
     .check = check_server,
     .arg = "ThirdParty",
     .title = "ThirdParty is closed to other hosts",
     .reason = "It stores payloads and tells the keys.",
     .mend = "Bind it to 127.0.0.1, or do not publish its port."},
    {.id = "T03",
     .severity = AUDIT_CRITICAL,
     TESSERA,
     .check = check_server,
     .arg = "ADMIN",
     .title = "ADMIN is closed to other hosts",
     .reason = "It adds peers, who are then sent to.",
     .mend = "Bind it to 127.0.0.1, or leave it out."},
    {.id = "T04",
     .severity = AUDIT_HIGH,
     TESSERA,
     .check = check_tls,
     .title = "Between hosts P2P speaks TLS",
     .reason = "Peers cannot know whom they speak with.",
     .mend = "Set sslConfig.tls to STRICT."},
    {.id = "T05",
     .severity = AUDIT_HIGH,
     TESSERA,
     .check = check_trust,
     .title = "Certificates of peers are checked",
     .reason = "With NONE everybody is trusted, with TOFU whoever comes first.",
     .mend = "Use CA or WHITELIST."},
    {.id = "T06",
     .severity = AUDIT_MEDIUM,
     TESSERA,
     .check = check_is_true,
     .arg = "useWhiteList",
     .title = "Only named peers may connect",
     .reason = "Others may ask for payloads.",
     .mend = "Set useWhiteList to true, with all peers in `peer`."},
    {.id = "T07",
     .severity = AUDIT_MEDIUM,
     TESSERA,
     .check = check_is_true,
     .arg = "disablePeerDiscovery",
     .title = "Peers are named, not discovered",
     .reason = "In a closed network a peer that nobody named has no business.",
     .mend = "Set disablePeerDiscovery to true, with all peers in `peer`."},
    {.id = "T08",
     .severity = AUDIT_MEDIUM,
     TESSERA,
     .check = check_is_true,
     .arg = "features.enableRemoteKeyValidation",
     .title = "Peers prove that they have their keys",
     .reason = "Otherwise one can pose as another.",
     .mend = "Set features.enableRemoteKeyValidation to true."},
    {.id = "T09",
     .severity = AUDIT_HIGH,
     TESSERA,
     .check = check_locked,
     .title = "Private keys are locked",
     .reason = "A copy of the file is the key.",
     .mend = "tessera -updatepassword, with the password in a file of its own."},
    {.id = "T10",
     .severity = AUDIT_HIGH,
     TESSERA,
     .check = check_passwords,
     .title = "No passwords stand in the configuration",
     .reason = "It is copied and shown.",
     .mend = "Use keys.passwordFile."},
    {.id = "T11",
     .severity = AUDIT_HIGH,
     TESSERA,
     .check = check_modes,
     .title = "Keys and passwords can be read by their owner alone",
     .reason = "Whoever has both reads everything private of this member.",
     .mend = "chmod 600"},
    {.id = "T12",
     .severity = AUDIT_HIGH,
     TESSERA,
     .check = check_password_lines,
     .title = "The password file has a line for each key",
     .reason = "Tessera does not start, or locks the wrong key.",
     .mend = "One line a key in the order of keyData, an empty one for an unlocked key."},
    {.id = "T13",
     .severity = AUDIT_CRITICAL,
     TESSERA,
     .check = check_pairs,
     .title = "Private and public key belong together",
     .reason = "What is sent to the public key can be read by nobody here.",
     .mend = "Put the right pair together."},
    {.id = "T14a",
     .severity = AUDIT_MEDIUM,
     TESSERA,
     .check = check_h2,
     .title = "The database is one for production",
     .reason = "H2 cannot be copied while it runs, and changed its format between 21.10 and 22.",
     .mend = "Use PostgreSQL or MySQL."},
    {.id = "T14b",
     .severity = AUDIT_CRITICAL,
     TESSERA,
     .check = check_h2_kept,
     .title = "The database lies on a volume",
     .reason = "All private data are gone when the container is made anew.",
     .mend = "Mount a volume where jdbc.url leads."},
    {.id = "T15a",
     .severity = AUDIT_MEDIUM,
     TESSERA,
     .check = check_jdbc_password,
     .title = "The database has a password",
     .reason = "Payloads lie there in the clear.",
     .mend = "Set one in the database and in jdbc.password."},
    {.id = "T15b",
     .severity = AUDIT_LOW,
     TESSERA,
     .check = check_tables,
     .title = "Tables are made by hand",
     .reason = "A wrong URL gives an empty database instead of an error.",
     .mend = "Set jdbc.autoCreateTables to false after the first start."},
    {.id = "T16",
     .severity = AUDIT_CRITICAL,
     TESSERA,
     .check = check_mode,
     .title = "For Besu the mode is orion",
     .reason =
         "In another mode groups can be made, and every send fails without a line in the log.",
     .mend = "Set mode to orion."},
    {.id = "T17",
     .severity = AUDIT_HIGH,
     TESSERA,
     .check = check_always,
     .title = "Nobody is sent everything",
     .reason = "alwaysSendTo copies every private payload.",
     .mend = "Empty it, unless a regulator asks for it."},
    {.id = "T18",
     .severity = AUDIT_CRITICAL,
     TESSERA | AUDIT_NEEDS_OPTIONS,
     .check = check_besu_key,
     .title = "Besu speaks for a key that its Tessera has",
     .reason = "Every private transaction fails.",
     .mend = "Set privacy-public-key-file to one of keyData."},
    {.id = "T19",
     .severity = AUDIT_INFO,
     TESSERA,
     .check = check_supported,
     .title = "Tessera is supported",
     .reason = "Its makers ended it; Besu has had no privacy since 25.6.",
     .mend = "Plan how private data leave it. Besu stays at 25.5 until then."},
    {.id = "T20",
     .severity = AUDIT_HIGH,
     TESSERA,
     .check = check_left_out,
     .title = "Keys that were used stay loaded",
     .reason = "Payloads that were sent to a key can be read while it is loaded, and no longer.",
     .mend = "Add it to keyData; move it away if it was never used."},
    {.id = "T21",
     .severity = AUDIT_MEDIUM,
     TESSERA,
     .check = check_cost,
     .title = "Guessing a key's password is dear",
     .reason = "Below 64 MiB and 3 iterations of Argon2 many can be tried.",
     .mend = "Lock it anew with Tessera's own defaults."},
    {.id = NULL},
};
