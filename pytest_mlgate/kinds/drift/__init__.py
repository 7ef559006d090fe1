"""Kinds that compare a table with a reference."""
