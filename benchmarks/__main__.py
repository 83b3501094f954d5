"""Run every benchmark, or those named: ``python -m benchmarks factorisation``."""

import sys

from benchmarks import (
    analysis,
    bundle,
    derivative,
    exactness,
    factorisation,
    fidelity,
    forward,
    importance,
    maps,
    server,
    visualisation,
)

QUESTIONS = {
    "exactness": exactness.main,
    "factorisation": factorisation.main,
    "importance": importance.main,
    "derivative": derivative.main,
    "forward": forward.main,
    "maps": maps.main,
    "bundle": bundle.main,
    "analysis": analysis.main,
    "fidelity": fidelity.main,
    "visualisation": visualisation.main,
    "server": server.main,
}

for name in sys.argv[1:] or QUESTIONS:
    QUESTIONS[name]()
