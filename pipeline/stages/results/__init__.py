"""What stages leave behind: artifacts, their frames, and the record of each document."""
