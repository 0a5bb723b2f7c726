# SPDX-License-Identifier: Apache-2.0
#
# Sourced by every script: goes to the project's root and says how scripts speak.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '== %s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# As many jobs as processors, but no more than one for each 1.5 GB of memory that is free (one file
# with a Spirit grammar takes that much). CMAKE_BUILD_PARALLEL_LEVEL overrides.
build_jobs() {
  local cpus free_mb limit used jobs
  cpus=$(nproc)
  free_mb=$(awk '/^MemAvailable/ {print int($2 / 1024)}' /proc/meminfo)
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
  if [[ $limit != max ]]; then
    used=$(cat /sys/fs/cgroup/memory.current)
    (((limit - used) / 1048576 >= free_mb)) || free_mb=$(((limit - used) / 1048576))
  fi
  jobs=$((free_mb / 1500 < cpus ? free_mb / 1500 : cpus))
  echo "${CMAKE_BUILD_PARALLEL_LEVEL:-$((jobs > 1 ? jobs : 1))}"
}

# closing_line PASSED FAILED SKIPPED: the last line of every script that counts.
closing_line() {
  printf '%d passed, %d failed' "$1" "$2"
  (($3 == 0)) || printf ', %d skipped' "$3"
  printf '\n'
}
