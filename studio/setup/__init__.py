"""Set-up and start for run.sh and run.cmd: makes .venv, installs what is missing, runs launch.py or the tests.

Runs on a bare Python (standard library only), isolated (python -I), so nothing here may import the rest of the
studio. Everything said goes to stderr: stdout belongs to the command that is run in the end.
"""
