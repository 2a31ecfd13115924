# Sources of this room: libcore_sources += core/metrics/NAME.c core/metrics/NAME.h
libcore_sources += core/metrics/metrics.c core/metrics/metrics.h
