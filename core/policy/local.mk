# Sources of this room: libcore_sources += core/policy/NAME.c core/policy/NAME.h
