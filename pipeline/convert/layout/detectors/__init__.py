"""Layout detectors: a page picture to their input, their output to regions."""
