"""Fuzzers: hostile input of every kind, by the dice, from a seed that is printed."""
