"""Kinds that judge prompts by the replies they get."""
