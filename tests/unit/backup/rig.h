/* A scratch folder with files in it. */
#ifndef BACKUP_RIG_H
#define BACKUP_RIG_H
#include "../unit.h"

#include <stddef.h>

struct folder {
    char path[64];
};

struct folder folder_new(void);
void folder_free(struct folder *f);
/* A path below it; the caller frees. */
char *folder_at(const struct folder *f, const char *name);
void folder_write(const struct folder *f, const char *name, const void *bytes, size_t length);
int folder_is(const struct folder *f, const char *name, const void *bytes, size_t length);
#endif
