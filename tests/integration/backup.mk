# The plugin backup: live databases copied under torture, backups made, broken, drilled and restored under a real agent.
if BUILD_BACKUP
check_PROGRAMS += tests/integration/rocks_torture
tests_integration_rocks_torture_SOURCES = tests/integration/rocks_torture.c
tests_integration_rocks_torture_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_integration_rocks_torture_LDADD = plugins/backup/libbackup.la
check_PROGRAMS += tests/integration/besu_standin
tests_integration_besu_standin_SOURCES = tests/integration/besu_standin.c
TESTS += tests/integration/backup_drills.py tests/integration/rocks_torture.py tests/integration/backup_test.py tests/integration/backup_targets.py tests/integration/backup_besu.py
endif
dist_check_SCRIPTS += tests/integration/backup_drills.py tests/integration/rocks_torture.py tests/integration/backup_test.py tests/integration/backup_targets.py tests/integration/backup_besu.py
EXTRA_DIST += tests/integration/backup_rig.py tests/integration/s3_strict.py tests/integration/postgres.py
