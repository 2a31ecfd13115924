if HAVE_CUNIT
check_PROGRAMS += tests/unit/api/unit_api
TESTS += tests/unit/api/unit_api
tests_unit_api_unit_api_SOURCES = $(UNIT_SOURCES) tests/unit/api/main.c tests/unit/api/tests.h \
    tests/unit/api/fake.c tests/unit/api/fake.h tests/unit/api/test_api.c \
    tests/unit/api/test_api_routes.c tests/unit/api/test_api_actions.c \
    tests/unit/api/test_api_events.c tests/unit/api/test_api_complete.c tests/unit/api/test_openapi.c
tests_unit_api_unit_api_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(EVENT_CFLAGS)
tests_unit_api_unit_api_LDADD = core/libcore.la $(UNIT_LIBS)
endif
