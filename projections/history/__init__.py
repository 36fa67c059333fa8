"""The history for analysts: export and import, replay, and the seals that prove it whole."""
