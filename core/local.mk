# The core: one convenience library; programs take from it what they need.
libcore_sources =
include core/log/local.mk
include core/store/local.mk
include core/loader/local.mk
include core/bus/local.mk
include core/metrics/local.mk
include core/worker/local.mk
include core/audit/local.mk
include core/policy/local.mk
include core/jobs/local.mk
include core/schedule/local.mk
include core/config/local.mk
include core/api/local.mk
include core/agent/local.mk

noinst_LTLIBRARIES += core/libcore.la
core_libcore_la_SOURCES = $(libcore_sources)
core_libcore_la_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(EVENT_PTHREADS_CFLAGS) $(SQLITE_CFLAGS) \
    $(CONFIG_CFLAGS) $(URCU_CFLAGS) $(SECCOMP_CFLAGS)
core_libcore_la_LIBADD = lib/libchain138.la $(EVENT_LIBS) $(EVENT_PTHREADS_LIBS) $(SQLITE_LIBS) \
    $(CONFIG_LIBS) $(URCU_LIBS) $(SECCOMP_LIBS)
