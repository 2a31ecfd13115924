/*
 * plugins/stack/resources.h: what the kernel tells of processor, memory and disks. Any thread.
 */
#ifndef STACK_RESOURCES_H
#define STACK_RESOURCES_H
#include "forecast.h"

struct stack;
/* /proc/stat: clock ticks since boot, of all processors. 0: it is none. */
int proc_cpu_read(const char *text, uint64_t *ret_busy, uint64_t *ret_total);
/* A line of /proc/meminfo, in bytes; 0: it is not there. */
uint64_t proc_memory_read(const char *text, const char *name);

struct disk_at {
    uint64_t size, used, left; /* bytes; left: what one who is not root may write */
    uint64_t inodes, inodes_left;
};
int disk_now(const char *folder, struct disk_at *ret);
/* Of the disk with this number in the settings. */
struct forecast disk_forecast(struct stack *s, size_t i, const struct disk_at *at);
#endif
