EXTRA_DIST += conf.d/chain138.conf.sample
EXTRA_DIST += conf.d/besu.conf
