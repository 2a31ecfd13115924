if HAVE_CUNIT
check_PROGRAMS += tests/unit/bus/unit_bus
TESTS += tests/unit/bus/unit_bus
tests_unit_bus_unit_bus_SOURCES = $(UNIT_SOURCES) tests/unit/bus/main.c tests/unit/bus/test_bundle.c tests/unit/bus/test_bus.c
tests_unit_bus_unit_bus_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(EVENT_CFLAGS)
tests_unit_bus_unit_bus_LDADD = core/libcore.la $(UNIT_LIBS)
endif
