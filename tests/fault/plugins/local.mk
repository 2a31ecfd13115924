# Plugins that the tests load: one good one, and one for each fault. -rpath makes libtool build a .so of
# what is never installed; they lie in .libs/ below the build folder.
FAULT_PLUGIN_LDFLAGS = $(AM_PLUGIN_LDFLAGS) -rpath /nowhere
EXTRA_DIST += tests/fault/plugins/old-1.0/include/chain138/abi.h \
    tests/fault/plugins/old-1.0/include/chain138/host.h \
    tests/fault/plugins/old-1.0/include/chain138/plugin.h

check_LTLIBRARIES += tests/fault/plugins/good.la
tests_fault_plugins_good_la_SOURCES = tests/fault/plugins/good.c
tests_fault_plugins_good_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/ctor.la
tests_fault_plugins_ctor_la_SOURCES = tests/fault/plugins/ctor.c
tests_fault_plugins_ctor_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)
tests_fault_plugins_ctor_la_CPPFLAGS = $(AM_CPPFLAGS) \
    -DFAULT_CTOR_FILE='"$(abs_top_builddir)/tests/fault/ctor-ran"'

check_LTLIBRARIES += tests/fault/plugins/wrong-major.la
tests_fault_plugins_wrong_major_la_SOURCES = tests/fault/plugins/wrong-major.c tests/fault/plugins/small.h
tests_fault_plugins_wrong_major_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/newer-minor.la
tests_fault_plugins_newer_minor_la_SOURCES = tests/fault/plugins/newer-minor.c
tests_fault_plugins_newer_minor_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/old.la
tests_fault_plugins_old_la_SOURCES = tests/fault/plugins/old.c
tests_fault_plugins_old_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)
tests_fault_plugins_old_la_CPPFLAGS = -I$(srcdir)/tests/fault/plugins/old-1.0/include

check_LTLIBRARIES += tests/fault/plugins/lying-size.la
tests_fault_plugins_lying_size_la_SOURCES = tests/fault/plugins/lying-size.c tests/fault/plugins/small.h
tests_fault_plugins_lying_size_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/missing-entry.la
tests_fault_plugins_missing_entry_la_SOURCES = tests/fault/plugins/missing-entry.c
tests_fault_plugins_missing_entry_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere

check_LTLIBRARIES += tests/fault/plugins/name-mismatch.la
tests_fault_plugins_name_mismatch_la_SOURCES = tests/fault/plugins/name-mismatch.c tests/fault/plugins/small.h
tests_fault_plugins_name_mismatch_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/dangerous-without-dry-run.la
tests_fault_plugins_dangerous_without_dry_run_la_SOURCES = tests/fault/plugins/dangerous-without-dry-run.c tests/fault/plugins/small.h
tests_fault_plugins_dangerous_without_dry_run_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/crash.la
tests_fault_plugins_crash_la_SOURCES = tests/fault/plugins/crash.c tests/fault/plugins/where.h
tests_fault_plugins_crash_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/hang.la
tests_fault_plugins_hang_la_SOURCES = tests/fault/plugins/hang.c tests/fault/plugins/where.h
tests_fault_plugins_hang_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/leak.la
tests_fault_plugins_leak_la_SOURCES = tests/fault/plugins/leak.c tests/fault/plugins/small.h
tests_fault_plugins_leak_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/flood.la
tests_fault_plugins_flood_la_SOURCES = tests/fault/plugins/flood.c tests/fault/plugins/small.h
tests_fault_plugins_flood_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/garbage.la
tests_fault_plugins_garbage_la_SOURCES = tests/fault/plugins/garbage.c tests/fault/plugins/small.h
tests_fault_plugins_garbage_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/exit.la
tests_fault_plugins_exit_la_SOURCES = tests/fault/plugins/exit.c tests/fault/plugins/small.h
tests_fault_plugins_exit_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/fork.la
tests_fault_plugins_fork_la_SOURCES = tests/fault/plugins/fork.c tests/fault/plugins/small.h
tests_fault_plugins_fork_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/network.la
tests_fault_plugins_network_la_SOURCES = tests/fault/plugins/network.c tests/fault/plugins/small.h
tests_fault_plugins_network_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/files.la
tests_fault_plugins_files_la_SOURCES = tests/fault/plugins/files.c tests/fault/plugins/small.h
tests_fault_plugins_files_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/secret-holder.la
tests_fault_plugins_secret_holder_la_SOURCES = tests/fault/plugins/secret-holder.c tests/fault/plugins/small.h
tests_fault_plugins_secret_holder_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/runner.la
tests_fault_plugins_runner_la_SOURCES = tests/fault/plugins/runner.c tests/fault/plugins/small.h
tests_fault_plugins_runner_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

TESTS += tests/tree.py
EXTRA_DIST += tests/tree.py

check_LTLIBRARIES += tests/fault/plugins/marker.la
tests_fault_plugins_marker_la_SOURCES = tests/fault/plugins/marker.c
tests_fault_plugins_marker_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/fault/plugins/deaf.la
tests_fault_plugins_deaf_la_SOURCES = tests/fault/plugins/deaf.c tests/fault/plugins/small.h
tests_fault_plugins_deaf_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

# Stand-ins for what backups ask of other plugins; the folders say whom each stands in for.
check_LTLIBRARIES += tests/fault/plugins/owner.la tests/fault/plugins/standin-stack.la tests/fault/plugins/standin-besu.la \
    tests/fault/plugins/standin-keys.la
tests_fault_plugins_owner_la_SOURCES = tests/fault/plugins/owner.c tests/fault/plugins/small.h
tests_fault_plugins_owner_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)
tests_fault_plugins_standin_stack_la_SOURCES = tests/fault/plugins/standin.c tests/fault/plugins/small.h
tests_fault_plugins_standin_stack_la_CPPFLAGS = $(AM_CPPFLAGS) -DSTANDIN=1
tests_fault_plugins_standin_stack_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)
tests_fault_plugins_standin_besu_la_SOURCES = tests/fault/plugins/standin.c tests/fault/plugins/small.h
tests_fault_plugins_standin_besu_la_CPPFLAGS = $(AM_CPPFLAGS) -DSTANDIN=2
tests_fault_plugins_standin_besu_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)
tests_fault_plugins_standin_keys_la_SOURCES = tests/fault/plugins/standin.c tests/fault/plugins/small.h
tests_fault_plugins_standin_keys_la_CPPFLAGS = $(AM_CPPFLAGS) -DSTANDIN=3
tests_fault_plugins_standin_keys_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)
# Validators without a chain, for rotations; it is called besu, and its file voting.so until a test installs it.
check_LTLIBRARIES += tests/fault/plugins/voting.la
tests_fault_plugins_voting_la_SOURCES = tests/fault/plugins/voting.c
tests_fault_plugins_voting_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)

# In the signer's place: what a signer could do that was taken over.
check_LTLIBRARIES += tests/fault/plugins/impostor.la
tests_fault_plugins_impostor_la_SOURCES = tests/fault/plugins/impostor.c tests/fault/plugins/small.h
tests_fault_plugins_impostor_la_LDFLAGS = $(FAULT_PLUGIN_LDFLAGS)
