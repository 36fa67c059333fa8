"""What the image model is asked for, by version. An upload records the version it was made with."""

from typing import Final

PROMPTS: Final = {
    1: (
        "Turn this photo into a hand-made black-and-white darkroom print. Keep the people, the objects and the "
        "composition exactly as they are. Use the deep blacks and warm highlights of selenium-toned fibre paper, "
        "fine silver grain, edges burned in a little, and a white paper border. Add no text and no watermark. "
        "Answer with one picture."
    ),
}
"""A prompt is never changed once it was used: a better one gets the next version."""

CURRENT: Final = 1
"""The version that new uploads are made with."""
