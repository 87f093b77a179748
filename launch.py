"""Visema Studio's only entry point: starts the studio, or runs one of its sub-commands."""

import sys

if __name__ == "__main__":
    from studio.cli import main

    sys.exit(main(sys.argv[1:]))
