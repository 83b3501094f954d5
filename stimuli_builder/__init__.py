"""Turns images and concept stores into the stimuli of a human study."""
