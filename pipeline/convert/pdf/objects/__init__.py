"""What a page is made of: its objects, those of its forms, and what is drawn."""
