"""The kinds of mutation, a module each."""
