# Sources of this room: libcore_sources += core/audit/NAME.c core/audit/NAME.h
