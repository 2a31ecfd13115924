# Sources of this room: libcore_sources += core/policy/NAME.c core/policy/NAME.h
libcore_sources += core/policy/policy.c core/policy/policy.h core/policy/policy_internal.h
