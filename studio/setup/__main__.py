"""``python -I studio/setup``: what run.sh and run.cmd call."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from studio.setup.start import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
