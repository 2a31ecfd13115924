# Sources of this room
libcore_sources += core/log/log.c core/log/log.h
