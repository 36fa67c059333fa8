"""Sessions: tokens that no client can forge, over the rotation of keys."""

from datetime import timedelta
from hashlib import sha256
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer

from app.signing.sessions import UNDATED_END, Sessions

OLD, NEW, FOREIGN = "the older key of the two", "the newer key of the two", "a key of another service"


def test_a_token_leads_back_to_its_session() -> None:
    sessions = Sessions([NEW])
    session = sessions.new()

    assert sessions.read(session.token) == session


def test_the_hash_is_that_of_the_id_and_the_actor_begins_with_it() -> None:
    session = Sessions([NEW]).new()

    assert session.hash == sha256(session.id.encode()).hexdigest()
    assert session.actor == f"session:{session.hash[:16]}"


def test_no_two_sessions_are_the_same() -> None:
    sessions = Sessions([NEW])

    assert len({sessions.new().id for _ in range(100)}) == 100


def test_tokens_of_every_listed_key_are_read_and_the_newest_signs() -> None:
    before, after = Sessions([OLD]), Sessions([NEW, OLD])

    assert after.read(before.new().token)
    assert before.read(after.new().token) is None
    assert Sessions([NEW]).read(after.new().token)
    assert Sessions([NEW]).read(before.new().token) is None


def test_a_foreign_token_is_not_read() -> None:
    assert Sessions([NEW]).read(Sessions([FOREIGN]).new().token) is None


def test_a_token_altered_in_any_one_character_is_not_read() -> None:
    sessions = Sessions([NEW])
    token = sessions.new().token
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    for index, character in enumerate(token):
        for other in alphabet.replace(character, ""):
            assert sessions.read(token[:index] + other + token[index + 1 :]) is None


@pytest.mark.parametrize("change", [str.upper, "{}=".format, "{} ".format, "{}.".format, ".{}".format, "{}\n".format])
def test_another_spelling_of_a_token_is_not_read(change: object) -> None:
    sessions = Sessions([NEW])

    assert sessions.read(change(sessions.new().token)) is None  # type: ignore[operator] # functions of a text


@given(st.text())
def test_no_text_whatever_raises(text: str) -> None:
    assert Sessions([NEW]).read(text) is None


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_text_with_a_dot_raises(left: str, right: str) -> None:
    assert Sessions([NEW]).read(f"{left}.{right}") is None


@pytest.mark.parametrize("text", ["\ud800.x", "x.\ud800", "é.é", "\x00.\x00"])
def test_texts_that_cannot_be_encoded_are_not_read(text: str) -> None:
    assert Sessions([NEW]).read(text) is None


def test_a_key_derives_the_same_session_each_time_and_for_each_key_another() -> None:
    sessions = Sessions([NEW])

    assert sessions.derive("a") == sessions.derive("a")
    assert sessions.derive("a").id != sessions.derive("b").id
    assert sessions.read(sessions.derive("a").token) == sessions.derive("a")


def test_a_derived_session_outlives_newer_keys_and_no_other_service_derives_it() -> None:
    assert Sessions([NEW, OLD]).derive("a").id == Sessions([OLD]).derive("a").id
    assert Sessions([FOREIGN]).derive("a").id != Sessions([OLD]).derive("a").id


def test_a_session_shows_no_secret() -> None:
    session = Sessions([NEW]).new()

    assert session.id not in f"{session!r} {session}"
    assert session.token not in f"{session!r} {session}"


def test_the_owner_of_a_token_is_its_session_each_time_and_a_forged_one_has_none() -> None:
    sessions = Sessions([NEW])
    session = sessions.new()
    forged = session.token[:-1] + ("A" if session.token[-1] != "A" else "B")

    assert [sessions.owner(session.token.encode()) for _ in range(2)] == [session.hash] * 2
    assert [sessions.owner(each.encode()) for each in (forged, session.id, "", "a.b", "é")] == [None] * 5
    assert Sessions([FOREIGN]).owner(session.token.encode()) is None


def test_what_is_remembered_of_tokens_opens_nothing_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.signing.sessions.KNOWN", 3)
    sessions = Sessions([NEW])
    made = [sessions.new() for _ in range(5)]

    assert [sessions.owner(session.token.encode()) for session in made] == [session.hash for session in made]
    remembered = vars(sessions)["_known"]
    assert len(remembered) == 3
    assert not any(
        secret.encode() in b"".join(remembered) for session in made for secret in (session.id, session.token)
    )
    assert {known.session_hash for known in remembered.values()} == {session.hash for session in made[-3:]}


DAY: Final = 86_400.0


class Hands:
    """A clock that is set by hand."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_is_over_after_its_lifetime() -> None:
    clock = Hands()
    sessions = Sessions([NEW], timedelta(days=90), clock=clock)
    token = sessions.new().token
    clock.now += 90 * DAY - 1

    assert sessions.read(token)
    clock.now += 1
    assert sessions.read(token) is None
    assert sessions.owner(token.encode()) is None
    assert sessions.renewed(token.encode()) is None


def test_a_token_is_renewed_in_the_second_half_of_its_life_for_the_same_session() -> None:
    clock = Hands()
    sessions = Sessions([NEW], timedelta(days=90), clock=clock)
    session = sessions.new()
    clock.now += 45 * DAY - 1

    assert sessions.renewed(session.token.encode()) is None
    clock.now += 1
    renewed = sessions.renewed(session.token.encode())

    assert renewed
    assert renewed != session.token
    assert renewed.partition(".")[0] == session.token.partition(".")[0]  # by which clients know the session
    clock.now += 89 * DAY
    assert sessions.read(session.token) is None
    assert sessions.owner(renewed.encode()) == session.hash


def test_a_token_dated_ahead_has_a_lifetime_from_when_it_is_seen_and_is_renewed_at_once() -> None:
    clock, ended, ends = Hands(), set[str | None](), dict[str, float]()
    sessions = Sessions([NEW], timedelta(days=90), ended, ends.setdefault, clock)
    clock.now += 30 * DAY
    ahead = sessions.new()
    clock.now -= 30 * DAY

    assert sessions.read(ahead.token) == ahead
    assert ends == {sha256(ahead.token.encode()).hexdigest(): 90 * DAY}
    renewed = sessions.renewed(ahead.token.encode()) or ""
    clock.now += 90 * DAY - 1
    ended.update(ends)
    assert sessions.read(ahead.token) is None
    assert sessions.owner(ahead.token.encode()) is None
    assert sessions.owner(renewed.encode()) == ahead.hash
    clock.now += 1
    assert sessions.owner(renewed.encode()) is None


def test_a_token_of_a_server_whose_clock_is_a_little_ahead_is_not_renewed() -> None:
    clock = Hands()
    sessions = Sessions([NEW], timedelta(days=90), clock=clock)
    token = sessions.new().token
    clock.now -= 59

    assert sessions.renewed(token.encode()) is None


def test_an_undated_token_of_an_older_version_is_renewed_and_ends_at_a_date() -> None:
    clock = Hands()
    clock.now = UNDATED_END.timestamp() - 1
    sessions = Sessions([NEW, OLD], clock=clock)
    signer = Signer(OLD, salt=b"darkroom.session", key_derivation="hmac", digest_method=sha256)
    token = signer.sign("an id of an older version").decode()

    session = sessions.read(token)
    assert session
    assert session.id == "an id of an older version"
    renewed = sessions.renewed(token.encode())
    assert renewed
    assert renewed.partition(".")[0] == token.partition(".")[0]
    clock.now += 1
    assert sessions.read(token) is None
    assert sessions.owner(renewed.encode()) == session.hash


def test_no_token_of_an_ended_session_is_read_and_none_is_renewed() -> None:
    ended: set[str | None] = set()
    clock = Hands()
    sessions = Sessions([NEW], ended=ended, clock=clock)
    one, other = sessions.new(), sessions.new()
    assert sessions.owner(one.token.encode()) == one.hash
    clock.now += 60 * DAY
    renewed = sessions.renewed(one.token.encode()) or ""
    ended.add(one.hash)

    assert [sessions.read(token) for token in (one.token, renewed)] == [None, None]
    assert [sessions.owner(token.encode()) for token in (one.token, renewed)] == [None, None]
    assert sessions.renewed(one.token.encode()) is None
    assert sessions.read(other.token)
