"""The settings about staff. A part of the settings, in a module of its own."""

from typing import Annotated

import msgspec

from app.settings.given import setting
from app.settings.parsers import header, template, whole


class StaffSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How staff sign in, how much they may do, and where the logs and the traces of an upload are."""

    staff_proxy_header: Annotated[
        str | None,
        setting(header, "The header with a staff member's name, believed from TRUSTED_PROXIES; without it none is."),
    ] = None
    staff_actions_per_hour: Annotated[
        int,
        setting(
            whole(0, 2**31 - 1),
            "How many uploads one staff member may act on in an hour, those of bulk actions included; 0 for no limit.",
        ),
    ] = 1000
    log_url_template: Annotated[
        str | None,
        setting(
            template("correlation_id", "job_id"),
            "Where the log lines of an upload are: a URL with {correlation_id} or {job_id}.",
        ),
    ] = None
    trace_url_template: Annotated[
        str | None,
        setting(template("trace_id", "job_id"), "Where the trace of an upload is: a URL with {trace_id} or {job_id}."),
    ] = None
