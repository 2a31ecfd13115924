/*
 * bus/handover.h: tells the thread sanitizer what liburcu's queues promise: what was written before
 * a node was put is seen by whoever takes it. liburcu itself is not instrumented. Nothing in other
 * builds.
 */
#ifndef CORE_BUS_HANDOVER_H
#define CORE_BUS_HANDOVER_H
#if defined(__SANITIZE_THREAD__)
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define HANDED_OVER(p) __tsan_release(p)
#define TAKEN_OVER(p) __tsan_acquire(p)
#else
#define HANDED_OVER(p) (void)(p)
#define TAKEN_OVER(p) (void)(p)
#endif
#endif
