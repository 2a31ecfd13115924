# Sources of this room: libcore_sources += core/log/NAME.c core/log/NAME.h
