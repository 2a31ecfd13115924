# Sources of this room: libcore_sources += core/api/NAME.c core/api/NAME.h
