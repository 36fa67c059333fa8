"""`darkroom history list` and `drop`: the schemas that `darkroom history at` made."""

from pathlib import Path

import rich_click as click

from app.cli.history.opening import data_option, opened


@click.command("list")
@data_option
def list_(*, data: Path | None) -> None:
    """List the schemas that hold a read model as it was."""
    from projections.rows.as_it_was import built_as_it_was

    with opened(data) as (_, pool):
        for model in built_as_it_was(pool):
            half = "" if model.position == model.until else f", built up to {model.position}"
            click.echo(f"{model.schema}: position {model.until}{half}, made at {model.began_at:%Y-%m-%dT%H:%M:%SZ}")


@click.command()
@click.argument("schema", metavar="NAME")
@data_option
def drop(*, schema: str, data: Path | None) -> None:
    """Drop schema NAME, which `darkroom history at` made, with all that is in it.

    Example: darkroom history drop before_the_change
    """
    from projections.rows.as_it_was import drop_as_it_was

    with opened(data) as (_, pool):
        drop_as_it_was(pool, schema)
    click.echo(f"Schema {schema} is gone.")
