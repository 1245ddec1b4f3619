#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Makes the wheel, installs it into an environment of its own, and tests that. cmake/bindings.sh runs it.
set -euo pipefail
cd "$(dirname "$0")"
: "${POOL_PREFIX:?run cmake/bindings.sh python}" "${POOL_BUILD:?run cmake/bindings.sh python}"

# CPython's own tests are not everywhere: prefer an interpreter that has them.
python=python3
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -c 'import test.test_concurrent_futures, venv, ensurepip' 2> /dev/null; then
    python=$candidate
    break
  fi
done

# Only what has been fetched once is needed again.
venv=$POOL_BUILD/venv
if [[ "$(cat "$venv/made-from" 2> /dev/null)" != "$("$python" -VV) $(cat requirements-test.txt)" ]]; then
  rm -rf "$venv"
  "$python" -m venv "$venv"
  "$venv/bin/pip" --quiet --disable-pip-version-check install -r requirements-test.txt
  echo "$("$python" -VV) $(cat requirements-test.txt)" > "$venv/made-from"
fi

rm -rf "$POOL_BUILD/dist" "$venv"/lib/python*/site-packages/libpool_as_*.pth # what an interrupted run left
"$venv/bin/pip" --quiet --disable-pip-version-check wheel --no-deps --no-build-isolation -w "$POOL_BUILD/dist" .
"$venv/bin/pip" --quiet --disable-pip-version-check install --no-deps --force-reinstall "$POOL_BUILD"/dist/libpool-*-py3-none-any.whl

export PYTHONDONTWRITEBYTECODE=1
"$venv/bin/mypy" --cache-dir "$POOL_BUILD/mypy" src/libpool tests examples bench
"$venv/bin/pytest" -q tests
"$venv/bin/python" bench/bench.py --quick > /dev/null

if "$venv/bin/python" -c 'from test.test_concurrent_futures import ThreadPoolExecutorTest' 2> /dev/null; then
  "$venv/bin/python" tests/cpython_executor.py
else
  echo "SKIPPED: the test.test_concurrent_futures of CPython 3.11"
fi

"$venv/bin/python" examples/fanout.py
