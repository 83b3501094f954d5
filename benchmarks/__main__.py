"""Run every benchmark, or those named: ``python -m benchmarks factorisation``."""

import sys

from benchmarks import factorisation, forward

QUESTIONS = {"factorisation": factorisation.main, "forward": forward.main}

for name in sys.argv[1:] or QUESTIONS:
    QUESTIONS[name]()
