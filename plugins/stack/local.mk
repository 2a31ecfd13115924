# The plugin that looks after the services of the host. Its sources are also a library for its unit tests.
stack_sources = plugins/stack/stack.c plugins/stack/stack.h plugins/stack/common.c plugins/stack/settings.c \
    plugins/stack/driver.c plugins/stack/driver.h plugins/stack/docker.c plugins/stack/docker_parse.c \
    plugins/stack/docker_parse.h plugins/stack/compose.c plugins/stack/systemd.c plugins/stack/kube.c \
    plugins/stack/kube_parse.c plugins/stack/kube_parse.h plugins/stack/reads.c plugins/stack/logs.c \
    plugins/stack/checks.c plugins/stack/checks.h plugins/stack/verify.c plugins/stack/resources.c \
    plugins/stack/resources.h plugins/stack/forecast.c plugins/stack/forecast.h plugins/stack/watch.c \
    plugins/stack/act.c plugins/stack/quorum.c plugins/stack/quorum.h plugins/stack/rolling.c \
    plugins/stack/rolling.h plugins/stack/pins.c plugins/stack/upgrade.c plugins/stack/versions.c \
    plugins/stack/versions.h plugins/stack/files.c plugins/stack/files.h plugins/stack/rotate.c \
    plugins/stack/archive.c plugins/stack/init.c plugins/stack/init.h plugins/stack/init_keys.c \
    plugins/stack/init_besu.c plugins/stack/init_tessera.c plugins/stack/init_compose.c
if BUILD_STACK
pkgplugin_LTLIBRARIES += plugins/stack/stack.la
noinst_LTLIBRARIES += plugins/stack/libstack.la
plugins_stack_libstack_la_SOURCES = $(stack_sources)
plugins_stack_libstack_la_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS) $(ZSTD_CFLAGS) $(SODIUM_CFLAGS) $(CRYPTO_CFLAGS)
plugins_stack_libstack_la_LIBADD = lib/libchain138net.la lib/libchain138wallet.la lib/libchain138secp.la \
    lib/libchain138.la $(SYSTEMD_LIBS) $(ZSTD_LIBS) $(SODIUM_LIBS) $(CRYPTO_LIBS)
plugins_stack_stack_la_SOURCES =
plugins_stack_stack_la_LDFLAGS = $(AM_PLUGIN_LDFLAGS)
plugins_stack_stack_la_LIBADD = plugins/stack/libstack.la
endif
