# Sources of this room: libcore_sources += core/schedule/NAME.c core/schedule/NAME.h
