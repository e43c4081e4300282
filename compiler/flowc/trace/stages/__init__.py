"""What happens to a packet, stage by stage; `passage.Passage` is what they hand on."""
