"""What the audit record needs to know of the present request without any action seeing the request."""

from contextvars import ContextVar

client_address: ContextVar[str] = ContextVar("client_address", default="")
"""The caller's network address; empty in workers and commands."""
