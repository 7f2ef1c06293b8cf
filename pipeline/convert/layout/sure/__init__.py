"""Regions that are sure without a detector."""
