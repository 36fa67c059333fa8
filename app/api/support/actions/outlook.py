"""What happens next, in one or two sentences, after an action of staff."""

from domain.failures import FailureCode
from domain.upload import Upload
from workers.upkeep.commands import ActionName


def next_after(action: ActionName, upload: Upload, *, changed: bool) -> str:
    """The sentences for a person who waits for an effect."""
    match action:
        case "retry":
            return f"{_sent(upload)} It re-uses what is stored and pays for no picture twice."
        case "requeue":
            return f"{_sent(upload)} If it is put off again, look at `code` in its timeline."
        case "cancel":
            return _cancelled(upload, changed=changed)
        case "note":
            return "Your colleagues read it in the timeline. Its owner does not."
        case "erase":
            return _erased(changed=changed)


def _sent(upload: Upload) -> str:
    where = f"at the stage {upload.reached}" if upload.reached else "at the first stage"
    return (
        f"The dispatcher enqueues it within a second, and attempt {upload.attempt + 1} begins {where} as soon as a "
        "worker is free."
    )


def _cancelled(upload: Upload, *, changed: bool) -> str:
    if not changed and upload.error_code is FailureCode.CANCELLED:
        return "It was cancelled before, so nothing has changed. A retry would let it go on."
    return (
        f"It has ended at {upload.progress}% with CANCELLED, which its owner reads at the next poll. A run under way "
        "stops at its next step. A retry would let it go on."
    )


def _erased(*, changed: bool) -> str:
    if not changed:
        return "It was erased before, so nothing has changed. Objects that were left over are deleted now."
    return "Its photo and its pictures are deleted, and its owner finds no such upload. Its events stay."
