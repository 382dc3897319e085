#!/usr/bin/env bash
# Runs every target of fuzz/ for the seconds given (60), from its committed corpus; a crash fails and is left in fuzz/artifacts.
# cargo-fuzz is not needed: these are the coverage flags that it passes, and they work on the stable compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}

coverage=(-sanitizer-coverage-level=4 -sanitizer-coverage-inline-8bit-counters -sanitizer-coverage-pc-table
  -sanitizer-coverage-trace-compares)
flags="--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module"
for flag in "${coverage[@]}"; do flags+=" -Cllvm-args=$flag"; done

target=${CARGO_TARGET_DIR:-$PWD/fuzz/target}/fuzz
triple=$(rustc -vV | sed -n 's/^host: //p')
# With an explicit triple, build scripts are not built with these flags.
RUSTFLAGS="$flags" CARGO_TARGET_DIR="$target" \
  cargo build --locked --release --target "$triple" --manifest-path fuzz/Cargo.toml --bins

for source in fuzz/fuzz_targets/*.rs; do
  name=$(basename "$source" .rs)
  echo "── fuzz $name, $seconds s"
  found=$(mktemp -d)
  mkdir -p "fuzz/artifacts/$name"
  if ! "$target/$triple/release/$name" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 \
    -artifact_prefix="fuzz/artifacts/$name/" "$found" "fuzz/corpus/$name" >"$found.log" 2>&1; then
    tail -n 60 "$found.log" >&2
    echo "fuzz $name: a crash, see fuzz/artifacts/$name" >&2
    exit 1
  fi
  grep '^Done' "$found.log"
  rm -r "$found" "$found.log"
done
