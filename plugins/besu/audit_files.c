/* Rules on lists of nodes and accounts, on keys, and on files that are named. */
#include "audit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* --- Enodes ---------------------------------------------------------------------------------- */

struct enode {
    char id[129], host[256];
    unsigned port;
};

/* NULL, or why it is none. The port of discovery does not count: Besu compares without it. */
static const char *enode_read(const char *text, struct enode *ret) {
    memset(ret, 0, sizeof(*ret));
    if (!c138_starts_with(text, "enode://"))
        return "does not begin with enode://";
    text += 8;
    size_t n = strcspn(text, "@");
    if (n != 128 || strspn(text, "0123456789abcdefABCDEF") != 128)
        return "the id is not 128 hex digits";
    for (size_t i = 0; i < n; i++)
        ret->id[i] = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] - 'A' + 'a' : text[i]);
    if (text[n] != '@')
        return "no address behind the id";
    const char *host = text + n + 1;
    const char *port = *host == '[' ? strstr(host, "]:") : strchr(host, ':');
    if (port && *host == '[')
        port++;
    if (!port || port == host || (size_t)(port - host) >= sizeof(ret->host))
        return "no address and port behind the id";
    memcpy(ret->host, host, (size_t)(port - host));
    if (sscanf(port + 1, "%5u", &ret->port) != 1 || ret->port > 65535)
        return "no port behind the address";
    return NULL;
}

static int enode_same(const struct enode *a, const struct enode *b) {
    return !strcmp(a->id, b->id) && !strcasecmp(a->host, b->host) && a->port == b->port;
}

typedef void enode_fn(struct audit *a, const struct audit_rule *r, const char *file, unsigned line,
                      const char *text);

static const struct audit_doc *allowlist(const struct audit_node *n, enum audit_kind kind) {
    return audit_doc_get(audit_doc_of(n, kind),
                         kind == AUDIT_PERM_NODES ? "nodes-allowlist" : "accounts-allowlist");
}

#define IN_STATIC 1u
#define IN_BOOTNODES 2u
#define IN_ALLOWLIST 4u

static void each_enode(struct audit *a, const struct audit_rule *r, unsigned where, enode_fn *fn) {
    const struct audit_node *n = a->node;
    const struct audit_doc *list = where & IN_STATIC ? audit_doc_of(n, AUDIT_STATIC) : NULL;
    const struct audit_option *boot = where & IN_BOOTNODES ? audit_opt(n, "bootnodes") : NULL;
    for (size_t i = 0; list && i < list->count; i++)
        fn(a, r, n->files[AUDIT_STATIC].path, list->items[i].line,
           audit_doc_text(&list->items[i], ""));
    for (size_t i = 0; boot && i < boot->count; i++)
        fn(a, r, boot->file, boot->line, boot->values[i]);
    list = where & IN_ALLOWLIST ? allowlist(n, AUDIT_PERM_NODES) : NULL;
    for (size_t i = 0; list && i < list->count; i++)
        fn(a, r, n->files[AUDIT_PERM_NODES].path, list->items[i].line,
           audit_doc_text(&list->items[i], ""));
}

static void malformed(struct audit *a, const struct audit_rule *r, const char *file, unsigned line,
                      const char *text) {
    struct enode e;
    const char *why = enode_read(text, &e);
    if (why)
        audit_find(a, r, file, line, "%.40s...: %s", text, why);
}

static void check_malformed(struct audit *a, const struct audit_rule *r) {
    each_enode(a, r, IN_STATIC | IN_BOOTNODES | IN_ALLOWLIST, malformed);
}

static void unreachable(struct audit *a, const struct audit_rule *r, const char *file,
                        unsigned line, const char *text) {
    struct enode e;
    if (!enode_read(text, &e) && (!strcmp(e.host, "0.0.0.0") || audit_is_loopback(e.host)))
        audit_find(a, r, file, line, "%.20s...@%s:%u", text, e.host, e.port);
}

static void check_unreachable(struct audit *a, const struct audit_rule *r) {
    each_enode(a, r, IN_STATIC | IN_BOOTNODES | IN_ALLOWLIST, unreachable);
}

/* An id that stands in one list with two addresses. */
static void duplicates(struct audit *a, const struct audit_rule *r, const char *file,
                       const struct audit_doc *list) {
    for (size_t i = 0; list && i < list->count; i++) {
        struct enode e, earlier;
        if (enode_read(audit_doc_text(&list->items[i], ""), &e))
            continue;
        for (size_t k = 0; k < i; k++)
            if (!enode_read(audit_doc_text(&list->items[k], ""), &earlier) &&
                !strcmp(earlier.id, e.id) && !enode_same(&earlier, &e))
                audit_find(a, r, file, list->items[i].line,
                           "%.12s... is at %s:%u, and at %s:%u on line %u", e.id, e.host, e.port,
                           earlier.host, earlier.port, list->items[k].line);
    }
}

static void check_duplicates(struct audit *a, const struct audit_rule *r) {
    const struct audit_node *n = a->node;
    duplicates(a, r, n->files[AUDIT_STATIC].path, audit_doc_of(n, AUDIT_STATIC));
    duplicates(a, r, n->files[AUDIT_PERM_NODES].path, allowlist(n, AUDIT_PERM_NODES));
}

static void not_allowed(struct audit *a, const struct audit_rule *r, const char *file,
                        unsigned line, const char *text) {
    const struct audit_doc *list = allowlist(a->node, AUDIT_PERM_NODES);
    struct enode e, other;
    if (enode_read(text, &e))
        return;
    for (size_t i = 0; list && i < list->count; i++)
        if (!enode_read(audit_doc_text(&list->items[i], ""), &other) && enode_same(&e, &other))
            return;
    audit_find(a, r, file, line, "%.12s...@%s:%u is not on the nodes-allowlist", e.id, e.host,
               e.port);
}

static void check_allowed(struct audit *a, const struct audit_rule *r) {
    if (audit_opt_bool(a->node, "permissions-nodes-config-file-enabled", 0))
        each_enode(a, r, IN_STATIC | IN_BOOTNODES, not_allowed);
}

static void check_alone(struct audit *a, const struct audit_rule *r) {
    const struct audit_file *f = &a->node->files[AUDIT_STATIC];
    const struct audit_option *boot = audit_opt(a->node, "bootnodes");
    const struct audit_doc *list = audit_doc_of(a->node, AUDIT_STATIC);
    if (boot && boot->count && *boot->values[0])
        return;
    if (f->why_not && !f->missing)
        audit_skip(a, r, "%s", f->why_not);
    else if (!list || list->count == 0)
        audit_find_opt(a, r, list ? "static-nodes-file" : "bootnodes",
                       "neither bootnodes nor static nodes are named");
}

/* Its own id, from what it answered or from the file beside its key; 0: not known. */
static int own_id(const struct audit_node *n, char ret_id[129]) {
    struct enode e;
    C138_BUF struct c138_buf text = C138_BUF_NULL;
    const char *key = audit_opt_text(n, "node-private-key-file", NULL);
    int read_only;
    char *why = NULL;
    if (!enode_read(n->live.enode, &e)) {
        memcpy(ret_id, e.id, sizeof(e.id));
        return 1;
    }
    C138_FREE char *path = key ? audit_node_path(n, key, &read_only, &why) : NULL;
    free(why);
    C138_FREE char *pub = path ? c138_xasprintf("%s.pub", path) : NULL;
    if (!pub || c138_file_read(pub, 256, &text, NULL) != C138_OK)
        return 0;
    const char *hex = c138_buf_text(&text);
    hex += c138_starts_with(hex, "0x") ? 2 : 0;
    if (strspn(hex, "0123456789abcdefABCDEF") < 128)
        return 0;
    memcpy(ret_id, hex, 128);
    ret_id[128] = '\0';
    return 1;
}

static void check_own(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *list = audit_doc_of(a->node, AUDIT_STATIC);
    char id[129];
    struct enode e;
    if (!own_id(a->node, id)) {
        audit_skip(a, r,
                   "the node's own enode is not known: watch it with the API ADMIN on, or keep "
                   "the public key beside its key as KEY.pub");
        return;
    }
    for (size_t i = 0; i < list->count; i++)
        if (!enode_read(audit_doc_text(&list->items[i], ""), &e) && !strcasecmp(e.id, id))
            audit_find(a, r, a->node->files[AUDIT_STATIC].path, list->items[i].line,
                       "%.12s...@%s:%u is the node itself", e.id, e.host, e.port);
}

/* --- Allowlists ------------------------------------------------------------------------------ */

static const char *enabled_option(enum audit_kind kind) {
    return kind == AUDIT_PERM_NODES ? "permissions-nodes-config-file-enabled"
                                    : "permissions-accounts-config-file-enabled";
}

static int entry_same(enum audit_kind kind, const char *a, const char *b) {
    struct enode x, y;
    if (kind == AUDIT_PERM_NODES && !enode_read(a, &x) && !enode_read(b, &y))
        return enode_same(&x, &y);
    return strcasecmp(a, b) == 0;
}

/* How many entries of `a` are not in `b`. */
static size_t lacking(enum audit_kind kind, const struct audit_doc *a, const struct audit_doc *b) {
    size_t count = 0;
    for (size_t i = 0; i < a->count; i++) {
        int found = 0;
        for (size_t k = 0; !found && k < b->count; k++)
            found = entry_same(kind, audit_doc_text(&a->items[i], ""),
                               audit_doc_text(&b->items[k], ""));
        count += !found;
    }
    return count;
}

static void compare_lists(struct audit *a, const struct audit_rule *r, enum audit_kind kind) {
    const struct audit_node *first = NULL;
    size_t compared = 0;
    for (size_t i = 0; i < a->n_nodes; i++) {
        struct audit_node *n = &a->nodes[i];
        const struct audit_doc *list = allowlist(n, kind);
        if (!list || !audit_opt_bool(n, enabled_option(kind), 1))
            continue;
        compared++;
        if (!first) {
            first = n;
            continue;
        }
        const struct audit_doc *other = allowlist(first, kind);
        size_t more = lacking(kind, list, other), less = lacking(kind, other, list);
        a->node = n;
        if (more || less)
            audit_find(a, r, n->files[kind].path, list->line,
                       "%s: %zu entries that %s does not have, %zu of its entries missing",
                       list->name, more, first->name, less);
        a->node = NULL;
    }
    if (compared < 2)
        audit_skip(a, r, "it compares nodes: the %s of two or more are needed",
                   audit_kind_name(kind));
}

static void check_lists_differ(struct audit *a, const struct audit_rule *r) {
    compare_lists(a, r, AUDIT_PERM_NODES);
    compare_lists(a, r, AUDIT_PERM_ACCOUNTS);
}

/* For each list that is switched on. */
static void check_list_there(struct audit *a, const struct audit_rule *r) {
    for (int kind = AUDIT_PERM_NODES; kind <= AUDIT_PERM_ACCOUNTS; kind++) {
        const struct audit_file *f = &a->node->files[kind];
        const char *option = enabled_option((enum audit_kind)kind);
        if (!audit_opt_bool(a->node, option, 0))
            continue;
        if (f->missing || f->broken)
            audit_find_opt(a, r, option, "%s", f->why_not);
        else if (f->why_not || !f->path)
            audit_skip(a, r, "%s", f->why_not ? f->why_not : "no data-path is known to look in");
    }
}

static void check_list_writable(struct audit *a, const struct audit_rule *r) {
    for (int kind = AUDIT_PERM_NODES; kind <= AUDIT_PERM_ACCOUNTS; kind++) {
        const struct audit_file *f = &a->node->files[kind];
        if (audit_opt_bool(a->node, enabled_option((enum audit_kind)kind), 0) && f->path &&
            !f->why_not && f->read_only)
            audit_find(a, r, f->path, 0, "Besu cannot write it");
    }
}

static void check_list_key(struct audit *a, const struct audit_rule *r) {
    for (int kind = AUDIT_PERM_NODES; kind <= AUDIT_PERM_ACCOUNTS; kind++) {
        const struct audit_file *f = &a->node->files[kind];
        if (audit_opt_bool(a->node, enabled_option((enum audit_kind)kind), 0) && f->path &&
            !f->why_not && !allowlist(a->node, (enum audit_kind)kind))
            audit_find(a, r, f->path, 0, "%s is not there",
                       kind == AUDIT_PERM_NODES ? "nodes-allowlist" : "accounts-allowlist");
    }
}

static void check_accounts(struct audit *a, const struct audit_rule *r) {
    const struct audit_doc *list = allowlist(a->node, AUDIT_PERM_ACCOUNTS);
    for (size_t i = 0; list && i < list->count; i++) {
        struct besu_address address;
        const char *text = audit_doc_text(&list->items[i], "");
        if (strlen(text) != 42 || besu_address_read(text, &address) != C138_OK)
            audit_find(a, r, a->node->files[AUDIT_PERM_ACCOUNTS].path, list->items[i].line,
                       "%.60s is no address", text);
    }
}

/* --- Files that are named -------------------------------------------------------------------- */

static const char *const key_options[] = {"node-private-key-file",
                                          "privacy-marker-transaction-signing-key-file", NULL};

struct search {
    const char *path;
    int found;
};

static void find_path(void *user, const char *word, unsigned line) {
    struct search *s = user;
    (void)line;
    s->found |= !strcmp(word, s->path);
}

/* Does the container's own script make the file? Its path stands there as a word of its own. */
static int made_at_start(const struct audit_node *n, const char *path) {
    struct search s = {.path = path};
    if (n->in_compose)
        audit_compose_words(n->in_compose, find_path, &s);
    return s.found;
}

static void check_named(struct audit *a, const struct audit_rule *r, const char *option) {
    const char *inside = audit_opt_text(a->node, option, NULL);
    int read_only;
    char *why = NULL;
    struct stat st;
    if (!inside || !*inside)
        return;
    C138_FREE char *path = audit_node_path(a->node, inside, &read_only, &why);
    if (!path || made_at_start(a->node, inside))
        audit_skip(a, r, "%s%s", path ? inside : why,
                   path ? " is made when the container starts" : "");
    else if (stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
        audit_find_opt(a, r, option, "%s: %s is not there", option, path);
    else if (stat(path, &st) != 0)
        audit_skip(a, r, "%s cannot be looked at: %s", path, strerror(errno));
    free(why);
}

static void check_references(struct audit *a, const struct audit_rule *r) {
    static const struct {
        const char *option, *enabled;
        int kind; /* -1, or the kind of file that may be named elsewhere */
    } files[] = {
        {"genesis-file", NULL, AUDIT_GENESIS},
        {"static-nodes-file", NULL, AUDIT_STATIC},
        {"permissions-nodes-config-file", "permissions-nodes-config-file-enabled",
         AUDIT_PERM_NODES},
        {"permissions-accounts-config-file", "permissions-accounts-config-file-enabled",
         AUDIT_PERM_ACCOUNTS},
        {"node-private-key-file", NULL, -1},
        {"rpc-http-authentication-credentials-file", NULL, -1},
        {"rpc-http-authentication-jwt-public-key-file", NULL, -1},
        {"rpc-ws-authentication-credentials-file", NULL, -1},
        {"rpc-ws-authentication-jwt-public-key-file", NULL, -1},
        {"privacy-public-key-file", NULL, -1},
        {"privacy-marker-transaction-signing-key-file", NULL, -1},
    };
    for (size_t i = 0; i < C138_COUNT(files); i++)
        if ((!files[i].enabled || audit_opt_bool(a->node, files[i].enabled, 0)) &&
            !(files[i].kind >= 0 && a->node->paths[files[i].kind] && !a->node->in_compose))
            check_named(a, r, files[i].option);
}

static void each_key(struct audit *a, const struct audit_rule *r,
                     void (*fn)(struct audit *a, const struct audit_rule *r, const char *path)) {
    for (size_t i = 0; key_options[i]; i++) {
        const char *inside = audit_opt_text(a->node, key_options[i], NULL);
        const char *folder = audit_opt_text(a->node, "data-path", NULL);
        C138_FREE char *in_data =
            !inside && folder && i == 0 ? c138_path_join(folder, "key") : NULL;
        int read_only;
        char *why = NULL;
        struct stat st;
        if (!inside && !in_data)
            continue;
        C138_FREE char *path =
            audit_node_path(a->node, inside ? inside : in_data, &read_only, &why);
        if (!path)
            audit_skip(a, r, "%s", why);
        else if (stat(path, &st) == 0)
            fn(a, r, path);
        else
            audit_skip(a, r, "%s cannot be looked at: %s", path, strerror(errno));
        free(why);
    }
}

static void key_mode(struct audit *a, const struct audit_rule *r, const char *path) {
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & 077) != 0)
        audit_find(a, r, path, 0, "its mode is %04o", (unsigned)st.st_mode & 07777);
}

static void check_key_mode(struct audit *a, const struct audit_rule *r) {
    each_key(a, r, key_mode);
}

static void key_in_git(struct audit *a, const struct audit_rule *r, const char *path) {
    C138_FREE char *folder = c138_xstrdup(path);
    for (char *slash; (slash = strrchr(folder, '/')) && slash != folder;) {
        struct stat st;
        *slash = '\0';
        C138_FREE char *git = c138_path_join(folder, ".git");
        if (stat(git, &st) == 0) {
            audit_find(a, r, path, 0, "it lies in the git tree %s", folder);
            return;
        }
    }
}

static void check_key_in_git(struct audit *a, const struct audit_rule *r) {
    each_key(a, r, key_in_git);
}

static void check_metadata(struct audit *a, const struct audit_rule *r) {
    const char *inside = audit_opt_text(a->node, "data-path", NULL);
    const char *wanted = audit_opt_text(a->node, "data-storage-format", "BONSAI");
    int read_only;
    char *why = NULL;
    if (!inside) {
        audit_skip(a, r, "no data-path is set");
        return;
    }
    C138_FREE char *folder = audit_node_path(a->node, inside, &read_only, &why);
    if (!folder)
        audit_skip(a, r, "%s", why);
    free(why);
    if (!folder)
        return;
    struct audit_file f = {.path = c138_path_join(folder, "DATABASE_METADATA.json")};
    audit_file_read(&f, AUDIT_GENESIS);
    const struct audit_doc *v2 = audit_doc_path(&f.doc, "v2.format");
    const struct audit_doc *v1 = audit_doc_get(&f.doc, "version");
    const char *format = v2                      ? audit_doc_text(v2, "")
                         : audit_doc_is(v1, "1") ? "FOREST"
                         : audit_doc_is(v1, "2") ? "BONSAI"
                                                 : NULL;
    if (format && strcasecmp(format, wanted) != 0)
        audit_find(a, r, f.path, audit_doc_line(v2 ? v2 : v1, 0),
                   "the data are %s, the option says %s", format, wanted);
    else if (!format)
        audit_skip(a, r, "%s",
                   f.missing   ? "the node has no data yet"
                   : f.why_not ? f.why_not
                               : "the form of the data is not told");
    audit_doc_deinit(&f.doc);
    free(f.path);
    free(f.why_not);
}

static void check_broken(struct audit *a, const struct audit_rule *r) {
    for (size_t i = 0; i < AUDIT_KINDS; i++) {
        const struct audit_file *f = &a->node->files[i];
        if (f->broken)
            audit_find(a, r, f->path, f->broken_line, "%s", f->why_not);
    }
}

#define OPTIONS .needs = AUDIT_NEEDS_OPTIONS

const struct audit_rule audit_rules_files[] = {
    {.id = "B19",
     .severity = AUDIT_HIGH,
     .needs = AUDIT_OF_NETWORK,
     .check = check_lists_differ,
     .title = "All nodes have the same allowlists",
     .reason = "What one validator lets in, another refuses: transactions wait, peers are lost.",
     .mend = "Take one list for all: besu.permissions shows how the nodes differ."},
    {.id = "B20a",
     .severity = AUDIT_HIGH,
     OPTIONS,
     .check = check_list_there,
     .title = "The allowlist that is switched on is there",
     .reason = "Besu does not start.",
     .mend = "Put the file where the option says, and let the user of Besu read it."},
    {.id = "B20b",
     .severity = AUDIT_HIGH,
     OPTIONS,
     .check = check_list_writable,
     .title = "Besu can write its allowlist",
     .reason = "A change by RPC is lost at the next start: \"Unable to persist changes\".",
     .mend = "Mount it without :ro, and give it to the user of Besu."},
    {.id = "B20c",
     .severity = AUDIT_HIGH,
     OPTIONS,
     .check = check_list_key,
     .title = "The file of an allowlist has the list",
     .reason = "Besu does not start: \"allowlist config option missing in TOML config file\".",
     .mend = "Add nodes-allowlist=[...] or accounts-allowlist=[...]."},
    {.id = "B20d",
     .severity = AUDIT_HIGH,
     .needs = AUDIT_NEEDS(AUDIT_PERM_ACCOUNTS),
     .check = check_accounts,
     .title = "Accounts are addresses of 20 bytes that begin with 0x",
     .reason = "Besu refuses the whole file for one entry.",
     .mend = "Correct the entry."},
    {.id = "B21",
     .severity = AUDIT_HIGH,
     OPTIONS | AUDIT_NEEDS(AUDIT_PERM_NODES),
     .check = check_allowed,
     .title = "Static nodes and bootnodes are on the nodes-allowlist",
     .reason = "Besu does not start with a bootnode or static node that it may not talk to. Id, "
               "address and port must be equal.",
     .mend = "Add the enode to the list, or take it out of static-nodes.json."},
    {.id = "B22",
     .severity = AUDIT_HIGH,
     OPTIONS,
     .check = check_alone,
     .title = "The node knows somebody to begin with",
     .reason = "It never finds a peer.",
     .mend = "Name bootnodes, or static nodes."},
    {.id = "B23",
     .severity = AUDIT_LOW,
     .needs = AUDIT_NEEDS(AUDIT_STATIC),
     .check = check_own,
     .title = "static-nodes.json does not name the node itself",
     .reason = "It tries in vain, for ever.",
     .mend = "Take its own entry out."},
    {.id = "B24a",
     .severity = AUDIT_HIGH,
     OPTIONS,
     .check = check_malformed,
     .title = "Every enode is well-formed",
     .reason = "Besu refuses the whole list, or does not start.",
     .mend = "enode://<128 hex digits>@<address>:<port>"},
    {.id = "B24b",
     .severity = AUDIT_MEDIUM,
     OPTIONS,
     .check = check_unreachable,
     .title = "Every enode has an address that others reach",
     .reason = "0.0.0.0 and 127.0.0.1 lead every node to itself.",
     .mend = "Write the address under which the node's peers reach it."},
    {.id = "B24c",
     .severity = AUDIT_MEDIUM,
     OPTIONS,
     .check = check_duplicates,
     .title = "Every node has one address",
     .reason = "One of the two is old: a node whose address changed is not let in under it.",
     .mend = "Keep the address that is right."},
    {.id = "B34",
     .severity = AUDIT_CRITICAL,
     OPTIONS,
     .check = check_metadata,
     .title = "data-storage-format is that of the data",
     .reason =
         "Besu does not start: \"Database format mismatch\". Without the option BONSAI is meant.",
     .mend = "Set data-storage-format to what DATABASE_METADATA.json says, or resync."},
    {.id = "B42",
     .severity = AUDIT_CRITICAL,
     OPTIONS,
     .check = check_references,
     .title = "Every file that an option names is there",
     .reason = "Besu does not start, or makes a new key and is somebody else.",
     .mend = "Put the file there, or correct the path."},
    {.id = "B44a",
     .severity = AUDIT_CRITICAL,
     OPTIONS,
     .check = check_key_mode,
     .title = "Keys can be read by their owner alone",
     .reason = "Whoever has a validator's key can sign blocks as it.",
     .mend = "chmod 600, and make a new key if somebody may have read it."},
    {.id = "B44b",
     .severity = AUDIT_CRITICAL,
     OPTIONS,
     .check = check_key_in_git,
     .title = "Keys lie outside of git trees",
     .reason = "A key that was committed once is in every clone.",
     .mend = "Move it, and make a new one if it was ever committed."},
    {.id = "B46",
     .severity = AUDIT_CRITICAL,
     .needs = 0,
     .check = check_broken,
     .title = "Every file is well-formed",
     .reason = "What reads it does not start.",
     .mend = "Correct the line."},
    {.id = NULL},
};
