"""The commands about staff: who may help, and what they did."""
