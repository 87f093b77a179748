"""The command line. Errors are one sentence on stderr and an exit code; a traceback never reaches a user."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

import click

from engines.errors import Cancelled, StudioError
from studio.cli.root import cli

log = logging.getLogger(__name__)
UNEXPECTED = "Something went wrong that should not have: {error}. Set STUDIO_DEBUG=1 to see where."


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code: 0 done, 1 cannot be done, 2 wrong usage, 130 stopped."""
    try:
        result = cli.main(args=list(arguments), prog_name="launch.py", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        return _complain(error.format_message(), 2)
    except StudioError as error:
        return _complain(str(error), 1)
    except (KeyboardInterrupt, click.Abort, Cancelled):
        return _complain("Stopped.", 130)
    except BrokenPipeError:
        return 141
    except Exception as error:
        if os.environ.get("STUDIO_DEBUG"):
            raise
        return _complain(UNEXPECTED.format(error=str(error).strip(".") or type(error).__name__), 1)


def _complain(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code
