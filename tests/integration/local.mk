# Tests against real peers and their doubles. They find the built tree through $srcdir and the current folder, and skip with a reason.
check_PROGRAMS += tests/integration/plugin_drive
tests_integration_plugin_drive_SOURCES = tests/integration/plugin_drive.c tests/unit/fakehost.c \
    tests/unit/fakehost.h
tests_integration_plugin_drive_LDADD = lib/libchain138.la
# Packaging and the author's guide: see packaging.sh for what they share.
packaging_tests = tests/integration/unit_security.sh tests/integration/deb.sh tests/integration/rpm.sh \
    tests/integration/plugin_guide.sh
TESTS += $(packaging_tests)
EXTRA_DIST += $(packaging_tests) tests/integration/packaging.sh
include tests/integration/besu.mk
check_PROGRAMS += tests/integration/openapi_print
tests_integration_openapi_print_SOURCES = tests/integration/openapi_print.c
tests_integration_openapi_print_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(SQLITE_CFLAGS)
tests_integration_openapi_print_LDADD = core/libcore.la
TESTS += tests/integration/openapi.sh tests/integration/ctl_test.py
dist_check_SCRIPTS += tests/integration/openapi.sh tests/integration/ctl_test.py

# The agent as a whole, with its control and workers.
EXTRA_DIST += tests/integration/harness.py tests/integration/agent_test.py \
    tests/integration/doctor_test.py
TESTS += tests/integration/agent_test.py tests/integration/doctor_test.py
include tests/integration/wallet.mk
include tests/integration/keys.mk
include tests/integration/backup.mk
include tests/integration/stack.mk
include tests/integration/evm.mk
include tests/integration/abi.mk
