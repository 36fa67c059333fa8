"""An upload whose objects were kept for their time: its owner still finds it, and nothing but an erasure follows."""

import pytest

from domain.errors import NeedsNewPhotoError, PhotoExpiredError, RefusedError
from domain.failures import FailureCode
from domain.fold import fold
from domain.objects import Expiry, clean_key, is_picture, original_key, picture_key
from domain.stages import Stage, Status
from tests.unit.histories import UPLOAD_ID, History, submitted
from workers.upkeep.retention import ALL, PICTURES, Rule, rules


def expired(history: History, objects: Expiry) -> History:
    return history.then(history.upload.expire(objects, version=history.upload.version, by="reconciler"))


def test_the_photo_of_a_complete_upload_goes_first_and_then_everything() -> None:
    history = submitted().reached(Stage.COMPLETE)
    before = history.upload

    photo = expired(history, Expiry.ORIGINAL).upload
    everything = expired(history, Expiry.EVERYTHING).upload

    assert (photo.expired, everything.expired) == (Expiry.ORIGINAL, Expiry.EVERYTHING)
    assert (everything.status, everything.result) == (Status.COMPLETED, before.result)
    assert everything.session_hash == before.session_hash
    assert fold(None, history.events) == everything


def test_what_expired_before_expires_no_more() -> None:
    history = expired(submitted().reached(Stage.COMPLETE), Expiry.EVERYTHING)

    for objects in Expiry:
        assert history.upload.expire(objects, version=history.upload.version, by="reconciler") is None


def test_a_failed_upload_loses_its_photo_only_with_everything_and_then_cannot_be_retried() -> None:
    history = submitted().reached(Stage.GENERATING).failed()
    assert history.upload.can_retry
    with pytest.raises(RefusedError, match="still needs its photo"):
        expired(history, Expiry.ORIGINAL)

    upload = expired(history, Expiry.EVERYTHING).upload

    assert not upload.can_retry
    with pytest.raises(PhotoExpiredError):
        upload.retry(by="session:abc")


def test_a_photo_that_could_not_be_opened_is_told_as_such_and_not_as_expired() -> None:
    history = expired(submitted().reached(Stage.GENERATING).failed(FailureCode.CONTENT_BLOCKED), Expiry.EVERYTHING)

    with pytest.raises(NeedsNewPhotoError):
        history.upload.retry(by="session:abc")


def test_one_that_was_retried_since_or_may_still_run_does_not_expire() -> None:
    running = submitted().reached(Stage.GENERATING)
    with pytest.raises(RefusedError):
        expired(running, Expiry.EVERYTHING)

    failed = running.failed()
    judged_at = failed.upload.version
    again = failed.then(failed.upload.retry(by="session:abc")).started().failed()
    with pytest.raises(RefusedError, match=f"moved on from version {judged_at}"):
        again.upload.expire(Expiry.EVERYTHING, version=judged_at, by="reconciler")


def test_an_expired_upload_can_be_erased_and_an_erased_one_does_not_expire() -> None:
    history = expired(submitted().reached(Stage.COMPLETE), Expiry.EVERYTHING)
    upload = history.then(history.upload.erase(by="staff:erika")).upload

    assert upload.erased
    assert upload.expire(Expiry.EVERYTHING, version=upload.version, by="reconciler") is None


def test_a_setting_that_is_not_there_lets_nothing_expire() -> None:
    assert rules(None, None, None) == []


def test_a_failed_upload_is_kept_as_long_as_a_photo_unless_it_is_said() -> None:
    photos = Rule(ALL, Status.COMPLETED, 30, Expiry.ORIGINAL)
    assert rules(30, None, None) == [photos, Rule(ALL, Status.FAILED, 30, Expiry.EVERYTHING)]
    assert rules(30, None, 7) == [photos, Rule(ALL, Status.FAILED, 7, Expiry.EVERYTHING)]
    everything = [Rule(query, Status.COMPLETED, 90, Expiry.EVERYTHING) for query in (ALL, PICTURES)]
    assert rules(None, 90, None) == everything


def test_only_full_images_and_previews_are_pictures() -> None:
    assert is_picture(picture_key(UPLOAD_ID, "full", "a" * 64))
    assert is_picture(picture_key(UPLOAD_ID, "preview", "a" * 64))
    assert not is_picture(original_key(UPLOAD_ID, "a" * 64))
    assert not is_picture(clean_key(UPLOAD_ID))
