"""Engines: everything between words and a finished clip. Nothing here knows of the page."""
