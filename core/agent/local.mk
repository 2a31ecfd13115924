# Sources of this room: libcore_sources += core/agent/NAME.c core/agent/NAME.h
libcore_sources += core/agent/agent.c core/agent/agent.h core/agent/agent_internal.h \
    core/agent/actions.c core/agent/check.c core/agent/gauges.c core/agent/reload.c \
    core/agent/prompts.c core/agent/prompts.h \
    core/agent/services.c
sbin_PROGRAMS += chain138d
chain138d_SOURCES = core/agent/main.c core/ctl/usage.c core/ctl/usage.h
chain138d_LDADD = core/libcore.la lib/libchain138.la $(EVENT_LIBS) $(EVENT_PTHREADS_LIBS)
