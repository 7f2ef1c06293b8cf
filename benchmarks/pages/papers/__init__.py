"""Papers in publishers' classes, as on arXiv: what documentation has not, front matter, formulas, plots."""
