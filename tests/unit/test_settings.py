"""The settings: what is read, what is refused, and in which words."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from app.settings.environment import Settings, SettingsError, settings_help
from app.settings.surroundings import environment_with

KEY = "0123456789abcdef0123456789abcdef"
SERVERS = {"DATABASE_URL": "postgresql://dk:hush@db/darkroom", "REDIS_URL": "redis://cache:6379/0", "SECRET_KEYS": KEY}


def mistakes(**environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ)
    assert caught.value.message == "\n".join(caught.value.mistakes)
    return caught.value.mistakes


def test_nothing_need_be_set() -> None:
    settings = Settings.from_env({"HOME": "/anywhere"})
    assert settings == Settings()
    assert settings.embedded
    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8000, Path("darkroom-data"))


def test_an_empty_variable_is_not_set() -> None:
    assert Settings.from_env({"PORT": "", "DATABASE_URL": " ", "S3_BUCKET": ""}) == Settings()


def test_every_kind_of_value_is_read() -> None:
    settings = Settings.from_env(
        SERVERS
        | {
            "SECRET_KEYS": f"{KEY}, {KEY[::-1]}",
            "PUBLIC_URL": "https://photos.example/",
            "PORT": "9000",
            "DATA_DIR": "/srv/dk",
            "TRUSTED_PROXIES": "10.1.2.3/8, ::1",
            "LOG_LEVEL": "WARNING",
            "UPLOADS_PER_MINUTE": "0",
        }
    )
    assert not settings.embedded
    assert settings.secret_keys == (KEY, KEY[::-1])
    assert settings.public_url == "https://photos.example"
    assert (settings.port, settings.data_dir) == (9000, Path("/srv/dk"))
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert (settings.log_level, settings.uploads_per_minute) == ("warning", 0)


@pytest.mark.parametrize(
    ("database", "redis"),
    [
        ("postgresql:///darkroom?host=/run/dk&user=darkroom", "unix:///run/dk/valkey.sock"),
        ("postgres://db:5432/darkroom", "rediss://:pw@cache:6380/1"),
    ],
)
def test_the_usual_addresses_are_accepted(database: str, redis: str) -> None:
    settings = Settings.from_env(SERVERS | {"DATABASE_URL": database, "REDIS_URL": redis})
    assert (settings.database_url, settings.redis_url) == (database, redis)


@pytest.mark.parametrize(
    ("name", "value", "demand"),
    [
        ("PORT", "http", "a whole number from 1 to 65535"),
        ("PORT", "0", "a whole number from 1 to 65535"),
        ("PORT", "1_000", "a whole number from 1 to 65535"),
        ("WORKER_THREADS", "-1", "a whole number from 1 to 256"),
        ("LOG_FORMAT", "xml", "one of auto, console, json"),
        (
            "STAFF_PROXY_HEADER",
            "Authorization",
            "the name of an HTTP header of its own, such as X-Auth-Request-Preferred-Username",
        ),
        ("PUBLIC_URL", "photos.example", "a URL that starts with http:// or https://"),
        ("PUBLIC_URL", "http://", "a URL that starts with http:// or https://"),
        ("PUBLIC_URL", "http://a:port", "a URL that starts with http:// or https://"),
    ],
)
def test_a_wrong_value_is_one_clear_sentence(name: str, value: str, demand: str) -> None:
    assert mistakes(TRUSTED_PROXIES="10.0.0.0/8", **{name: value}) == [f"{name} must be {demand}, not {value!r}."]


def test_a_proxy_is_named_by_its_address() -> None:
    (sentence,) = mistakes(TRUSTED_PROXIES="10.0.0.1, proxy")
    assert sentence.startswith("TRUSTED_PROXIES must hold IP addresses or networks such as 10.0.0.0/8")


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        (
            {"DATABASE_URL": "postgresql:///x", "SECRET_KEYS": KEY},
            "REDIS_URL is missing: set both DATABASE_URL and REDIS_URL, or neither to run embedded ones.",
        ),
        (
            {"REDIS_URL": "redis://x", "SECRET_KEYS": KEY},
            "DATABASE_URL is missing: set both DATABASE_URL and REDIS_URL, or neither to run embedded ones.",
        ),
        (
            SERVERS | {"SECRET_KEYS": ""},
            "SECRET_KEYS is missing: set at least one key of 32 random characters, the same for every process.",
        ),
        (
            {"STAFF_PROXY_HEADER": "X-User"},
            "TRUSTED_PROXIES is missing: STAFF_PROXY_HEADER is believed from these proxies alone.",
        ),
        (
            {"S3_ENDPOINT_URL": "https://s3.example"},
            "S3_BUCKET is missing: name the bucket, or take S3_ENDPOINT_URL away to keep objects in DATA_DIR.",
        ),
        (
            {"S3_BUCKET": "photos", "AWS_ACCESS_KEY_ID": "id"},
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both, or neither where a role is used.",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(environ: dict[str, str], sentence: str) -> None:
    assert mistakes(**environ) == [sentence]


def test_a_bucket_without_keys_is_for_machines_with_a_role() -> None:
    assert Settings.from_env({"S3_BUCKET": "photos"}).aws_access_key_id is None


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes(PORT="x", LOG_LEVEL="loud", DATABASE_URL="postgresql:///x")
    assert [sentence.split()[0] for sentence in found] == ["PORT", "LOG_LEVEL", "REDIS_URL", "SECRET_KEYS"]


def test_a_mistake_never_shows_a_secret() -> None:
    found = mistakes(DATABASE_URL="mysql://dk:hush@db/x", REDIS_URL="http://:hush@cache", SECRET_KEYS=f"{KEY},hush")
    assert len(found) == 3
    assert "hush" not in " ".join(found)
    assert KEY not in " ".join(found)


def test_the_settings_do_not_show_their_secrets() -> None:
    shown = repr(Settings.from_env(SERVERS | {"GEMINI_API_KEY": "hush"}))
    assert "port=8000" in shown
    assert "hush" not in shown
    assert KEY not in shown


def test_every_setting_has_a_name_a_default_and_a_sentence() -> None:
    rows = list(settings_help())
    assert ("PORT", "8000", "The port that the API listens on.") in rows
    assert len(rows) == len(Settings.__struct_fields__)
    for name, _default, purpose in rows:
        assert name == name.upper()
        assert purpose.endswith(".")


def test_a_default_that_is_shown_can_be_set() -> None:
    shown = {name: default for name, default, _ in settings_help()}
    assert Settings.from_env(shown) == Settings()


def test_a_child_gets_our_environment_with_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_MODEL", "ours")
    monkeypatch.setenv("PORT", "1")
    environ = environment_with({"PORT": "2"})
    assert (environ["GEMINI_MODEL"], environ["PORT"]) == ("ours", "2")


def test_origins_of_other_front_ends_are_a_list() -> None:
    settings = Settings.from_env({"CORS_ORIGINS": "https://app.example.com, http://localhost:5173"})
    assert settings.cors_origins == ("https://app.example.com", "http://localhost:5173")


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ("*", "has a wildcard"),
        ("https://*.example.com", "has a wildcard"),
        ("app.example.com", "is no scheme, host and port"),
        ("https://app.example.com/", "is no scheme, host and port"),
        ("https://app.example.com/x", "is no scheme, host and port"),
        ("https://app.example.com:", "is no scheme, host and port"),
        ("https://app example.com", "is no scheme, host and port"),
        ("https://", "is no scheme, host and port"),
        ("ftp://a.b", "is no scheme, host and port"),
        ("null", "is no scheme, host and port"),
        ("HTTPS://app.example.com", "has capital letters"),
        ("https://b\u00fccher.example", "has letters outside of ASCII"),
        ("https://user@app.example.com", "names a user"),
        ("https://app.example.com:443", "names the default port"),
        ("http://app.example.com:80", "names the default port"),
        ("https://app.example.com:99999", "has a port outside"),
        ("https://app.example.com:0", "has a port outside"),
        ("", "is empty"),
    ],
)
def test_an_origin_that_no_browser_sends_is_refused_with_its_reason(origin: str, reason: str) -> None:
    (sentence,) = mistakes(CORS_ORIGINS=f"https://app.example.com, http://[::1]:5173, {origin}")
    assert sentence.startswith("CORS_ORIGINS must hold origins such as https://app.example.com")
    assert f"number 3 {reason}" in sentence


def test_a_setting_can_be_the_content_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("k" * 32 + "\n")
    assert Settings.from_env({"SECRET_KEYS_FILE": str(file)}).secret_keys == ("k" * 32,)


def test_a_file_of_a_setting_counts_for_what_a_process_needs(tmp_path: Path) -> None:
    values = {"DATABASE_URL": "postgresql:///x", "REDIS_URL": "redis://x", "SECRET_KEYS": "k" * 32}
    for name, value in values.items():
        (tmp_path / name).write_text(value)
    settings = Settings.from_env({f"{name}_FILE": str(tmp_path / name) for name in values})
    assert (settings.database_url, settings.redis_url) == ("postgresql:///x", "redis://x")


def test_what_is_wrong_with_a_file_of_a_setting_is_said_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("hush")
    (tmp_path / "empty").write_text(" ")
    assert mistakes(SECRET_KEYS_FILE=str(tmp_path / "none")) == [
        f"SECRET_KEYS_FILE names '{tmp_path}/none', which cannot be read: No such file or directory."
    ]
    assert mistakes(SECRET_KEYS_FILE=str(tmp_path / "empty")) == [
        f"SECRET_KEYS_FILE names '{tmp_path}/empty', which is empty."
    ]
    assert mistakes(SECRET_KEYS="k" * 32, SECRET_KEYS_FILE=str(tmp_path / "short")) == [
        "SECRET_KEYS and SECRET_KEYS_FILE are both set: take one of them away."
    ]
    (sentence,) = mistakes(SECRET_KEYS_FILE=str(tmp_path / "short"))
    assert "hush" not in sentence


@pytest.mark.parametrize("content", ["k" * 40 + "\n" + "j" * 40, "k" * 40 + "\0", "\ufeff" + "k" * 40, "k" * 100_000])
def test_a_file_of_a_setting_is_one_line_of_text(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys"
    file.write_text(content, encoding="utf-8")
    assert mistakes(SECRET_KEYS_FILE=str(file)) == [f"SECRET_KEYS_FILE names '{file}', which is not one line of text."]


@pytest.mark.parametrize(
    ("environ", "budget"),
    [
        ({}, None),
        ({"GEMINI_API_KEY": "k"}, 500),
        ({"GEMINI_API_KEY": "k", "GENERATION_BUDGET_PER_HOUR": "7"}, 7),
        ({"GEMINI_API_KEY": "k", "GENERATION_BUDGET_PER_HOUR": "0"}, None),
    ],
)
def test_paid_calls_have_a_budget_unless_it_is_switched_off(environ: dict[str, str], budget: int | None) -> None:
    assert Settings.from_env(environ).paid_calls_per_hour == budget
