"""Kinds that look at a table by itself."""
