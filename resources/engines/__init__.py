"""Engines that stages hold: the embedded models, those on servers, and recordings."""
