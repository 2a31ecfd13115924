/*
 * What doctor asks the machine: is its clock right, what does its kernel have.
 */
#include "config.h"

#include <base/fs.h>
#include <base/text.h>
#include <base/when.h>
#include <ctl/doctor_internal.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AHEAD_NS (2 * C138_NS_PER_S)

static void look_at_clock(struct exam *x) {
    struct timex t = {0};
    char what[256];
    int state = adjtimex(&t);
    enum doctor_grade grade = doctor_clock(state, state < 0 ? errno : 0, &t, what, sizeof(what));
    doctor_note(
        x, grade, "clock",
        "run a time service and see that it works (timedatectl; systemd-timesyncd, or chrony "
        "with rtcsync; in a container: on its host): schedules and audit times depend on it",
        "%s", what);
}

/* A record from the future: the clock is wrong now, or was when it was written. */
static void look_behind(struct exam *x) {
    static const char *const names[] = {"audit.log", "agent.db-wal", "agent.db"};
    int64_t newest = 0, now = c138_now_utc_ns();
    for (size_t i = 0; i < C138_COUNT(names); i++) {
        C138_FREE char *path = c138_path_join(x->state_dir, names[i]);
        struct stat st;
        if (stat(path, &st) == 0 && st.st_mtim.tv_sec > newest / C138_NS_PER_S)
            newest = (int64_t)st.st_mtim.tv_sec * C138_NS_PER_S;
    }
    if (newest - now <= AHEAD_NS)
        return;
    char written[C138_TIME_TEXT], current[C138_TIME_TEXT];
    c138_time_format(newest, written);
    c138_time_format(now, current);
    doctor_note(
        x, DOCTOR_ERROR, "clock-back",
        "set the clock right (timedatectl); if it is right now it was ahead before: times of "
        "jobs, events and audit up to now cannot be relied on",
        "the clock says %s, but the agent wrote to %s at %s", current, x->state_dir, written);
}

static void look_at_kernel(struct exam *x) {
    struct rlimit files;
    long landlock = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1u);
    if (landlock > 0)
        doctor_note(x, DOCTOR_OK, "landlock", "", "the kernel has Landlock (ABI %ld)", landlock);
    else
        doctor_note(x, DOCTOR_WARNING, "landlock",
                    "a kernel from 5.13 on with lsm=landlock confines workers to their own files",
                    "the kernel has no Landlock: workers see all files that their user sees");
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 1024)
        doctor_note(x, DOCTOR_WARNING, "files", "LimitNOFILE= in the unit",
                    "only %llu open files are allowed", (unsigned long long)files.rlim_cur);
}

void doctor_machine(struct exam *x) {
    look_at_clock(x);
    if (x->state_dir)
        look_behind(x);
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
        doctor_note(x, DOCTOR_WARNING, "zones", "install the package tzdata",
                    "time zone data is missing: schedules with a zone are refused");
    look_at_kernel(x);
}
