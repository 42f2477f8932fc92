"""Where statutes come from on the network: the national database, and published collections. Slow on purpose."""
