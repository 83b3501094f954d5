"""Simulated participants: they take part over HTTP, and see what a person's browser is sent."""
