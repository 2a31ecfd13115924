/* tests/unit/keys/rig.h: a folder that goes away with everything in it. */
#ifndef KEYS_RIG_H
#define KEYS_RIG_H
#include "../unit.h"

struct folder {
    char path[64];
};
struct folder folder_new(void);
void folder_free(struct folder *f);
char *folder_file(const struct folder *f, const char *name); /* the caller frees */
/* 1: some file below holds these bytes. */
int folder_holds(const struct folder *f, const void *bytes, size_t length);
#endif
