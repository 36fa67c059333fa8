"""A curl for machines without one: the few options that README.md uses, over the same HTTP."""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx


def main() -> None:
    """Make the request of the command line, and show its answer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-s", "-S", "-sS", action="store_true")
    parser.add_argument("-i", dest="headers_too", action="store_true")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-F", dest="form", action="append", default=[])
    parser.add_argument("-o", dest="out", type=Path)
    options = parser.parse_args()
    with ExitStack() as stack:
        parts = (part.split("=@", 1) for part in options.form)
        files = {name: stack.enter_context(Path(file).open("rb")) for name, file in parts}
        headers = dict(header.split(": ", 1) for header in options.headers)
        method = "POST" if files else "GET"
        answer = httpx.request(method, options.url, headers=headers, files=files or None, trust_env=False, timeout=30)
    if options.headers_too:
        sys.stdout.write(f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}\r\n")
        sys.stdout.writelines(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        sys.stdout.write("\r\n")
    if options.out:
        options.out.write_bytes(answer.content)
    else:
        sys.stdout.write(answer.text)


if __name__ == "__main__":
    main()
