"""From a composed document to a PDF, by programs that people use."""
