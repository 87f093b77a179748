"""Renders in the background that outlive the page, the process and, with a shared database, the machine."""

from __future__ import annotations

from studio.jobs.board import Jobs
from studio.jobs.views import FINAL, JobView, State

__all__ = ["FINAL", "JobView", "Jobs", "State"]
