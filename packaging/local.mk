# What is installed beside the programs: unit, users, folders, manuals, the template for authors of plugins.
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d

packaging_fill = $(MKDIR_P) $(@D) && sed -e 's,[@]sbindir[@],$(sbindir),g' -e 's,[@]libexecdir[@],$(pkglibexecdir),g' \
    -e 's,[@]statedir[@],$(localstatedir)/lib/chain138,g' -e 's,[@]confdir[@],$(sysconfdir)/chain138,g'

nodist_systemdsystemunit_DATA = packaging/systemd/chain138d.service
if BUILD_BACKUP
nodist_systemdsystemunit_DATA += packaging/systemd/chain138-stage@.service packaging/systemd/chain138-stage.socket
endif
nodist_sysusers_DATA = packaging/systemd/sysusers.d/chain138.conf
nodist_tmpfiles_DATA = packaging/systemd/tmpfiles.d/chain138.conf
CLEANFILES += $(nodist_systemdsystemunit_DATA) $(nodist_sysusers_DATA) $(nodist_tmpfiles_DATA)
packaging/systemd/chain138d.service: packaging/systemd/chain138d.service.in Makefile
	$(AM_V_GEN)$(packaging_fill) $(srcdir)/packaging/systemd/chain138d.service.in >$@
packaging/systemd/chain138-stage@.service: packaging/systemd/chain138-stage@.service.in Makefile
	$(AM_V_GEN)$(packaging_fill) '$(srcdir)/packaging/systemd/chain138-stage@.service.in' >'$@'
packaging/systemd/chain138-stage.socket: packaging/systemd/chain138-stage.socket.in Makefile
	$(AM_V_GEN)$(packaging_fill) $(srcdir)/packaging/systemd/chain138-stage.socket.in >$@
packaging/systemd/sysusers.d/chain138.conf: packaging/systemd/sysusers.conf.in Makefile
	$(AM_V_GEN)$(packaging_fill) $(srcdir)/packaging/systemd/sysusers.conf.in >$@
packaging/systemd/tmpfiles.d/chain138.conf: packaging/systemd/tmpfiles.conf.in Makefile
	$(AM_V_GEN)$(packaging_fill) $(srcdir)/packaging/systemd/tmpfiles.conf.in >$@

# Manuals come from the tables that --help is made from.
nodist_man_MANS = packaging/man/chain138ctl.1 packaging/man/chain138d.8
CLEANFILES += $(nodist_man_MANS)
packaging/man/chain138ctl.1: chain138ctl$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && ./chain138ctl$(EXEEXT) --man >$@.t && mv $@.t $@
packaging/man/chain138d.8: chain138d$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && ./chain138d$(EXEEXT) --man >$@.t && mv $@.t $@

bashcompletiondir = $(datadir)/bash-completion/completions
nodist_bashcompletion_DATA = packaging/completion/chain138ctl
CLEANFILES += $(nodist_bashcompletion_DATA)
packaging/completion/chain138ctl: chain138ctl$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && ./chain138ctl$(EXEEXT) completion bash >$@.t && mv $@.t $@

# @NAME@ in names of files and in texts is the plugin's name, @NAME_C@ the same with _ for -.
# (Written with $(at), or configure would take it for one of its own.)
at = @
templatedir = $(datadir)/chain138/template
template = packaging/template
dist_template_DATA = $(template)/$(at)NAME$(at).c $(template)/$(at)NAME$(at).conf \
    $(template)/Makefile $(template)/README.md
dist_template_SCRIPTS = $(template)/test.sh

EXTRA_DIST += packaging/systemd/chain138-stage@.service.in packaging/systemd/chain138-stage.socket.in packaging/systemd/chain138d.service.in packaging/systemd/sysusers.conf.in \
    packaging/systemd/tmpfiles.conf.in packaging/debian packaging/build-deb packaging/rpm
