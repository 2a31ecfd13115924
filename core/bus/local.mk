# Sources of this room: libcore_sources += core/bus/NAME.c core/bus/NAME.h
