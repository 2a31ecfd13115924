#include <loader/catalog.h>

#include <base/mem.h>
#include <base/text.h>
#include <string.h>

struct list {
    struct decl_plugin **at;
    size_t count, room;
};

struct catalog {
    struct list now;     /* sorted by name */
    struct list retired; /* replaced or removed: jobs may still point into them */
};

static void list_insert(struct list *l, size_t index, struct decl_plugin *p) {
    if (l->count == l->room) {
        l->room = l->room ? l->room * 2 : 16;
        l->at = c138_xrealloc(l->at, l->room * sizeof(struct decl_plugin *));
    }
    memmove(l->at + index + 1, l->at + index, (l->count - index) * sizeof(struct decl_plugin *));
    l->at[index] = p;
    l->count++;
}

static void list_deinit(struct list *l) {
    for (size_t i = 0; i < l->count; i++)
        (void)decl_plugin_free(l->at[i]);
    free(l->at);
}

/* Where `name` (of `length` bytes) is, or would be. */
static int find(const struct list *l, const char *name, size_t length, size_t *ret_index) {
    size_t low = 0, high = l->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const char *other = l->at[mid]->name;
        int order = strncmp(name, other, length);
        if (order == 0 && other[length] != '\0')
            order = -1;
        if (order == 0) {
            *ret_index = mid;
            return 1;
        }
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    *ret_index = low;
    return 0;
}

struct catalog *catalog_new(void) {
    return c138_xcalloc(1, sizeof(struct catalog));
}

struct catalog *catalog_free(struct catalog *c) {
    if (!c)
        return NULL;
    list_deinit(&c->now);
    list_deinit(&c->retired);
    free(c);
    return NULL;
}

void catalog_put(struct catalog *c, struct decl_plugin *plugin) {
    size_t i;
    if (find(&c->now, plugin->name, strlen(plugin->name), &i)) {
        list_insert(&c->retired, c->retired.count, c->now.at[i]);
        c->now.at[i] = plugin;
        return;
    }
    list_insert(&c->now, i, plugin);
}

void catalog_remove(struct catalog *c, const char *name) {
    size_t i;
    if (!find(&c->now, name, strlen(name), &i))
        return;
    list_insert(&c->retired, c->retired.count, c->now.at[i]);
    c->now.count--;
    memmove(c->now.at + i, c->now.at + i + 1, (c->now.count - i) * sizeof(struct decl_plugin *));
}

const struct decl_plugin *catalog_plugin(const struct catalog *c, const char *name) {
    size_t i;
    return find(&c->now, name, strlen(name), &i) ? c->now.at[i] : NULL;
}

const struct decl_action *catalog_action(const struct catalog *c, const char *full_name) {
    const char *dot = strchr(full_name, '.');
    size_t i;
    if (!dot || !find(&c->now, full_name, (size_t)(dot - full_name), &i))
        return NULL;
    return decl_action_find(c->now.at[i], dot + 1);
}

size_t catalog_count(const struct catalog *c) {
    return c->now.count;
}

const struct decl_plugin *catalog_at(const struct catalog *c, size_t index) {
    return index < c->now.count ? c->now.at[index] : NULL;
}

const char *catalog_nearest(const struct catalog *c, const char *full_name) {
    size_t n = 0;
    for (size_t i = 0; i < c->now.count; i++)
        for (struct decl_action *const *a = c->now.at[i]->actions; *a; a++)
            n++;
    C138_FREE const char **names = c138_xcalloc(n + 1, sizeof(char *));
    n = 0;
    for (size_t i = 0; i < c->now.count; i++)
        for (struct decl_action *const *a = c->now.at[i]->actions; *a; a++)
            names[n++] = (*a)->full_name;
    return c138_nearest(full_name, names);
}
