"""Run every benchmark, or those named: ``python -m benchmarks factorisation``."""

import sys

from benchmarks import analysis, derivative, exactness, factorisation, forward, importance, maps

QUESTIONS = {
    "exactness": exactness.main,
    "factorisation": factorisation.main,
    "importance": importance.main,
    "derivative": derivative.main,
    "forward": forward.main,
    "maps": maps.main,
    "analysis": analysis.main,
}

for name in sys.argv[1:] or QUESTIONS:
    QUESTIONS[name]()
