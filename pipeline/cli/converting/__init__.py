"""`docmill convert`: what is looked at before, what is told while it runs, and where results go."""
