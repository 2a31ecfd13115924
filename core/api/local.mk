# Sources of this room: libcore_sources += core/api/NAME.c core/api/NAME.h
libcore_sources += core/api/api.c core/api/api.h core/api/api_internal.h core/api/api_actions.c \
    core/api/api_complete.c core/api/api_events.c core/api/api_routes.c core/api/openapi.c
