#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Sets up, builds and runs the study: when does a pool pay, in time and in memory? bench/study/method.md says what is
# measured and how.
#
#   cmake/study.sh                    everything, about a quarter of an hour: data, page and plots into bench/study/
#                                     (into build/study/ where a subject is missing)
#   cmake/study.sh --quick            four subjects, fewer cases: under three minutes, into build/study/
#   cmake/study.sh --from FILE        measures nothing: writes page and plots beside this data.csv again
#   cmake/study.sh --dry-run          measures nothing: how long it would take, from the data that are there
#   cmake/study.sh --factor NAME      these cases only, --subject NAME: these subjects only (repeatable; --list names
#                                     them), into build/study/ (--help: further options)
set -euo pipefail
called_from=$PWD
cd "$(dirname "$0")/.."
source cmake/setup.sh

# Paths are meant from where the caller is.
from_caller() {
  [[ $1 == /* ]] && echo "$1" || echo "$called_from/$1"
}

quick=no measure=yes install=yes
arguments=() path_follows=no
for argument in "$@"; do
  if [[ $path_follows == yes ]]; then
    argument=$(from_caller "$argument") path_follows=no
  fi
  case $argument in
    --quick) quick=yes ;;
    --from) measure=no path_follows=yes ;;
    --from=*) measure=no argument=--from=$(from_caller "${argument#*=}") ;;
    --output) path_follows=yes ;;
    --output=*) argument=--output=$(from_caller "${argument#*=}") ;;
    --list | --help | -h | --dry-run) measure=no install=no ;;
  esac
  arguments+=("$argument")
done
programs=$pool_root/build/bench
java=

if [[ $measure == yes && $install == yes ]]; then
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
elif [[ $install == yes ]]; then
  pool_setup_optional study
fi

# matplotlib is the system's, which need not be the first Python in PATH. Without it there are no plots.
python=python3
python3 -c 'import matplotlib' 2> /dev/null || ! /usr/bin/python3 -c 'import matplotlib' 2> /dev/null ||
  python=/usr/bin/python3
exec "$python" bench/study/runner/study.py --programs "$programs" --java "$java" "${arguments[@]}"
