# Targets for the formats of the chain, beside those in local.mk.
evm_fuzz = tests/fuzz/fuzz_values tests/fuzz/fuzz_event tests/fuzz/fuzz_revert tests/fuzz/fuzz_u256 tests/fuzz/fuzz_address \
    tests/fuzz/fuzz_refusal
evm_fuzz_libs = lib/libchain138abi.la lib/libchain138.la
check_PROGRAMS += $(evm_fuzz)
if !FUZZERS
TESTS += $(evm_fuzz)
endif
tests_fuzz_fuzz_values_SOURCES = tests/fuzz/fuzz_values.c $(FUZZ_MAIN)
tests_fuzz_fuzz_values_LDADD = $(evm_fuzz_libs)
tests_fuzz_fuzz_values_LDFLAGS = $(AM_FUZZ_LDFLAGS)
tests_fuzz_fuzz_event_SOURCES = tests/fuzz/fuzz_event.c $(FUZZ_MAIN)
tests_fuzz_fuzz_event_LDADD = $(evm_fuzz_libs)
tests_fuzz_fuzz_event_LDFLAGS = $(AM_FUZZ_LDFLAGS)
tests_fuzz_fuzz_revert_SOURCES = tests/fuzz/fuzz_revert.c $(FUZZ_MAIN)
tests_fuzz_fuzz_revert_LDADD = $(evm_fuzz_libs)
tests_fuzz_fuzz_revert_LDFLAGS = $(AM_FUZZ_LDFLAGS)
tests_fuzz_fuzz_u256_SOURCES = tests/fuzz/fuzz_u256.c $(FUZZ_MAIN)
tests_fuzz_fuzz_u256_LDADD = lib/libchain138.la
tests_fuzz_fuzz_u256_LDFLAGS = $(AM_FUZZ_LDFLAGS)
tests_fuzz_fuzz_address_SOURCES = tests/fuzz/fuzz_address.c $(FUZZ_MAIN)
tests_fuzz_fuzz_address_LDADD = lib/libchain138.la
tests_fuzz_fuzz_address_LDFLAGS = $(AM_FUZZ_LDFLAGS)
tests_fuzz_fuzz_refusal_SOURCES = tests/fuzz/fuzz_refusal.c $(FUZZ_MAIN)
tests_fuzz_fuzz_refusal_LDADD = lib/libchain138.la
tests_fuzz_fuzz_refusal_LDFLAGS = $(AM_FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/values tests/fuzz/corpus/event tests/fuzz/corpus/revert tests/fuzz/corpus/u256 tests/fuzz/corpus/address \
    tests/fuzz/corpus/refusal
