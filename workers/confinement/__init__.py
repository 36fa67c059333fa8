"""Confines child processes by means of the kernel, and limits their number. Knows no picture."""
