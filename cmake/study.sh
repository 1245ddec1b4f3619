#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Sets up, builds and runs the study: when does a pool pay, in time and in memory? bench/study/method.md says what is
# measured and how.
#
#   cmake/study.sh                    everything, about half an hour: data, page and plots into bench/study/
#   cmake/study.sh --quick            four subjects, fewer cases and runs: under three minutes, into build/study/
#   cmake/study.sh --from FILE        measures nothing: writes page and plots beside this data.csv again
#   cmake/study.sh --factor NAME      these cases only, --subject NAME: these subjects only (repeatable; --list names
#                                     them), into build/study/ (--help: further options)
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

quick=no measure=yes
for argument in "$@"; do
  case $argument in
    --quick) quick=yes ;;
    --from | --from=* | --list | --help | -h) measure=no ;;
  esac
done
programs=$pool_root/build/bench
java=

if [[ $measure == yes ]]; then
  pool_setup build bench
  pool_setup_optional bench-quick study
  [[ $quick == yes ]] || pool_setup_optional bench-peers study-peers
  pool_build release
  pool_build_bench
  pool_build_go_peers
  if [[ $quick == no ]]; then
    pool_build_rust_peers
    pool_build_java_peers
    java=$(pool_java)
  fi
else
  pool_setup_optional study
fi

# matplotlib is the system's, which need not be the first Python in PATH. Without it there are no plots.
python=python3
python3 -c 'import matplotlib' 2> /dev/null || ! /usr/bin/python3 -c 'import matplotlib' 2> /dev/null ||
  python=/usr/bin/python3
exec "$python" bench/study/runner/study.py --programs "$programs" --java "$java" "$@"
