# Sources of this room: libcore_sources += core/bus/NAME.c core/bus/NAME.h
libcore_sources += core/bus/bundle.c core/bus/bundle.h core/bus/bus.c core/bus/bus.h core/bus/handover.h
