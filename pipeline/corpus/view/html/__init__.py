"""A document's pages as one file of HTML: `page.py` fills `view.html`, its style and script."""
