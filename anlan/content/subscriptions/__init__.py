"""Who is told of what: conditions, telling at once, digests, visitors by e-mail, feeds, changes of the law."""
