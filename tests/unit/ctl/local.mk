if HAVE_CUNIT
check_PROGRAMS += tests/unit/ctl/unit_ctl
TESTS += tests/unit/ctl/unit_ctl
tests_unit_ctl_unit_ctl_SOURCES = $(UNIT_SOURCES) tests/unit/ctl/main.c tests/unit/ctl/tests.h \
    tests/unit/ctl/test_args.c tests/unit/ctl/test_answer.c tests/unit/ctl/test_client.c tests/unit/ctl/test_doctor_clock.c \
    tests/unit/ctl/test_table.c tests/unit/ctl/test_usage.c core/ctl/args.c core/ctl/answer.c \
    core/ctl/client.c core/ctl/doctor_clock.c core/ctl/table.c core/ctl/usage.c
tests_unit_ctl_unit_ctl_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(EVENT_CFLAGS)
tests_unit_ctl_unit_ctl_LDADD = lib/libchain138.la $(UNIT_LIBS)
endif
