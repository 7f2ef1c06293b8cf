"""What models and a PDF parser said in another run, replayed: to compare documents with docling's."""
