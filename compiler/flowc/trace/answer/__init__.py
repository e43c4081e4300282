"""What `flowc trace` says: the way of one packet, or what becomes of many, as text and as JSON."""
