# Sources of this room: libcore_sources += core/store/NAME.c core/store/NAME.h
