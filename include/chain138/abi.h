/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain138/abi.h: the ground under the contract between the agent and its plugins.
 *
 * Design. A plugin is one `.so` that the agent loads into a worker process (the default) or into a
 * thread. Nothing but flat data crosses the border: fixed-width integers, NUL-terminated UTF-8
 * strings, JSON text, file descriptors and opaque pointers. No library type, no enum, no size_t, no
 * bool. Every struct begins with its own size in bytes, so that either side may be older than the
 * other: read a member only after C138_HAS() said that it is there. Lists are NULL-terminated lists
 * of pointers, so that their elements can grow.
 *
 * Versions. `major` must be equal on both sides. `minor` only adds: an older plugin works in a
 * newer agent; a newer plugin works in an older agent as long as it asks C138_HAS() and
 * get_extension() before it uses what is new. What a comment here says about threads, ownership and
 * lifetime is part of the contract: a change of it raises a version.
 *
 *   1.0  first version
 *   1.1  c138_caller.plan, c138_process.watch
 */
#ifndef CHAIN138_ABI_H
#define CHAIN138_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define C138_ABI_MAJOR 1u
#define C138_ABI_MINOR 1u

/* Is `member` inside the struct that the other side gave us? `type` is the struct's type, `p` may
 * be NULL. */
#define C138_HAS(type, p, member)                                                                  \
    ((p) != NULL && (p)->struct_size >= offsetof(type, member) + sizeof((p)->member))

/* The result of every call: 0 or one of the classes below. Positive values are reserved. */
typedef int32_t c138_status;

#define C138_OK 0
#define C138_E_INVALID                                                                             \
    (-1) /* a parameter, a setting or a piece of data is wrong: the text says which and what was   \
            expected */
#define C138_E_DENIED (-2)      /* the caller may not do this */
#define C138_E_NOTFOUND (-3)    /* the thing named does not exist */
#define C138_E_BUSY (-4)        /* a queue or a lock is taken: try again later */
#define C138_E_TIMEOUT (-5)     /* the deadline passed */
#define C138_E_CANCELLED (-6)   /* somebody asked to stop */
#define C138_E_UNAVAILABLE (-7) /* a peer cannot be reached, or a service is not granted */
#define C138_E_CONFLICT (-8)    /* the state is not what the caller believed */
#define C138_E_UNSUPPORTED (-9) /* this version, node or host cannot do it */
#define C138_E_INTERNAL (-10)   /* a bug or an exhausted machine */
#define C138_E_APPROVAL (-11)   /* a dangerous action without an approval */
#define C138_E_LIMIT (-12)      /* a size, rate or memory limit was reached */

/* Log levels, those of syslog(3). */
#define C138_LOG_ERROR 3
#define C138_LOG_WARNING 4
#define C138_LOG_NOTICE 5
#define C138_LOG_INFO 6
#define C138_LOG_DEBUG 7

/* Clocks for c138_host.now_ns. */
#define C138_CLOCK_UTC 0       /* ns since 1970-01-01T00:00:00Z */
#define C138_CLOCK_MONOTONIC 1 /* ns since an arbitrary point, never set back */

/*
 * Identity before code. The ELF note `.note.chain138` carries who the plugin is. The loader reads
 * it from the open file and refuses a wrong plugin before a single instruction of it (a
 * constructor, say) could run. `readelf -n` shows the note. Strings are NUL-padded. Name:
 * [a-z][a-z0-9-]*, at most 31 bytes. Version: at most 23 bytes, digits and dots first.
 */
#define C138_NOTE_OWNER "chain138"
#define C138_NOTE_TYPE 1u

#define C138_PLUGIN_WORKER_ONLY 1u /* holds secrets: refuses to run in a thread of the agent */
#define C138_PLUGIN_NO_NETWORK 2u  /* needs no network: its worker gets none */
#define C138_PLUGIN_SPAWNS                                                                         \
    4u /* starts programs: without it fork and exec are refused in its worker */

typedef struct c138_note {
    uint32_t struct_size;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t flags; /* C138_PLUGIN_* */
    char name[32];
    char version[24];
} c138_note;

/* The note as it lies in the file: ELF header of a note, owner padded to 4 bytes, payload. */
typedef struct c138_elf_note {
    uint32_t owner_size;
    uint32_t payload_size;
    uint32_t type;
    char owner[12];
    c138_note note;
} c138_elf_note;

/* Put this once, at file scope, in one source file of the plugin. */
#define C138_PLUGIN_NOTE(plugin_name, plugin_version, plugin_flags)                                \
    __attribute__((used, aligned(4),                                                               \
                   section(".note.chain138"))) static const c138_elf_note c138_elf_note_ = {       \
        sizeof(C138_NOTE_OWNER),                                                                   \
        sizeof(c138_note),                                                                         \
        C138_NOTE_TYPE,                                                                            \
        C138_NOTE_OWNER,                                                                           \
        {sizeof(c138_note), C138_ABI_MAJOR, C138_ABI_MINOR, (plugin_flags), plugin_name,           \
         plugin_version}}

#ifdef __cplusplus
}
#endif
#endif
