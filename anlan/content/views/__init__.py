"""Pages of the site, and of the editors."""
