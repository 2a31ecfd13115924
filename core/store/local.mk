# Sources of this room: libcore_sources += core/store/NAME.c core/store/NAME.h
libcore_sources += core/store/store.c core/store/store.h core/store/kv.c
