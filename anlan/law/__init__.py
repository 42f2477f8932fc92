"""Statutes in time: versions, provisions, who cites what, plain-language guides, what became stale."""
