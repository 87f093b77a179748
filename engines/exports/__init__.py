"""Motion for animators: one table of formats, from which the page, the command line and the API choose."""

from engines.exports.formats import (
    FORMATS,
    ExportFormat,
    Performance,
    format_for,
    get_format,
    perform,
    write_export,
)

__all__ = ["FORMATS", "ExportFormat", "Performance", "format_for", "get_format", "perform", "write_export"]
