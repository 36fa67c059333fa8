"""`python -m app.cli`: how the supervisor starts the service's own processes."""

from app.cli import main

main()
