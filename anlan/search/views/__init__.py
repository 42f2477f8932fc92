"""Views of search: results for everyone, terms and quality for editors."""
