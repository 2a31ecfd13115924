# The plugin that watches Besu nodes. Its sources are also a library for its unit tests.
besu_audit_sources = plugins/besu/audit.c plugins/besu/audit.h plugins/besu/audit_action.h \
    plugins/besu/audit_run.c plugins/besu/audit_node.c plugins/besu/audit_compose.c plugins/besu/audit_config.c \
    plugins/besu/audit_files.c plugins/besu/audit_genesis.c plugins/besu/audit_stack.c plugins/besu/audit_tessera.c \
    plugins/besu/audit_options.c plugins/besu/audit_report.c plugins/besu/audit_doc.c plugins/besu/audit_doc.h \
    plugins/besu/audit_toml.c plugins/besu/audit_json.c plugins/besu/audit_yaml.c
besu_sources = plugins/besu/besu.c plugins/besu/besu.h plugins/besu/settings.c \
    plugins/besu/node.c plugins/besu/node.h \
    plugins/besu/extradata.c plugins/besu/extradata.h plugins/besu/chain.c plugins/besu/chain.h \
    plugins/besu/logtail.c plugins/besu/logtail.h plugins/besu/rounds.c plugins/besu/rounds.h \
    plugins/besu/network.c plugins/besu/watch.c plugins/besu/reads.c plugins/besu/consensus.c \
    plugins/besu/writes.c plugins/besu/nodeasks.c plugins/besu/allowlist.c plugins/besu/allowlist.h \
    plugins/besu/quorum.c plugins/besu/quorum.h plugins/besu/votes.c plugins/besu/votes.h \
    plugins/besu/votewatch.c plugins/besu/permission.c plugins/besu/permission.h \
    plugins/besu/permplan.c plugins/besu/permtask.h plugins/besu/permwatch.c plugins/besu/permreads.c \
    plugins/besu/change.c plugins/besu/contract.c plugins/besu/contract.h plugins/besu/pool.c \
    plugins/besu/pool.h plugins/besu/poolclear.c plugins/besu/poolclear.h plugins/besu/poolstop.c plugins/besu/tables.c \
    plugins/besu/tables.h $(besu_audit_sources)
if BUILD_BESU
pkgplugin_LTLIBRARIES += plugins/besu/besu.la
noinst_LTLIBRARIES += plugins/besu/libbesu.la
plugins_besu_libbesu_la_SOURCES = $(besu_sources)
plugins_besu_libbesu_la_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS) $(SODIUM_CFLAGS)
plugins_besu_libbesu_la_LIBADD = lib/libchain138net.la lib/libchain138abi.la lib/libchain138secp.la lib/libchain138.la $(YAML_LIBS) $(SODIUM_LIBS)
plugins_besu_besu_la_SOURCES =
plugins_besu_besu_la_LDFLAGS = $(AM_PLUGIN_LDFLAGS)
plugins_besu_besu_la_LIBADD = plugins/besu/libbesu.la
endif
