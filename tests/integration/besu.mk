# The besu plugin on doubles, development chains and, where there is one, a real Besu.
besu_tests = tests/integration/besu_plugin.py tests/integration/besu_writes.py tests/integration/besu_agent.py \
    tests/integration/besu_real.py tests/integration/besu_real_writes.py tests/integration/audit_test.py
if BUILD_BESU
TESTS += $(besu_tests)
check_PROGRAMS += tests/integration/audit_rules
tests_integration_audit_rules_SOURCES = tests/integration/audit_rules.c
tests_integration_audit_rules_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_integration_audit_rules_LDADD = plugins/besu/libbesu.la
endif
EXTRA_DIST += $(besu_tests) tests/integration/besu_double.py tests/integration/besu_live.py tests/integration/driver.py
