#!/bin/sh
# Stands before rustc: counts which edges of clinreg run, and of no other package.
case " $* " in
*" --crate-name clinreg "*)
  exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares ;;
*) exec "$@" ;;
esac
