"""Bodies that browsers do not send: each is answered, with a 4xx or as if nothing were odd about it."""

import pytest
from httpx import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.api.service import JPEG, Service, error_of

FORM = "multipart/form-data; boundary=edge"
IMAGE = b'Content-Disposition: form-data; name="image"; filename="a.jpg"'


def part(*headers: bytes, body: bytes = JPEG) -> bytes:
    """A part with its headers."""
    return b"--edge\r\n" + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body + b"\r\n"


def send(service: Service, body: bytes, content_type: str | None = FORM) -> Response:
    """Post a body as it is."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    return service.client.post("/api/uploads", content=body, headers=headers)


def text(*headers: bytes, body: bytes = b"words") -> bytes:
    """A text field beside the photo."""
    return part(b'Content-Disposition: form-data; name="note"', *headers, body=body)


@pytest.mark.parametrize(
    "beside",
    [
        b"",
        text(),
        text(b"Content-Type: text/plain; charset=utf-16", body=b"\x00\xd8\x00"),
        text(b"Content-Type: text/plain; charset=klingon"),
        text(b"Content-Type: text/plain; charset=base64", body=b"a"),
        text(b"Content-Type: text/plain; charset=idna", body=b"xn--\xff"),
        text(b"Content-Type: text/plain; charset=undefined"),
        text(b'Content-Type: text/plain; charset="utf-8\x00"'),
        text(body=b"\xff\xfe not utf-8"),
        text(b"X-Custom: a", b"X-Custom: b"),
        part(b"Content-Disposition: form-data", body=b"without a name"),
    ],
)
def test_what_stands_beside_the_photo_is_skipped_unread(service: Service, beside: bytes) -> None:
    for body in (beside + part(IMAGE) + b"--edge--", part(IMAGE) + beside + b"--edge--\r\n"):
        assert send(service, body).status_code == 202
    assert {service.store.get(key) for key in service.objects()} == {JPEG}


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Type: image/jpeg; charset=utf-16",
        b"Content-Type: text/plain; charset=klingon",
        b"Content-Type: ;;;",
        b"Content-Transfer-Encoding: base64",
        b"Content-Disposition-Extra: " + b"x" * 4000,
    ],
)
def test_the_photos_own_encoding_makes_no_difference(service: Service, header: bytes) -> None:
    assert send(service, part(IMAGE, header) + b"--edge--").status_code == 202
    assert service.store.get(service.objects()[0]) == JPEG


@pytest.mark.parametrize(
    "name", [b"a\x00b", b"../../x", b"a\rb", b"\xe2\x80\xaegpj.exe", b"x" * 4000, b"%0D%0AX: 1", b""]
)
def test_a_filename_is_not_looked_at(service: Service, name: bytes) -> None:
    header = b'Content-Disposition: form-data; name="image"; filename="' + name + b'"'

    assert send(service, part(header) + b"--edge--").status_code == 202
    assert service.store.get(service.objects()[0]) == JPEG


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--edge",
        b"--edge--",
        b"no multipart at all",
        part(IMAGE),
        part(IMAGE)[:40],
        part(IMAGE) + b"--edge",
        part(IMAGE) + b"--edgeX",
        part(IMAGE).replace(b"\r\n", b"\n") + b"--edge--",
        part(b"Content-Disposition: form-data; name=photo") + b"--edge--",
        part(b'Content-Disposition: attachment; name="image"') + b"--edge--",
        part(b"No-Disposition: 1") + b"--edge--",
        part(b"a header without a colon") + b"--edge--",
        part(b"\xff\xfe: bad utf-8", IMAGE) + b"--edge--",
        part(b'Content-Disposition: form-data; name="\xff\xfe"') + b"--edge--",
        part(IMAGE, b"Content-Length: 5") + b"--edge--",
        part(IMAGE, b"Content-Length: -1") + b"--edge--",
        part(IMAGE, b"X: " + b"x" * 9000) + b"--edge--",
        part(IMAGE, *[b"X: y"] * 20) + b"--edge--",
        part(IMAGE) * 2 + b"--edge--",
        text() * 20 + part(IMAGE) + b"--edge--",
        part(b'Content-Disposition: form-data; name="image\x00"') + b"--edge--",
    ],
)
def test_a_broken_body_is_refused_and_leaves_nothing(service: Service, body: bytes) -> None:
    assert error_of(send(service, body)) == (400, "BAD_REQUEST")
    assert (service.uploads(), service.objects()) == (0, [])


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "image/jpeg",
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\u00e9dge",
        "multipart/mixed; boundary=edge",
        "multipart/form-data; boundary=" + "x" * 4000,
        "\u202e",
    ],
)
def test_another_content_type_is_refused(service: Service, content_type: str | None) -> None:
    headers = {} if content_type is None else {b"Content-Type": content_type.encode()}
    response = service.client.post("/api/uploads", content=part(IMAGE) + b"--edge--", headers=headers)

    assert error_of(response) == (400, "BAD_REQUEST")


def test_fields_beside_the_photo_cannot_be_larger_than_the_frame(service: Service) -> None:
    body = text(body=bytes(30 * 2**20)) + part(IMAGE) + b"--edge--"

    assert error_of(send(service, body)) == (413, "PAYLOAD_TOO_LARGE")


@given(
    st.lists(
        st.sampled_from(
            [b"--edge", b"--", b"\r\n", b"\n", b"\r", b":", b";", b'"', b"=", b"\x00", b"\xff", b" ", b"%22"]
        )
        | st.sampled_from([IMAGE, JPEG, b"Content-Type: text/plain; charset=", b'name="image"', b"form-data", b"\\"])
        | st.binary(max_size=8),
        max_size=30,
    ).map(b"".join)
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_whatever_is_answered_with_a_5xx(service: Service, body: bytes) -> None:
    response = send(service, b"--edge\r\n" + body)

    assert response.status_code in {202, 400, 415}
