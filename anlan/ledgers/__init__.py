"""Electronic ledgers: templates that people build, entries, approval chains."""
