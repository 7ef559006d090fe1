"""Kinds that judge a model by its predictions."""
