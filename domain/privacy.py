"""What no event and no table may contain: a token, a key, a signed URL, a password, a filename, an e-mail address."""

import re
from typing import Final

SECRETS: Final = {
    "a staff token": re.compile(r"\bdks_[\w-]{20,}"),
    "a signed token": re.compile(r"(?<![\w-])[\w-]{16,}+={0,2}\.([\w-]{6}\.)?[\w-]{27,}"),
    "a signed URL": re.compile(r"[?&](X-Amz-Signature|X-Amz-Credential|Signature|sig|token)=", re.IGNORECASE),
    "an API key": re.compile(r"\b(AIza[\w-]{30,}|AKIA[A-Z0-9]{16}|ph[cx]_\w{20,}|sk-\w{20,})"),
    "a password": re.compile(r"://[^/\s:@]*:[^/\s@]+@"),
    "an e-mail address": re.compile(r"(?<![^\s@])[^\s@]++@[^\s@]+\.[^\s@]"),
}
"""Each begins at the beginning of a word alone, so that a text of any length costs one look at it."""
FILENAME: Final = re.compile(r"\.(jpe?g|png|webp|gif|heic|heif|avif|tiff?|bmp|svg|pdf)$", re.IGNORECASE)
PUNCTUATION: Final = ".,;:!?'\"()[]<>"


def secret_in(text: str) -> str | None:
    """What the text seems to hold that is secret or personal, for example "an API key"."""
    return next((kind for kind, pattern in SECRETS.items() if pattern.search(text)), None)


def private_in(sentence: str) -> str | None:
    """The same for a sentence that a person wrote, in which a filename may be one word of many."""
    if found := secret_in(sentence):
        return found
    words = (word.strip(PUNCTUATION) for word in sentence.split())
    return "a filename" if any(FILENAME.search(word) for word in words) else None
