/* What a compose file makes of variables, paths and ports (compose-spec, 2024). */
#include "audit.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ENV_MAX 65536
#define EXPANDED_MAX 65536 /* of one text */

/* --- Variables ------------------------------------------------------------------------------- */

/* The value of `name` in the lines of an env file, in `ret_value`; 0: it has none. */
static int env_file_get(const char *env, const char *name, size_t length,
                        struct c138_buf *ret_value) {
    for (const char *line = env; line && *line; line = strchr(line, '\n')) {
        line += strspn(line, "\n \t");
        if (c138_starts_with(line, "export "))
            line += 7;
        if (strncmp(line, name, length) != 0 || line[length] != '=')
            continue;
        const char *value = line + length + 1;
        size_t n = strcspn(value, "\r\n");
        if (n >= 2 && (*value == '"' || *value == '\'') && value[n - 1] == *value) {
            value++;
            n -= 2;
        }
        c138_buf_add(ret_value, value, n);
        return 1;
    }
    return 0;
}

/* "${NAME:-default}" or "$NAME" at `text`, which begins with '$'. Returns the bytes it takes. */
static size_t expand_one(const char *text, const char *env, struct c138_buf *out) {
    int braces = text[1] == '{';
    const char *name = text + 1 + braces;
    size_t n = 0;
    while (isalnum((unsigned char)name[n]) || name[n] == '_')
        n++;
    const char *end = braces ? strchr(name, '}') : name + n;
    if (text[1] == '$' || n == 0 || !end) {
        c138_buf_addc(out, '$');
        return text[1] == '$' ? 2 : 1;
    }
    size_t before = out->length;
    int known = env_file_get(env, name, n, out);
    const char *rest = name + n;
    if (braces && (rest[0] == '-' || c138_starts_with(rest, ":-")) &&
        (!known || (rest[0] == ':' && out->length == before))) {
        rest += rest[0] == ':' ? 2 : 1;
        c138_buf_add(out, rest, (size_t)(end - rest));
    }
    return (size_t)(end - text) + (size_t)braces;
}

static void expand_all(struct audit_doc *d, const char *env) {
    if (d->text && strchr(d->text, '$')) {
        C138_BUF struct c138_buf out = C138_BUF_MAX(EXPANDED_MAX);
        for (const char *p = d->text; *p;) {
            size_t plain = strcspn(p, "$");
            c138_buf_add(&out, p, plain);
            p += plain;
            if (*p)
                p += expand_one(p, env, &out);
        }
        free(d->text);
        d->text = c138_buf_steal(&out);
    }
    for (size_t i = 0; i < d->count; i++)
        expand_all(&d->items[i], env);
}

void audit_compose_expand(struct audit_doc *d, const char *folder) {
    C138_BUF struct c138_buf env = C138_BUF_NULL;
    C138_FREE char *path = c138_path_join(folder, ".env");
    (void)c138_file_read(path, ENV_MAX, &env, NULL);
    expand_all(d, c138_buf_text(&env));
}

/* --- Services -------------------------------------------------------------------------------- */

const struct audit_doc *audit_compose_services(const struct audit_doc *compose) {
    const struct audit_doc *all = audit_doc_get(compose, "services");
    return all && all->type == AUDIT_MAP ? all : NULL;
}

const struct audit_doc *audit_compose_service(const struct audit_doc *compose, const char *name) {
    return audit_doc_get(audit_compose_services(compose), name);
}

struct word_search {
    const char *word;
    int found;
};

static void find_word(void *user, const char *word, unsigned line) {
    struct word_search *s = user;
    (void)line;
    const char *slash = strrchr(word, '/');
    s->found |= !strcmp(slash ? slash + 1 : word, s->word);
}

static int runs(const struct audit_doc *service, const char *program) {
    const char *image = audit_doc_get_text(service, "image", "");
    const char *slash = strrchr(image, '/');
    const char *base = slash ? slash + 1 : image;
    size_t n = strcspn(base, ":@");
    if (n == strlen(program) && strncmp(base, program, n) == 0)
        return 1;
    struct word_search s = {.word = program};
    audit_compose_words(service, find_word, &s);
    return s.found;
}

int audit_compose_is_besu(const struct audit_doc *service) {
    return runs(service, "besu");
}

int audit_compose_is_tessera(const struct audit_doc *service) {
    const struct audit_doc *build = audit_doc_get(service, "build");
    const char *context = audit_doc_text(build, audit_doc_get_text(build, "context", ""));
    const char *slash = strrchr(context, '/');
    return runs(service, "tessera") || !strcmp(slash ? slash + 1 : context, "tessera");
}

const struct audit_doc *audit_compose_of_url(const struct audit_doc *compose, const char *url) {
    char host[128];
    const char *begin = strstr(url, "://");
    begin = begin ? begin + 3 : url;
    size_t n = strcspn(begin, ":/");
    if (n >= sizeof(host))
        return NULL;
    memcpy(host, begin, n);
    host[n] = '\0';
    const struct audit_doc *service = audit_compose_service(compose, host);
    const struct audit_doc *all = audit_compose_services(compose);
    for (size_t i = 0; !service && all && i < all->count; i++)
        if (audit_doc_is(audit_doc_get(&all->items[i], "container_name"), host) ||
            audit_doc_is(audit_doc_get(&all->items[i], "hostname"), host))
            service = &all->items[i];
    return service;
}

static void words_of(const struct audit_doc *d,
                     void (*on_word)(void *user, const char *word, unsigned line), void *user) {
    unsigned line = d->text_line ? d->text_line : d->line;
    for (const char *p = d->text ? d->text : ""; *p;) {
        size_t n = strcspn(p, " \t\r\n");
        if (n == 0) {
            line += *p++ == '\n';
            continue;
        }
        C138_FREE char *word = c138_xstrndup(p, n);
        size_t length = strlen(word);
        while (length > 0 && (word[length - 1] == ';' || word[length - 1] == '"'))
            word[--length] = '\0';
        if (length > 0 && strcmp(word, "\\") != 0)
            on_word(user, word, line);
        p += n;
    }
    for (size_t i = 0; i < d->count; i++)
        words_of(&d->items[i], on_word, user);
}

void audit_compose_words(const struct audit_doc *service,
                         void (*on_word)(void *user, const char *word, unsigned line), void *user) {
    const struct audit_doc *entry = audit_doc_get(service, "entrypoint");
    const struct audit_doc *command = audit_doc_get(service, "command");
    if (entry)
        words_of(entry, on_word, user);
    if (command)
        words_of(command, on_word, user);
}

const char *audit_compose_env(const struct audit_doc *service, const char *name,
                              unsigned *ret_line) {
    const struct audit_doc *env = audit_doc_get(service, "environment");
    size_t n = strlen(name);
    *ret_line = 0;
    for (size_t i = 0; env && i < env->count; i++) {
        const struct audit_doc *e = &env->items[i];
        const char *text = audit_doc_text(e, "");
        if (e->name ? strcmp(e->name, name) != 0
                    : strncmp(text, name, n) != 0 || (text[n] != '=' && text[n] != '\0'))
            continue;
        *ret_line = e->line;
        return e->name ? text : text[n] == '=' ? text + n + 1 : "";
    }
    return NULL;
}

/* --- Volumes --------------------------------------------------------------------------------- */

struct mount {
    char *source, *target;
    int read_only;
};

static void mount_deinit(struct mount *m) {
    free(m->source);
    free(m->target);
}

/* "source:target[:mode]", "target", or a map. */
static struct mount mount_read(const struct audit_doc *d) {
    struct mount m = {0};
    if (d->type == AUDIT_MAP) {
        m.source = c138_xstrdup(audit_doc_get_text(d, "source", ""));
        m.target = c138_xstrdup(audit_doc_get_text(d, "target", ""));
        m.read_only = audit_doc_bool(audit_doc_get(d, "read_only"), 0);
    } else {
        const char *text = audit_doc_text(d, "");
        const char *colon = strchr(text, ':');
        const char *target = colon ? colon + 1 : text;
        size_t n = strcspn(target, ":");
        m.source = c138_xstrndup(text, colon ? (size_t)(colon - text) : 0);
        m.target = c138_xstrndup(target, n);
        m.read_only = target[n] && strstr(target + n, "ro") != NULL;
    }
    size_t n = strlen(m.target);
    while (n > 1 && m.target[n - 1] == '/')
        m.target[--n] = '\0';
    return m;
}

/* The mount that holds the path: the longest target before it. */
static int mount_of(const struct audit_doc *service, const char *inside, struct mount *ret_mount) {
    const struct audit_doc *volumes = audit_doc_get(service, "volumes");
    int found = 0;
    for (size_t i = 0; volumes && i < volumes->count; i++) {
        struct mount m = mount_read(&volumes->items[i]);
        size_t n = strlen(m.target);
        int holds =
            n > 0 && strncmp(inside, m.target, n) == 0 && (inside[n] == '\0' || inside[n] == '/');
        if (!holds || (found && strlen(ret_mount->target) > n)) {
            mount_deinit(&m);
            continue;
        }
        if (found)
            mount_deinit(ret_mount);
        *ret_mount = m;
        found = 1;
    }
    return found;
}

int audit_compose_kept(const struct audit_doc *service, const char *inside) {
    struct mount m;
    if (!mount_of(service, inside, &m))
        return 0;
    mount_deinit(&m);
    return 1;
}

char *audit_compose_path(const struct audit_doc *service, const char *folder, const char *inside,
                         int *ret_read_only, char **ret_why) {
    struct mount m;
    char *path = NULL;
    *ret_read_only = 0;
    *ret_why = NULL;
    if (!mount_of(service, inside, &m)) {
        *ret_why = c138_xasprintf("%s lies inside the container", inside);
        return NULL;
    }
    const char *rest = inside + strlen(m.target);
    *ret_read_only = m.read_only;
    if (m.source[0] == '/') {
        path = c138_xasprintf("%s%s", m.source, rest);
    } else if (m.source[0] == '.') {
        const char *source = m.source[1] == '/' ? m.source + 2 : m.source;
        path = c138_xasprintf("%s/%s%s", folder, strcmp(source, ".") ? source : "", rest);
    } else {
        *ret_why = c138_xasprintf("%s lies in the volume %s", inside,
                                  *m.source ? m.source : "without a name");
    }
    mount_deinit(&m);
    for (char *p = path; p && (p = strstr(p, "//"));)
        memmove(p, p + 1, strlen(p));
    return path;
}

/* --- Ports ----------------------------------------------------------------------------------- */

/* "21001" or "8545-8550", with "/tcp" behind it. */
static int range_holds(const char *text, unsigned port) {
    unsigned from = 0, to = 0;
    int n = sscanf(text, "%5u-%5u", &from, &to);
    return n == 2 ? port >= from && port <= to : n == 1 && port == from;
}

/* [[address:]host:]container[/protocol]; an address of IPv6 stands in brackets. The address goes to
 * `ret_address`, "" for every one. */
static const char *port_read(const struct audit_doc *d, char ret_address[64]) {
    const char *text = audit_doc_text(d, "");
    ret_address[0] = '\0';
    if (d->type == AUDIT_MAP) {
        snprintf(ret_address, 64, "%s", audit_doc_get_text(d, "host_ip", ""));
        return audit_doc_get_text(d, "target", "");
    }
    const char *last = strrchr(text, ':');
    const char *bracket = *text == '[' ? strchr(text, ']') : NULL;
    const char *colon = strchr(bracket ? bracket : text, ':');
    if (colon && colon != last)
        snprintf(ret_address, 64, "%.*s", (int)(colon - text), text);
    return last ? last + 1 : text;
}

int audit_compose_anywhere(const struct audit_doc *entry) {
    char address[64];
    (void)port_read(entry, address);
    return !*address || !strcmp(address, "0.0.0.0") || !strcmp(address, "[::]") ||
           !strcmp(address, "::");
}

static int publishes(const struct audit_doc *d, unsigned port) {
    char address[64];
    return range_holds(port_read(d, address), port) && !(*address && audit_is_loopback(address));
}

const struct audit_doc *audit_compose_published(const struct audit_doc *service, unsigned port) {
    const struct audit_doc *ports = audit_doc_get(service, "ports");
    for (size_t i = 0; ports && i < ports->count; i++)
        if (publishes(&ports->items[i], port))
            return &ports->items[i];
    return NULL;
}
