"""An append notifies the followers, and a Redis that is away blocks nothing."""

from redis import Redis

from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.notifications import APPENDED, RedisNotifier, Wakeups
from tests.integration.readers.reading import PATIENCE
from tests.submissions import submit


def test_an_append_wakes_a_follower_long_before_its_next_poll(
    event_log: EventLog, redis: Redis, wakeups: Wakeups
) -> None:
    notifier = RedisNotifier(redis)
    uploads = Uploads(event_log, notifier)
    assert wakeups.wait(PATIENCE), "the first notification is the subscription's own"
    submit(uploads)

    assert wakeups.wait(PATIENCE)
    notifier.close()


def test_a_notifier_without_redis_does_not_block() -> None:
    with Redis.from_url("unix:///nonexistent", socket_timeout=1) as nowhere:
        notifier = RedisNotifier(nowhere)
        wakeups = Wakeups(nowhere)
        notifier.notify()
        assert not wakeups.wait(0.01)
        wakeups.close()
        notifier.close()


def test_a_notification_between_two_waits_is_kept(redis: Redis, wakeups: Wakeups) -> None:
    notifier, heard = RedisNotifier(redis), Wakeups(redis)
    assert wakeups.wait(PATIENCE)
    assert heard.wait(PATIENCE)
    notifier.notify()

    assert heard.wait(PATIENCE), "the first wait returns the notification ..."
    assert wakeups.wait(PATIENCE), "... and so does the wait of the other subscription"
    notifier.close()
    heard.close()


def test_readers_of_one_process_hear_over_one_subscription(redis: Redis, wakeups: Wakeups) -> None:
    assert wakeups.wait(PATIENCE)
    others = [wakeups.beside(), wakeups.beside()]
    notifier = RedisNotifier(redis)
    notifier.notify()

    assert all(heard.wait(PATIENCE) for heard in (wakeups, *others))
    assert redis.pubsub_numsub(APPENDED) == [(APPENDED.encode(), 1)]
    notifier.close()


def test_a_reader_is_woken_only_by_the_events_that_concern_it(redis: Redis, wakeups: Wakeups) -> None:
    assert wakeups.wait(PATIENCE)
    reader, others = wakeups.beside({"upload.submitted", "upload.retried"}), wakeups.beside()
    notifier = RedisNotifier(redis)

    notifier.notify({"upload.attempt-started", "upload.stage-advanced"})
    assert others.wait(PATIENCE)
    assert not reader.notified.is_set()

    notifier.notify({"upload.stage-advanced", "upload.retried"})
    assert others.wait(PATIENCE)
    assert reader.wait(PATIENCE)

    notifier.notify()
    assert reader.wait(PATIENCE), "an older writer says no names"
    notifier.close()


def test_a_notifier_whose_connection_was_closed_loses_no_notification(redis: Redis, wakeups: Wakeups) -> None:
    assert wakeups.wait(PATIENCE)
    notifier = RedisNotifier(redis)
    for _ in range(2):
        notifier.notify()
        assert wakeups.wait(PATIENCE)
        redis.client_kill_filter(_type="normal", skipme=True)
    notifier.close()
