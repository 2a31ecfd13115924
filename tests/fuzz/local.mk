# A target: tests/fuzz/fuzz_NAME.c with its corpus in tests/fuzz/corpus/NAME. With --enable-fuzzers it is a libFuzzer program; without,
# it replays its corpus as a test.
FUZZ_REPLAY = tests/fuzz/replay.c
fuzz_targets =
fuzz_targets += tests/fuzz/fuzz_rlp tests/fuzz/fuzz_promtext
tests_fuzz_fuzz_rlp_SOURCES = tests/fuzz/fuzz_rlp.c
tests_fuzz_fuzz_rlp_LDADD = lib/libchain138.la
tests_fuzz_fuzz_promtext_SOURCES = tests/fuzz/fuzz_promtext.c
tests_fuzz_fuzz_promtext_LDADD = lib/libchain138.la
if HAVE_CURL
fuzz_targets += tests/fuzz/fuzz_jsonrpc
tests_fuzz_fuzz_jsonrpc_SOURCES = tests/fuzz/fuzz_jsonrpc.c
tests_fuzz_fuzz_jsonrpc_LDADD = lib/libchain138net.la lib/libchain138.la
endif
if BUILD_BESU
fuzz_targets += tests/fuzz/fuzz_besu
tests_fuzz_fuzz_besu_SOURCES = tests/fuzz/fuzz_besu.c
tests_fuzz_fuzz_besu_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_besu_LDADD = plugins/besu/libbesu.la lib/libchain138net.la lib/libchain138.la
endif
if FUZZERS
AM_FUZZ_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
AM_FUZZ_LDFLAGS = $(AM_LDFLAGS)
tests_fuzz_fuzz_rlp_SOURCES += $(FUZZ_REPLAY)
tests_fuzz_fuzz_promtext_SOURCES += $(FUZZ_REPLAY)
if HAVE_CURL
tests_fuzz_fuzz_jsonrpc_SOURCES += $(FUZZ_REPLAY)
endif
if BUILD_BESU
tests_fuzz_fuzz_besu_SOURCES += $(FUZZ_REPLAY)
endif
TESTS += $(fuzz_targets)
endif
tests_fuzz_fuzz_besu_LDFLAGS = $(AM_FUZZ_LDFLAGS)
tests_fuzz_fuzz_rlp_LDFLAGS = $(AM_FUZZ_LDFLAGS)
tests_fuzz_fuzz_promtext_LDFLAGS = $(AM_FUZZ_LDFLAGS)
tests_fuzz_fuzz_jsonrpc_LDFLAGS = $(AM_FUZZ_LDFLAGS)
check_PROGRAMS += $(fuzz_targets)
EXTRA_DIST += tests/fuzz/replay.c tests/fuzz/corpus/rlp tests/fuzz/corpus/jsonrpc tests/fuzz/corpus/promtext \
    tests/fuzz/corpus/besu

tests_fuzz_fuzz_elfnote_SOURCES = tests/fuzz/fuzz_elfnote.c
tests_fuzz_fuzz_elfnote_LDADD = core/libcore.la
tests_fuzz_fuzz_elfnote_LDFLAGS = $(AM_FUZZ_LDFLAGS)
tests_fuzz_fuzz_wire_SOURCES = tests/fuzz/fuzz_wire.c
tests_fuzz_fuzz_wire_LDADD = core/libcore.la
tests_fuzz_fuzz_wire_LDFLAGS = $(AM_FUZZ_LDFLAGS)
check_PROGRAMS += tests/fuzz/fuzz_elfnote tests/fuzz/fuzz_wire
if !FUZZERS
tests_fuzz_fuzz_elfnote_SOURCES += $(FUZZ_REPLAY)
tests_fuzz_fuzz_wire_SOURCES += $(FUZZ_REPLAY)
TESTS += tests/fuzz/fuzz_elfnote tests/fuzz/fuzz_wire
endif
EXTRA_DIST += tests/fuzz/corpus/elfnote tests/fuzz/corpus/wire

# The shortest form for a new target: these four lines, its name in the two lists below, and its corpus in EXTRA_DIST. FUZZ_MAIN is the
# main() that replays a corpus, or nothing where libFuzzer brings its own.
if FUZZERS
FUZZ_MAIN =
else
FUZZ_MAIN = tests/fuzz/replay.c
TESTS += tests/fuzz/fuzz_json tests/fuzz/fuzz_validate tests/fuzz/fuzz_cron tests/fuzz/fuzz_when \
    tests/fuzz/fuzz_audit tests/fuzz/fuzz_config tests/fuzz/fuzz_triggers tests/fuzz/fuzz_tx tests/fuzz/fuzz_abi \
    tests/fuzz/fuzz_typed tests/fuzz/fuzz_privatetx
endif
check_PROGRAMS += tests/fuzz/fuzz_json tests/fuzz/fuzz_validate tests/fuzz/fuzz_cron tests/fuzz/fuzz_when \
    tests/fuzz/fuzz_audit tests/fuzz/fuzz_config tests/fuzz/fuzz_triggers tests/fuzz/fuzz_tx tests/fuzz/fuzz_abi \
    tests/fuzz/fuzz_typed tests/fuzz/fuzz_privatetx
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(FUZZ_MAIN)
tests_fuzz_fuzz_json_LDADD = lib/libchain138.la
tests_fuzz_fuzz_json_LDFLAGS = $(AM_FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/json
tests_fuzz_fuzz_validate_SOURCES = tests/fuzz/fuzz_validate.c $(FUZZ_MAIN)
tests_fuzz_fuzz_validate_LDADD = lib/libchain138.la
tests_fuzz_fuzz_validate_LDFLAGS = $(AM_FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/validate
tests_fuzz_fuzz_cron_SOURCES = tests/fuzz/fuzz_cron.c $(FUZZ_MAIN)
tests_fuzz_fuzz_cron_LDADD = lib/libchain138.la
tests_fuzz_fuzz_cron_LDFLAGS = $(AM_FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/cron
tests_fuzz_fuzz_when_SOURCES = tests/fuzz/fuzz_when.c $(FUZZ_MAIN)
tests_fuzz_fuzz_when_LDADD = lib/libchain138.la
tests_fuzz_fuzz_when_LDFLAGS = $(AM_FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/when
tests_fuzz_fuzz_http_client_SOURCES = tests/fuzz/fuzz_http_client.c core/ctl/answer.c
tests_fuzz_fuzz_http_client_LDADD = lib/libchain138.la
tests_fuzz_fuzz_http_client_LDFLAGS = $(AM_FUZZ_LDFLAGS)
check_PROGRAMS += tests/fuzz/fuzz_http_client
if !FUZZERS
tests_fuzz_fuzz_http_client_SOURCES += $(FUZZ_REPLAY)
TESTS += tests/fuzz/fuzz_http_client
endif
EXTRA_DIST += tests/fuzz/corpus/http_client
tests_fuzz_fuzz_audit_SOURCES = tests/fuzz/fuzz_audit.c $(FUZZ_MAIN)
tests_fuzz_fuzz_audit_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(SQLITE_CFLAGS)
tests_fuzz_fuzz_audit_LDADD = core/libcore.la
tests_fuzz_fuzz_audit_LDFLAGS = $(AM_FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/audit
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c $(FUZZ_MAIN)
tests_fuzz_fuzz_config_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(SQLITE_CFLAGS)
tests_fuzz_fuzz_config_LDADD = core/libcore.la
tests_fuzz_fuzz_config_LDFLAGS = $(AM_FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/config
tests_fuzz_fuzz_triggers_SOURCES = tests/fuzz/fuzz_triggers.c $(FUZZ_MAIN)
tests_fuzz_fuzz_triggers_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(SQLITE_CFLAGS)
tests_fuzz_fuzz_triggers_LDADD = core/libcore.la
tests_fuzz_fuzz_triggers_LDFLAGS = $(AM_FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/triggers
tests_fuzz_fuzz_tx_SOURCES = tests/fuzz/fuzz_tx.c $(FUZZ_MAIN)
tests_fuzz_fuzz_tx_LDADD = lib/libchain138.la
tests_fuzz_fuzz_tx_LDFLAGS = $(AM_FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/tx
tests_fuzz_fuzz_abi_SOURCES = tests/fuzz/fuzz_abi.c $(FUZZ_MAIN)
tests_fuzz_fuzz_abi_LDADD = lib/libchain138abi.la lib/libchain138.la
tests_fuzz_fuzz_abi_LDFLAGS = $(AM_FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/abi
tests_fuzz_fuzz_typed_SOURCES = tests/fuzz/fuzz_typed.c $(FUZZ_MAIN)
tests_fuzz_fuzz_typed_LDADD = lib/libchain138abi.la lib/libchain138.la
tests_fuzz_fuzz_typed_LDFLAGS = $(AM_FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/typed
tests_fuzz_fuzz_privatetx_SOURCES = tests/fuzz/fuzz_privatetx.c $(FUZZ_MAIN)
tests_fuzz_fuzz_privatetx_LDADD = lib/libchain138abi.la lib/libchain138.la
tests_fuzz_fuzz_privatetx_LDFLAGS = $(AM_FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/privatetx
if BUILD_STACK
if !FUZZERS
TESTS += tests/fuzz/fuzz_stack
endif
check_PROGRAMS += tests/fuzz/fuzz_stack
tests_fuzz_fuzz_stack_SOURCES = tests/fuzz/fuzz_stack.c $(FUZZ_MAIN)
tests_fuzz_fuzz_stack_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_stack_LDADD = plugins/stack/libstack.la
tests_fuzz_fuzz_stack_LDFLAGS = $(AM_FUZZ_LDFLAGS)
endif
EXTRA_DIST += tests/fuzz/corpus/stack
if BUILD_BESU
check_PROGRAMS += tests/fuzz/fuzz_audit_doc
tests_fuzz_fuzz_audit_doc_SOURCES = tests/fuzz/fuzz_audit_doc.c $(FUZZ_MAIN)
tests_fuzz_fuzz_audit_doc_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_audit_doc_LDADD = plugins/besu/libbesu.la
tests_fuzz_fuzz_audit_doc_LDFLAGS = $(AM_FUZZ_LDFLAGS)
if !FUZZERS
TESTS += tests/fuzz/fuzz_audit_doc
endif
endif
EXTRA_DIST += tests/fuzz/corpus/audit_doc
include tests/fuzz/wallet.mk

# What backups read.
if BUILD_BACKUP
check_PROGRAMS += tests/fuzz/fuzz_backup
tests_fuzz_fuzz_backup_SOURCES = tests/fuzz/fuzz_backup.c $(FUZZ_MAIN)
tests_fuzz_fuzz_backup_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_backup_LDADD = plugins/backup/libbackup.la lib/libchain138.la
tests_fuzz_fuzz_backup_LDFLAGS = $(AM_FUZZ_LDFLAGS)
if !FUZZERS
TESTS += tests/fuzz/fuzz_backup
endif
endif
EXTRA_DIST += tests/fuzz/corpus/backup
if HAVE_CURL
tests_fuzz_fuzz_logs_SOURCES = tests/fuzz/fuzz_logs.c $(FUZZ_MAIN)
tests_fuzz_fuzz_logs_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_logs_LDADD = plugins/chain/libchain.la
tests_fuzz_fuzz_logs_LDFLAGS = $(AM_FUZZ_LDFLAGS)
check_PROGRAMS += tests/fuzz/fuzz_logs
if !FUZZERS
TESTS += tests/fuzz/fuzz_logs
endif
endif
EXTRA_DIST += tests/fuzz/corpus/logs
include tests/fuzz/evm.mk
