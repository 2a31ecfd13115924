include tests/fault/plugins/local.mk
EXTRA_DIST += tests/fault/crash_agent.py
TESTS += tests/fault/crash_agent.py
EXTRA_DIST += tests/fault/crash_chain.py
if HAVE_CURL
TESTS += tests/fault/crash_chain.py
endif
if HAVE_CUNIT
check_PROGRAMS += tests/fault/test_fault
TESTS += tests/fault/test_fault
tests_fault_test_fault_SOURCES = tests/fault/test_fault.c $(UNIT_SOURCES)
tests_fault_test_fault_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(EVENT_CFLAGS)
tests_fault_test_fault_LDADD = core/libcore.la $(UNIT_LIBS)
endif
