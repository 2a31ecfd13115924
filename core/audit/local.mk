# Sources of this room: libcore_sources += core/audit/NAME.c core/audit/NAME.h
libcore_sources += core/audit/audit.c core/audit/audit.h core/audit/audit_internal.h core/audit/verify.c
