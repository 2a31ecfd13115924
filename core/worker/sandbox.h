/*
 * worker/sandbox.h: what a worker gives up before any code of its plugin runs: no_new_privs, core
 * dumps, death with its parent, address space and open files (rlimits; no address space limit in
 * sanitized builds), fork and exec unless granted, network unless needed (seccomp: socket() of
 * other families than AF_UNIX and connect/bind of AF_UNIX are refused), and all files but system
 * libraries, its state folder and the paths of its settings (Landlock, where the kernel has it).
 * What was applied, what not and why goes into the report that `chain138ctl plugins` shows:
 *   {"no_new_privs":true,"seccomp":true,"landlock":<ABI or
 * 0>,"network":"none|full","notes":["..."]}
 */
#ifndef CORE_WORKER_SANDBOX_H
#define CORE_WORKER_SANDBOX_H
#include <base/json.h>
c138_status sandbox_apply(const struct c138_json *welcome, struct c138_json *report,
                          struct c138_err *err);
#endif
