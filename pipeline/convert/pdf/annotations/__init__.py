"""Annotations of a page: links, form fields, notes and stamps."""
