"""What a benchmark gives: rows of one measurement each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement: ``value`` in ``unit``; ``aim`` says in words what it should be, "" if nothing."""

    name: str
    value: float
    unit: str
    aim: str = ""


def format_rows(rows: tuple[Row, ...]) -> str:
    """A plain table."""
    width = max(len(row.name) for row in rows)
    return "\n".join(
        f"  {row.name:<{width}}  {row.value:>10.3f} {row.unit:<6} {row.aim and f'aim: {row.aim}'}".rstrip()
        for row in rows
    )
