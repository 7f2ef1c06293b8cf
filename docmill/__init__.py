"""docmill turns PDFs into DoclingDocuments at any scale.

`docmill.pipeline` is what runs, `docmill.resources` what it talks to. In a checkout both are links to folders
at its root; in a wheel they are folders in here.
"""
