#!/usr/bin/env bash
# Prints the path of a Python with the packages of requirements.txt, in a virtual environment of the user's cache that is
# made when it is missing or when the requirements have changed. Needs python3 with venv, and PyPI the first time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

python=python3
for candidate in /usr/bin/python3 python3; do
  if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then python=$candidate; break; fi
done
tag=$( (cat requirements.txt; "$python" --version) | sha256sum | cut -c1-12)
environment="${XDG_CACHE_HOME:-$HOME/.cache}/homeward/clients-python-$tag"

# Two runs at once: one makes it, the other waits.
mkdir -p "$(dirname "$environment")"
exec 9>"$environment.lock"
flock 9
if [[ ! -f $environment/complete ]]; then
  rm -rf "$environment"
  "$python" -m venv "$environment" >&2
  "$environment/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
    --requirement requirements.txt >&2
  touch "$environment/complete"
fi
echo "$environment/bin/python"
