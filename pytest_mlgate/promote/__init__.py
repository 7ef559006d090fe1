"""Promotion: whether it may happen (policy), what it leaves behind (evidence), and how it is done (actions)."""
