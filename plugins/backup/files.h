/*
 * Folders and files of backups: trees that are listed, copied, removed and moved. Nothing here
 * follows a symbolic link, and nothing leaves the folder that it was given.
 */
#ifndef BACKUP_FILES_H
#define BACKUP_FILES_H
#include <base/buf.h>
#include <base/err.h>

#include <stdint.h>
#include <sys/stat.h>

#define FILES_MAX_ENTRIES 4000000u

struct tree_entry {
    char *path; /* relative to the tree's folder */
    struct stat st;
};

/* What a folder holds, sorted by path: files, folders and symbolic links; sockets, pipes and
 * devices are left out. */
struct tree {
    char *folder;
    struct tree_entry *entries;
    size_t count, capacity;
    uint64_t files, bytes;
};

/* `skip`: names that are left out wherever they are, patterns of fnmatch(3); NULL: none. ".chain138" always is. */
c138_status tree_scan(const char *folder, const char *const *skip, struct tree *ret,
                      struct c138_err *err);
void tree_deinit(struct tree *t);
#define TREE_NULL ((struct tree){0})

/* A folder and all below it; one that is not there is fine. */
c138_status files_remove(const char *path, struct c138_err *err);
/* `length` bytes of a file, by shared extents where the file system has them. */
c138_status files_copy(const char *from, const char *to, uint64_t length, mode_t mode,
                       struct c138_err *err);
c138_status files_write_all(int fd, const void *bytes, size_t length);
/* rename(2), then both folders synced. */
c138_status files_move(const char *from, const char *to, struct c138_err *err);
void files_sync_folder(const char *folder);
/* 0 where it is not there. */
uint64_t files_size(const char *path);
int files_exists(const char *path);
/* Free bytes of the file system that holds `path`; UINT64_MAX if it cannot be told. */
uint64_t files_free(const char *path);
/* The class of an errno, and "<path> cannot be <what>: <why>". */
c138_status files_fail(struct c138_err *err, const char *what, const char *path);
/* Relative, no empty, "." or ".." part, no leading slash, no control characters: what an archive
 * may name. */
int files_path_inside(const char *path);
#endif
