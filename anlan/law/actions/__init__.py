"""What happens to statutes: import, alignment of versions, citations, guides."""
