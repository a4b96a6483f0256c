#!/usr/bin/env bash
# Makes the secrets that deploy/compose.yaml needs, at random, in deploy/secrets, and points deploy/.env at them.
# What is there already stays as it is: doing it twice changes nothing. There is no default password anywhere.
#
#   deploy/secrets.sh            make what is missing
#   deploy/secrets.sh --check    make nothing; say what is missing (exit status 1)
#
# The folder can be entered by its owner alone. The files in it can be read by everybody who gets that far, because a
# container's user (a number that the host may not know) reads them through a bind mount of the single file.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${HOMEWARD_SECRETS:-$here/secrets}
settings=$here/.env

say() { echo "secrets: $*"; }
fail() { echo "secrets: $*" >&2; exit 1; }

# Everything that is a random text of 64 hexadecimal digits.
random=(pseudonym_key quarantine_key kafka_password metrics_token grafana_admin_password)

if [[ ${1:-} == --check ]]; then
  missing=()
  for name in "${random[@]}"; do [[ -s $folder/$name ]] || missing+=("$name"); done
  [[ ${#missing[@]} -eq 0 ]] || fail "missing in $folder: ${missing[*]}. Run deploy/secrets.sh"
  say "all there, in $folder"
  exit 0
fi
[[ $# -eq 0 ]] || fail "unknown argument $1 (only --check is known)"

command -v openssl >/dev/null || fail "openssl is missing: install it, or make 64 random hexadecimal digits by hand"
mkdir -p "$folder"
chmod 0700 "$folder"

made=()
for name in "${random[@]}"; do
  [[ -s $folder/$name ]] && continue
  # Written whole or not at all: a key of half a length would be worse than none.
  openssl rand -hex 32 >"$folder/.$name.new"
  chmod 0444 "$folder/.$name.new"
  mv "$folder/.$name.new" "$folder/$name"
  made+=("$name")
done

if ! grep -qs '^HOMEWARD_SECRETS=' "$settings"; then
  printf '# Written by secrets.sh; read by docker compose. No secret is in here.\nHOMEWARD_SECRETS=%s\n' "$folder" >>"$settings"
fi

if [[ ${#made[@]} -eq 0 ]]; then say "all there already, in $folder"; else say "made ${made[*]} in $folder"; fi
say "back up pseudonym_key and quarantine_key, apart from the lake: what they made cannot be made or opened without them"
