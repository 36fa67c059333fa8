"""The resource /api/status, on a fast path past the framework.

A poll is the most frequent request. The framework's routing, parsing and response objects cost more than the poll
itself, so `fast_path` answers it before the framework sees it: `request` parses the path and headers by hand, and
`answer` builds the body. A new endpoint must not copy this. It is a handler of the framework, whose parameters, errors
and documentation are then checked for it.
"""
