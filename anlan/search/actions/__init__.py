"""The verbs of search: `index()` and its like for every app, traces of queries, terms of the thesaurus."""

from anlan.search.actions.indexing import Found, index, index_many, reconcile, unindex

__all__ = ["Found", "index", "index_many", "reconcile", "unindex"]
