# A room's program: tests/unit/ROOM/main.c and one test_NAME.c per source file. Rooms add themselves here.
UNIT_LIBS = $(CUNIT_LIBS)
UNIT_SOURCES = tests/unit/unit.c tests/unit/unit.h

if HAVE_CUNIT
check_PROGRAMS += tests/unit/jobs/unit_jobs
TESTS += tests/unit/jobs/unit_jobs
tests_unit_jobs_unit_jobs_SOURCES = $(UNIT_SOURCES) tests/unit/jobs/main.c tests/unit/jobs/test_jobs.c
tests_unit_jobs_unit_jobs_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(EVENT_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_jobs_unit_jobs_LDADD = core/libcore.la $(UNIT_LIBS)
check_PROGRAMS += tests/unit/schedule/unit_schedule
TESTS += tests/unit/schedule/unit_schedule
tests_unit_schedule_unit_schedule_SOURCES = $(UNIT_SOURCES) tests/unit/schedule/main.c tests/unit/schedule/test_schedule.c \
    tests/unit/schedule/test_triggers.c tests/unit/schedule/test_eventlog.c
tests_unit_schedule_unit_schedule_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(EVENT_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_schedule_unit_schedule_LDADD = core/libcore.la $(UNIT_LIBS)
check_PROGRAMS += tests/unit/audit/unit_audit
TESTS += tests/unit/audit/unit_audit
tests_unit_audit_unit_audit_SOURCES = $(UNIT_SOURCES) tests/unit/audit/main.c tests/unit/audit/test_audit.c
tests_unit_audit_unit_audit_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(EVENT_CFLAGS) $(SQLITE_CFLAGS) $(SECCOMP_CFLAGS)
tests_unit_audit_unit_audit_LDADD = core/libcore.la $(UNIT_LIBS) $(SECCOMP_LIBS)
check_PROGRAMS += tests/unit/policy/unit_policy
TESTS += tests/unit/policy/unit_policy
tests_unit_policy_unit_policy_SOURCES = $(UNIT_SOURCES) tests/unit/policy/main.c \
    tests/unit/policy/test_policy.c tests/unit/policy/test_tokens.c
tests_unit_policy_unit_policy_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_policy_unit_policy_LDADD = core/libcore.la $(UNIT_LIBS)
check_PROGRAMS += tests/unit/base/unit_base
TESTS += tests/unit/base/unit_base
tests_unit_base_unit_base_SOURCES = $(UNIT_SOURCES) tests/unit/base/main.c tests/unit/base/test_err.c \
    tests/unit/base/test_mem.c tests/unit/base/test_buf.c tests/unit/base/test_json.c \
    tests/unit/base/test_text.c tests/unit/base/test_when.c tests/unit/base/test_ulid.c \
    tests/unit/base/test_fs.c tests/unit/base/test_u256.c tests/unit/base/test_lines.c
tests_unit_base_unit_base_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_base_unit_base_LDADD = lib/libchain138.la $(UNIT_LIBS)
check_PROGRAMS += tests/unit/schema/unit_schema
TESTS += tests/unit/schema/unit_schema
tests_unit_schema_unit_schema_SOURCES = $(UNIT_SOURCES) tests/unit/schema/main.c \
    tests/unit/schema/test_decl.c tests/unit/schema/test_validate.c \
    tests/unit/schema/test_describe.c tests/unit/schema/test_cron.c tests/unit/schema/test_zone.c
tests_unit_schema_unit_schema_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_schema_unit_schema_LDADD = lib/libchain138.la $(UNIT_LIBS)
check_PROGRAMS += tests/unit/evm/unit_evm
TESTS += tests/unit/evm/unit_evm
tests_unit_evm_unit_evm_SOURCES = $(UNIT_SOURCES) tests/unit/evm/main.c \
    tests/unit/evm/test_keccak.c tests/unit/evm/test_address.c tests/unit/evm/test_rlp.c tests/unit/evm/test_tx.c
tests_unit_evm_unit_evm_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_evm_unit_evm_LDADD = lib/libchain138.la $(UNIT_LIBS)
check_PROGRAMS += tests/unit/abi/unit_abi
TESTS += tests/unit/abi/unit_abi
tests_unit_abi_unit_abi_SOURCES = $(UNIT_SOURCES) tests/unit/abi/main.c tests/unit/abi/test_types.c tests/unit/abi/test_values.c \
    tests/unit/abi/test_revert.c tests/unit/abi/test_typed.c \
    tests/unit/abi/test_privatetx.c
tests_unit_abi_unit_abi_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_abi_unit_abi_LDADD = lib/libchain138abi.la lib/libchain138.la $(UNIT_LIBS)
if HAVE_CURL
check_PROGRAMS += tests/unit/chain/unit_chain
TESTS += tests/unit/chain/unit_chain
tests_unit_chain_unit_chain_SOURCES = $(UNIT_SOURCES) tests/unit/chain/main.c tests/unit/chain/test_journal.c \
    tests/unit/chain/node.c tests/unit/chain/node.h tests/unit/chain/test_logs.c tests/unit/chain/test_scan.c \
    tests/unit/chain/test_watch.c
tests_unit_chain_unit_chain_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) -I$(top_srcdir)
tests_unit_chain_unit_chain_LDADD = plugins/chain/libchain.la $(UNIT_LIBS)
check_PROGRAMS += tests/unit/net/unit_net
TESTS += tests/unit/net/unit_net
tests_unit_net_unit_net_SOURCES = $(UNIT_SOURCES) tests/unit/net/main.c tests/unit/net/server.c \
    tests/unit/net/server.h tests/unit/net/test_http.c tests/unit/net/test_jsonrpc.c \
    tests/unit/net/test_promtext.c tests/unit/net/test_rpcauth.c tests/unit/net/test_sigv4.c
tests_unit_net_unit_net_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_net_unit_net_LDADD = lib/libchain138net.la lib/libchain138.la $(UNIT_LIBS)
endif
check_PROGRAMS += tests/unit/log/unit_log
TESTS += tests/unit/log/unit_log
tests_unit_log_unit_log_SOURCES = $(UNIT_SOURCES) tests/unit/log/main.c tests/unit/log/test_log.c
tests_unit_log_unit_log_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_log_unit_log_LDADD = core/libcore.la $(UNIT_LIBS)
check_PROGRAMS += tests/unit/config/unit_config
TESTS += tests/unit/config/unit_config
tests_unit_config_unit_config_SOURCES = $(UNIT_SOURCES) tests/unit/config/main.c \
    tests/unit/config/test_config.c tests/unit/config/test_samples.c
tests_unit_config_unit_config_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(EVENT_CFLAGS) \
    -DC138_TEST_SRCDIR='"$(abs_top_srcdir)"'
tests_unit_config_unit_config_LDADD = core/libcore.la $(UNIT_LIBS)
endif

# Our next cron times against systemd's; skipped where systemd-analyze is not installed.
check_PROGRAMS += tests/unit/schema/cron_tool
tests_unit_schema_cron_tool_SOURCES = tests/unit/schema/cron_tool.c
tests_unit_schema_cron_tool_LDADD = lib/libchain138.la
dist_check_SCRIPTS += tests/unit/schema/cron_oracle.py
TESTS += tests/unit/schema/cron_oracle.py

include tests/unit/worker/local.mk
include tests/unit/besu/local.mk
include tests/unit/loader/local.mk
include tests/unit/include/local.mk
include tests/unit/api/local.mk
include tests/unit/bus/local.mk
include tests/unit/metrics/local.mk
include tests/unit/ctl/local.mk
include tests/unit/store/local.mk
include tests/unit/wallet/local.mk
include tests/unit/keys/local.mk
include tests/unit/backup/local.mk
include tests/unit/gpg/local.mk
include tests/unit/agent/local.mk
include tests/unit/stack/local.mk
