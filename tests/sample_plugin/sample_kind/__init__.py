"""A third party's gate kinds."""
