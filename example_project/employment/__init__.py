"""Predicts whether a person works from American Community Survey records."""
