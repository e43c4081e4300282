# gw1 has no public address on a link: there is nothing to announce.
