"""Pictures, tables and sounds that come with the studio."""
