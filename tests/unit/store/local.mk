if HAVE_CUNIT
check_PROGRAMS += tests/unit/store/unit_store
TESTS += tests/unit/store/unit_store
tests_unit_store_unit_store_SOURCES = $(UNIT_SOURCES) tests/unit/store/main.c tests/unit/store/rig.c \
    tests/unit/store/rig.h tests/unit/store/test_store.c tests/unit/store/test_kv.c
tests_unit_store_unit_store_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(EVENT_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_store_unit_store_LDADD = core/libcore.la $(UNIT_LIBS)
endif
