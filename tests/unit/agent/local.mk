# Parts of the agent that stand alone.
if HAVE_CUNIT
check_PROGRAMS += tests/unit/agent/unit_agent
TESTS += tests/unit/agent/unit_agent
tests_unit_agent_unit_agent_SOURCES = $(UNIT_SOURCES) tests/unit/agent/main.c tests/unit/agent/test_prompts.c
tests_unit_agent_unit_agent_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(EVENT_CFLAGS) $(SODIUM_CFLAGS)
tests_unit_agent_unit_agent_LDADD = core/libcore.la $(SODIUM_LIBS) $(UNIT_LIBS)
endif
