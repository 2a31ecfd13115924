if HAVE_CUNIT
check_PROGRAMS += tests/unit/metrics/unit_metrics
TESTS += tests/unit/metrics/unit_metrics
tests_unit_metrics_unit_metrics_SOURCES = $(UNIT_SOURCES) tests/unit/metrics/main.c \
    tests/unit/metrics/test_metrics.c
tests_unit_metrics_unit_metrics_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_metrics_unit_metrics_LDADD = core/libcore.la $(UNIT_LIBS) -lm
endif
