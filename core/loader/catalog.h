/*
 * loader/catalog.h: the declarations of all plugins that run, and of the agent itself ("agent.*").
 * Loop thread.
 */
#ifndef CORE_LOADER_CATALOG_H
#define CORE_LOADER_CATALOG_H
#include <schema/decl.h>
struct catalog;
struct catalog *catalog_new(void);
struct catalog *catalog_free(struct catalog *c);
/* Takes over `plugin`; replaces one of the same name. Pointers into a replaced or removed one stay
 * valid until catalog_free: jobs hold them. */
void catalog_put(struct catalog *c, struct decl_plugin *plugin);
void catalog_remove(struct catalog *c, const char *name);
const struct decl_plugin *catalog_plugin(const struct catalog *c, const char *name);      /* NULL */
const struct decl_action *catalog_action(const struct catalog *c, const char *full_name); /* NULL */
size_t catalog_count(const struct catalog *c);
const struct decl_plugin *catalog_at(const struct catalog *c, size_t index); /* by name */
/* The known action nearest to `full_name`, NULL if none is near. */
const char *catalog_nearest(const struct catalog *c, const char *full_name);
#endif
