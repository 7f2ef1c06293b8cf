"""SLANet+: a table picture to its skeleton, and the skeleton laid over the words."""
