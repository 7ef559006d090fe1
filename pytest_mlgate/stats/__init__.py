"""Pure statistics: arrays or counts in, numbers out; nothing here reads a file, knows a gate or draws without a seed.

Every module is imported by name where it is used, so that importing this package costs nothing.
"""
