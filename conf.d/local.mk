# Commented samples, one for each plugin; the tests load every one.
sampledir = $(docdir)/conf.d
dist_sample_DATA = conf.d/chain138.conf.sample conf.d/besu.conf conf.d/keys.conf conf.d/chain.conf conf.d/gpg.conf conf.d/stack.conf conf.d/backup.conf
