"""What happens to a packet, from the file alone: no kernel is asked, and what is lowered is not looked at."""
