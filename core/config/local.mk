# Sources of this room
libcore_sources += core/config/config.c core/config/config.h core/config/config_internal.h \
    core/config/config_parse.c core/config/config_plugins.c core/config/config_scan.c \
    core/config/config_tables.c core/config/config_where.c
