# Sources of this room
libcore_sources += core/log/log.c core/log/log.h core/log/systemd.c core/log/systemd.h
