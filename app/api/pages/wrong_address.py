"""The "not found" page for browsers. Programs get the same error as JSON.

Who asks for HTML first is a person: a browser that opens a page does, and no client of the API has a reason to. Below
/api even they get JSON, since what is there is for programs alone. A person reads the language that the browser asks
for, as on the upload page.
"""

import re
from base64 import b64encode
from hashlib import sha256
from typing import Any, Final, NamedTuple

from litestar import Request, Response
from litestar.datastructures.headers import Accept

from app.api.http.errors import respond

FOR_PROGRAMS: Final = "/api/"
LONGEST_ACCEPT: Final = 1000
"""Characters that are read. Browsers send up to 150; 14,000 commas would hold up the event loop for 19 ms."""
STYLE: Final = """
:root { color-scheme: dark light }
body { margin: 0; min-height: 100vh; display: grid; place-content: center; gap: 1rem; padding: 1.5rem;
  box-sizing: border-box; font: 1.125rem/1.5 system-ui, sans-serif; background: #0c0807; color: #f3ede3 }
h1 { margin: 0; font-size: 1.5rem; font-weight: 600 }
p { margin: 0 }
a { color: inherit; display: inline-block; padding: .6rem 0 }
@media (prefers-color-scheme: light) { body { background: #f3ede3; color: #0c0807 } }
"""
WISH: Final = re.compile(
    r"(?:^|,)\s*([a-z]{1,8}(?:-[a-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?(?=,|$)", re.IGNORECASE
)
"""A language of Accept-Language and how much it is wished for, 1 unless said."""
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Words(NamedTuple):
    """The page in one language."""

    title: str
    heading: str
    explained: str
    back: str
    direction: str = "ltr"


LANGUAGES: Final = {
    "en": Words(
        "Not found",
        "There is nothing at this address.",
        "It may be misspelt, or what was here is gone.",
        "Go to Darkroom",
    ),
    "de": Words(
        "Nicht gefunden",
        "Unter dieser Adresse ist nichts.",
        "Vielleicht ist sie falsch geschrieben, oder was hier war, ist nicht mehr da.",
        "Zu Darkroom",
    ),
    "ar": Words(
        "غير موجود",
        "لا يوجد شيء في هذا العنوان.",
        "ربما كُتب العنوان خطأً، أو لم يعد ما كان هنا موجودًا.",
        "إلى Darkroom",
        direction="rtl",
    ),
}
"""The languages of the upload page (app/web/src/page/language); the first one where none of them is asked for."""


def respond_not_found(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The page or the JSON, by what is asked for."""
    if _is_person(request):
        language = _language(request)
        headers = {
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "Content-Language": language,
            "Vary": "Accept, Accept-Language",
        }
        return Response(_page(language), status_code=404, media_type="text/html", headers=headers)
    response = respond(request, error)
    response.headers["Vary"] = "Accept"
    return response


def _is_person(request: Request[Any, Any, Any]) -> bool:
    if request.scope["path"].startswith(FOR_PROGRAMS):
        return False
    accept = Accept(request.headers.get("accept", "")[:LONGEST_ACCEPT])
    return accept.best_match(["application/json", "text/html"]) == "text/html"


def _language(request: Request[Any, Any, Any]) -> str:
    """The language that the browser likes best of those that we have."""
    best, liked = next(iter(LANGUAGES)), 0.0
    for tag, weight in WISH.findall(request.headers.get("accept-language", "")):
        primary, wish = tag.partition("-")[0].lower(), float(weight or 1)
        if primary in LANGUAGES and wish > liked:
            best, liked = primary, wish
    return best


def _page(language: str) -> str:
    words = LANGUAGES[language]
    return f"""<!doctype html>
<html lang="{language}" dir="{words.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{words.title} - Darkroom</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{words.heading}</h1>
<p>{words.explained}</p>
<p><a href="/">{words.back}</a></p>
</main>
</body>
</html>
"""
