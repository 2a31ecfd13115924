# Sources of this room: libcore_sources += core/loader/NAME.c core/loader/NAME.h
