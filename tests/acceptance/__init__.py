"""Darkroom as its users meet it: real processes, through the command line and HTTP only."""
