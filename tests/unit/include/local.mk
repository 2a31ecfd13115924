# The contract: headers that compile alone, structs that do not move.
check_PROGRAMS += tests/unit/include/frozen
TESTS += tests/unit/include/frozen tests/unit/include/alone.sh
EXTRA_DIST += tests/unit/include/alone.sh
tests_unit_include_frozen_SOURCES = tests/unit/include/frozen.c
