"""What is wrong with the settings: the error, and what is missing or contradicts itself, a sentence for each."""

from collections.abc import Iterator

from domain.errors import DarkroomError


class SettingsError(DarkroomError):
    """Some settings are missing or wrong."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


def missing(given: frozenset[str] | set[str]) -> Iterator[str]:
    """What a process of the service cannot do without."""
    databases = set(given & {"DATABASE_URL", "REDIS_URL"})
    if len(databases) == 1:
        missing = {"DATABASE_URL": "REDIS_URL", "REDIS_URL": "DATABASE_URL"}[databases.pop()]
        yield f"{missing} is missing: set both DATABASE_URL and REDIS_URL, or neither to run embedded ones."
        databases.add(missing)
    if databases and "SECRET_KEYS" not in given:
        yield "SECRET_KEYS is missing: set at least one key of 32 random characters, the same for every process."


def contradictions(given: frozenset[str] | set[str]) -> Iterator[str]:
    """What is wrong although each value alone is right."""
    if "S3_ENDPOINT_URL" in given and "S3_BUCKET" not in given:
        yield "S3_BUCKET is missing: name the bucket, or take S3_ENDPOINT_URL away to keep objects in DATA_DIR."
    if "S3_BUCKET" in given and len(given & {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) == 1:
        yield "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both, or neither where a role is used."
