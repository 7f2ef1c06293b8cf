"""How commands end before their end: by a signal, or for want of a disk."""
