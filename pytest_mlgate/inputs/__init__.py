"""What gates measure on: tables, models and their predictions, opened once, checked at the door, recorded.

Everything here answers through the small contract of `pytest_mlgate.kind`. What cannot be had raises `NotMeasuredError`
with a reason and a remedy, and concerns nothing but the gate that asked. Libraries are imported at use: naming a module
of this package costs nothing.
"""
