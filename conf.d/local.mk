EXTRA_DIST += conf.d/chain138.conf.sample
