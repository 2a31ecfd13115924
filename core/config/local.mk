# Sources of this room: libcore_sources += core/config/NAME.c core/config/NAME.h
