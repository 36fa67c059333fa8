"""The link that signs a local admin in to the console, once. `darkroom up` prints it; it works on this machine alone.

The admin is a staff member like any other, whose token is known to none: the link is the only way in. Once revoked, no
link is made.
"""

from ipaddress import ip_address
from typing import Final

from app.settings.environment import Settings
from domain.staff import Role
from projections.log.pools import open_pool
from projections.staff.members import Staff
from projections.staff.operators import operator
from projections.staff.sessions import StaffSessions

NAME: Final = "local-admin"
CONSOLE: Final = "/support"
FRAGMENT: Final = "#sign-in="
"""A browser sends no fragment, so the code is in no log of a server or a proxy."""
EVERY_ADDRESS: Final = {"0.0.0.0", "::", ""}  # noqa: S104 - what HOST may say


def sign_in_link(settings: Settings, database_url: str) -> str | None:
    """A new link, which ends the one before. None if the API does not listen on loopback, or the admin is revoked."""
    address = _own_address(settings.host)
    if address is None or (settings.allowed_hosts and address not in settings.allowed_hosts):
        return None
    with open_pool(database_url, 1, "darkroom up") as pool:
        staff = Staff(pool)
        member = staff.named(NAME) or staff.add(NAME, Role.ADMIN, None, by=operator())[0]
        if member.state != "active":
            return None
        return f"http://{address}:{settings.port}{CONSOLE}{FRAGMENT}{StaffSessions(pool).make_link(NAME)}"


def _own_address(host: str) -> str | None:
    """The address under which this machine reaches itself, if the API listens on it."""
    if host in EVERY_ADDRESS:
        return "127.0.0.1"
    if host == "localhost":
        return host
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if not address.is_loopback:
        return None
    return f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - as in a URL
