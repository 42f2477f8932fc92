"""Pages of certificates: `public` needs no account, `desk` does."""
