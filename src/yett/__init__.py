"""Yett: one security plan for an HTTP API, enforced at line speed, proven by attack. Nothing is imported here."""
