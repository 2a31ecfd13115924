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
# It measures how long others wait: with make -j it runs after all other tests of the run, alone. (A target spelled out would take
# the place of automake's own rule for it.)
RUNS_ALONE = tests/fault/test_fault.log
$(RUNS_ALONE): $(filter-out $(RUNS_ALONE),$(TEST_LOGS))
endif
