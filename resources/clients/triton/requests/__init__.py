"""One request to a server: its attempts and memory, what it is about, and when nobody is asked any more."""
