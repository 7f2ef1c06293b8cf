"""Regions that are more than their text: tables, pictures, forms, indexes."""
