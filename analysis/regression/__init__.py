"""Regressions for right-or-wrong answers that share participants and items."""
