# chain138ctl: quick to start, so it links neither SQLite nor OpenSSL.
ctl_sources = core/ctl/action.c core/ctl/answer.c core/ctl/answer.h core/ctl/args.c core/ctl/args.h \
    core/ctl/client.c core/ctl/client.h core/ctl/commands.c core/ctl/complete.c core/ctl/ctl.c \
    core/ctl/ctl.h core/ctl/events.c core/ctl/exec_local.c core/ctl/help.c core/ctl/job_follow.c \
    core/ctl/plugin_new.c core/ctl/prompt.c core/ctl/reference.c core/ctl/table.c core/ctl/table.h core/ctl/usage.c \
    core/ctl/usage.h
bin_PROGRAMS += chain138ctl
chain138ctl_SOURCES = core/ctl/main.c $(ctl_sources)
chain138ctl_LDADD = lib/libchain138.la

# What it runs for that: the audit log without an agent.
pkglibexec_PROGRAMS += chain138ctl-local
chain138ctl_local_SOURCES = core/ctl/local.c core/ctl/doctor.c core/ctl/doctor.h \
    core/ctl/doctor_internal.h core/ctl/doctor_clock.c core/ctl/doctor_machine.c core/ctl/doctor_net.c core/ctl/answer.c core/ctl/args.c core/ctl/client.c \
    core/ctl/ctl.c core/ctl/table.c
chain138ctl_local_LDADD = core/libcore.la lib/libchain138.la
chain138ctl_local_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS) $(EVENT_CFLAGS)
