"""What is private of docling's post-processing, page assembly and reading order, and the same for less.

The classes are docling's own, but for methods that spend most of their time on R-trees, copies and validation
of a few values that are right already. Tests hold each against docling's, of the version that is pinned.
"""
