# router has no public address on a link: there is nothing to announce.
