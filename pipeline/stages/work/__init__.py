"""What a worker does for each stage, a module each; heavy to import, and imported by workers alone."""
