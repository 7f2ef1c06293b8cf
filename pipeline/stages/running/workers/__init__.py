"""Worker processes: how one is started and ended, what it answers, and where it waits for the next stage."""
