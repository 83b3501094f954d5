#!/bin/sh
# Make the virtual environment $1 and install the package with what it needs.
# TORCH_INDEX names another source of torch, such as https://download.pytorch.org/whl/cpu, whose
# builds without CUDA are a tenth of the size.
set -eu
venv=$1
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "set-up: python must be 3.11 or newer; got $("$python" --version 2>&1). Set PYTHON=path." >&2
    exit 1
fi
if [ ! -x "$venv/bin/python" ] && ! "$python" -m venv "$venv"; then
    echo "set-up: python must have the venv module; on Debian: apt-get install python3-venv" >&2
    exit 1
fi
echo "set-up: installing into $venv (a few minutes the first time)"
if [ -n "${TORCH_INDEX:-}" ]; then
    "$venv/bin/pip" install --quiet "torch>=2.6" torchvision --index-url "$TORCH_INDEX"
fi
"$venv/bin/pip" install --quiet --editable .
echo "set-up: done"
