"""The page for a person at an address where there is nothing. A program gets the JSON of every other error.

Who asks for HTML first is a person: a browser that opens a page does, and no client of the API has a reason to. Below
/api even they get JSON, since what is there is for programs alone.
"""

from base64 import b64encode
from hashlib import sha256
from typing import Any, Final

from litestar import Request, Response

from app.api.http.errors import respond

FOR_PROGRAMS: Final = "/api/"
STYLE: Final = """
:root { color-scheme: dark light }
body { margin: 0; min-height: 100vh; display: grid; place-content: center; gap: 1rem; padding: 1.5rem;
  box-sizing: border-box; font: 1.125rem/1.5 system-ui, sans-serif; background: #0c0807; color: #f3ede3 }
h1 { margin: 0; font-size: 1.5rem; font-weight: 600 }
p { margin: 0 }
a { color: inherit; display: inline-block; padding: .6rem 0 }
@media (prefers-color-scheme: light) { body { background: #f3ede3; color: #0c0807 } }
"""
PAGE: Final = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Not found - Darkroom</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>There is nothing at this address.</h1>
<p>It may be misspelt, or what was here is gone.</p>
<p><a href="/">Go to Darkroom</a></p>
</main>
</body>
</html>
"""
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def respond_not_found(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The page or the JSON, by what is asked for."""
    if _is_person(request):
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Vary": "Accept"}
        return Response(PAGE, status_code=404, media_type="text/html", headers=headers)
    response = respond(request, error)
    response.headers["Vary"] = "Accept"
    return response


def _is_person(request: Request[Any, Any, Any]) -> bool:
    if request.scope["path"].startswith(FOR_PROGRAMS):
        return False
    return request.accept.best_match(["application/json", "text/html"]) == "text/html"
