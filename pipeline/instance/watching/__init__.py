"""What the instance says of docmill: runs under way, troubles and whom to tell, throughput, disk."""
