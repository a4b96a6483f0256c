#!/usr/bin/env bash
# Makes the secrets that deploy/compose.yaml needs, at random, in deploy/secrets, and points deploy/.env at them.
# What is there already stays as it is: doing it twice changes nothing. There is no default password anywhere.
#
#   deploy/secrets.sh                    make what is missing
#   deploy/secrets.sh --receivers URL    and send every receiver's alerts to URL/NAME where no address is written yet
#   deploy/secrets.sh --check            make nothing; say what is missing (exit status 1)
#
# The folder can be entered by its owner alone. The files in it can be read by everybody who gets that far, because a
# container's user (a number that the host may not know) reads them through a bind mount of the single file.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${HOMEWARD_SECRETS:-$here/secrets}
settings=$here/.env

say() { echo "secrets: $*"; }
fail() { echo "secrets: $*" >&2; exit 1; }

# Random texts of 64 hexadecimal digits.
random=(pseudonym_key quarantine_key kafka_password metrics_token grafana_admin_password grafana_sql_password)
# A certificate of the machine's own for SQL between containers, and its key.
certificate=(sql_certificate sql_certificate_key)
# Addresses of Alertmanager's receivers. Nobody but you can know them.
receivers=(receiver_default receiver_dead_man receiver_duty_coordinator receiver_ops_lead receiver_service_manager receiver_data_engineer)

missing() { # missing NAMES...: those without a file
  local name
  for name in "$@"; do [[ -s $folder/$name ]] || echo "$name"; done
}

# Written whole or not at all: a key of half a length would be worse than none.
keep() { # keep NAME: standard input becomes the secret
  cat >"$folder/.$1.new"
  [[ -s $folder/.$1.new ]] || fail "$1 could not be made"
  chmod 0444 "$folder/.$1.new"
  mv "$folder/.$1.new" "$folder/$1"
  made+=("$1")
}

make_certificate() {
  local work
  work=$(mktemp -d "$folder/.certificate.XXXXXX")
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=homeward \
    -addext "subjectAltName=DNS:homeward,DNS:localhost,IP:127.0.0.1" \
    -keyout "$work/key" -out "$work/certificate" 2>"$work/log" || fail "openssl made no certificate: $(cat "$work/log")"
  keep sql_certificate_key <"$work/key"
  keep sql_certificate <"$work/certificate"
  rm -rf "$work"
}

address=
case ${1:-} in
  '') ;;
  --check)
    absent=$(missing "${random[@]}" "${certificate[@]}" "${receivers[@]}" | tr '\n' ' ')
    [[ -z $absent ]] || fail "missing in $folder: ${absent% }. Run deploy/secrets.sh"
    say "all there, in $folder"
    exit 0
    ;;
  --receivers)
    address=${2:-}
    [[ $address =~ ^https?://[^[:space:]\']+$ ]] || fail "--receivers needs an address that begins with http:// or https://"
    ;;
  *) fail "unknown argument $1 (see the head of this script)" ;;
esac

command -v openssl >/dev/null || fail "openssl is missing: install it, or make 64 random hexadecimal digits by hand"
mkdir -p "$folder"
chmod 0700 "$folder"

made=()
for name in $(missing "${random[@]}"); do keep "$name" < <(openssl rand -hex 32); done
for name in $(missing "${random[@]}"); do fail "$name could not be made"; done
[[ -z $(missing "${certificate[@]}") ]] || make_certificate
if [[ -n $address ]]; then
  for name in $(missing "${receivers[@]}"); do
    path=${name#receiver_}
    keep "$name" <<<"${address%/}/${path//_/-}"
  done
fi

if ! grep -qs '^HOMEWARD_SECRETS=' "$settings"; then
  printf '# Written by secrets.sh; read by docker compose. No secret is in here.\nHOMEWARD_SECRETS=%s\n' "$folder" >>"$settings"
fi

if [[ ${#made[@]} -eq 0 ]]; then say "nothing was missing in $folder"; else say "made ${made[*]} in $folder"; fi
say "back up pseudonym_key and quarantine_key, apart from the lake: what they made cannot be made or opened without them"
absent=$(missing "${receivers[@]}" | tr '\n' ' ')
if [[ -n $absent ]]; then
  say "still to be written by you, one line each, the address that Alertmanager posts to: ${absent% } (or --receivers URL)"
fi
