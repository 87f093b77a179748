#!/usr/bin/env bash
# Visema Studio: sets itself up in .venv on the first start, then starts.
#
#   ./run.sh                   open the studio              ./run.sh render --help   and the other commands of launch.py
#   ./run.sh test [...]        run the tests (pytest)       ./run.sh --light [...]   without the neural engines' libraries
#                                                           ./run.sh --full [...]    with them; both retry what failed
#
# STUDIO_PYTHON names the Python to make .venv with. The work is done in studio/setup, for run.cmd alike.

self="${BASH_SOURCE[0]}"
while [ -L "$self" ]; do # called by a link: the studio is where the link leads
    folder="$(cd -P "$(dirname "$self")" && pwd)"
    self="$(readlink "$self")"
    case "$self" in /*) ;; *) self="$folder/$self" ;; esac
done
root="$(cd -P "$(dirname "$self")" && pwd)" || exit 1

suitable='import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))'
without_venv=""

if "$root/.venv/bin/python" -I -c "$suitable" >/dev/null 2>&1; then
    exec "$root/.venv/bin/python" -I "$root/studio/setup" "$@"
fi

for python in ${STUDIO_PYTHON:+"$STUDIO_PYTHON"} python3.12 python3.11 python3.13 python3 python3.10 python3.14 python; do
    "$python" -I -c "$suitable" >/dev/null 2>&1 </dev/null || continue
    if "$python" -I -c 'import venv, ensurepip' >/dev/null 2>&1 </dev/null; then
        exec "$python" -I "$root/studio/setup" "$@"
    fi
    without_venv="$python"
done

if [ -n "$without_venv" ]; then
    echo "visema: $without_venv lacks its venv module; install it (Debian, Ubuntu: sudo apt install python3-venv)." >&2
else
    echo "visema: no Python 3.10 to 3.14 was found; install Python 3.12 (python.org, apt install python3, brew install python@3.12) or name one in STUDIO_PYTHON." >&2
fi
exit 1
