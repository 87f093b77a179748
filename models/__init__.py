"""Shipped models beside the scripts that train them. Nothing here is imported when the studio runs."""
