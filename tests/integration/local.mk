# Tests against real peers and their doubles. They find the built tree through $srcdir and the current folder, and skip with a reason.
check_PROGRAMS += tests/integration/plugin_drive
tests_integration_plugin_drive_SOURCES = tests/integration/plugin_drive.c tests/unit/fakehost.c \
    tests/unit/fakehost.h
tests_integration_plugin_drive_LDADD = lib/libchain138.la
