# The stack plugin: what it reads of its engines, quorum, versions, forecast, log files, and its actions on a host of the test's.
if HAVE_CUNIT
if BUILD_STACK
check_PROGRAMS += tests/unit/stack/unit_stack
TESTS += tests/unit/stack/unit_stack
tests_unit_stack_unit_stack_SOURCES = $(UNIT_SOURCES) tests/unit/fakehost.c tests/unit/fakehost.h tests/unit/keys/rig.c \
    tests/unit/keys/rig.h tests/unit/stack/main.c tests/unit/stack/test_docker.c tests/unit/stack/test_kube.c \
    tests/unit/stack/test_quorum.c tests/unit/stack/test_versions.c tests/unit/stack/test_forecast.c \
    tests/unit/stack/test_files.c tests/unit/stack/test_init.c tests/unit/stack/test_stack.c
tests_unit_stack_unit_stack_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) -I$(top_srcdir)
tests_unit_stack_unit_stack_LDADD = plugins/stack/libstack.la $(UNIT_LIBS) -lm
endif
endif
