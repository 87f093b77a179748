"""What can go wrong, said once for the page, the command line and the API alike."""


class StudioError(Exception):
    """Something the user can act on. The message is one sentence that says what to do."""


class Cancelled(Exception):  # noqa: N818 - not an error: the user asked for it
    """Raised inside a render as soon as its cancel token is set."""
