# Sources of this room: libcore_sources += core/jobs/NAME.c core/jobs/NAME.h
