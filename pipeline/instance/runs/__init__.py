"""What a run is given along: its lane, who asked, what servers have; and runs to be run again."""
