"""The icon of the page."""
