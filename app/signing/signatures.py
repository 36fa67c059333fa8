"""Accepts only one spelling of a signature. In base64 the last character holds spare bits, and padding may follow.

Without this, altered tokens and links would be taken for those that were signed.
"""

from itsdangerous import BadData
from itsdangerous.encoding import base64_decode, base64_encode


def is_spelt_as_signed(signed: str) -> bool:
    """Whether the signature, which is what follows the last dot, is written as our signers write it."""
    signature = signed.rpartition(".")[2]
    try:
        return base64_encode(base64_decode(signature)).decode("ascii") == signature
    except BadData:
        return False
