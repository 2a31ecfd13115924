# Sources of this room: libcore_sources += core/schedule/NAME.c core/schedule/NAME.h
libcore_sources += core/schedule/eventlog.c core/schedule/eventlog.h core/schedule/schedule.c core/schedule/schedule.h \
    core/schedule/triggers.c core/schedule/triggers.h
