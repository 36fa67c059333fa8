"""The image model: what it is asked and what it answers, Gemini, and a local one that needs no key."""
