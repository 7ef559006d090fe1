"""Gate kinds on how differently groups of people are treated."""
