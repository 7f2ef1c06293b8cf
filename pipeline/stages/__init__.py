"""The work of each stage on one document, as a worker process does it; `specs` puts them in order."""
