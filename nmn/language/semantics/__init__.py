"""From phrases to layouts: what it means."""
