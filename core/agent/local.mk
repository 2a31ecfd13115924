# Sources of this room: libcore_sources += core/agent/NAME.c core/agent/NAME.h
