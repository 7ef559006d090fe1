"""Gate kinds, one module each; none knows another. What a kind is, is said in `pytest_mlgate.kind`."""
