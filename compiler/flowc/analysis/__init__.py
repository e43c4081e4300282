"""What follows from the IR by computing with sets of packets; checks ask it, and so can whatever traces a packet."""
