# Sources of this room: libcore_sources += core/worker/NAME.c core/worker/NAME.h
