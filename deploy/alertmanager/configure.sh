#!/bin/sh
# Puts the receivers' addresses into alertmanager.yml: configure.sh TEMPLATE OUTPUT.
#
# Each receiver of the template has the address http://receiver.invalid/NAME. This script replaces it by the value of
# HOMEWARD_RECEIVER_NAME (capitals, _ for -), or by the content of the file that HOMEWARD_RECEIVER_NAME_FILE names, which is
# where a secret belongs. There is no default: with a receiver missing nothing is written and the status is 2, because an
# Alertmanager that reaches nobody is worse than one that does not start.
set -eu

[ $# -eq 2 ] || { echo "usage: configure.sh TEMPLATE OUTPUT" >&2; exit 2; }
template=$1 output=$2
[ -r "$template" ] || { echo "configure.sh: $template cannot be read" >&2; exit 2; }

address_of() { # address_of NAME: its address on standard output, nothing when it is not set
  variable=HOMEWARD_RECEIVER_$(printf %s "$1" | tr 'a-z-' 'A-Z_')
  eval "file=\${${variable}_FILE:-} value=\${${variable}:-}"
  if [ -n "$file" ]; then
    [ -z "$value" ] || { echo "configure.sh: both $variable and ${variable}_FILE are set; keep one" >&2; exit 2; }
    [ -r "$file" ] || { echo "configure.sh: ${variable}_FILE names $file, which cannot be read" >&2; exit 2; }
    value=$(cat "$file")
  fi
  printf %s "$value"
}

names=$(sed -n "s|.*http://receiver\.invalid/\([a-z-]*\).*|\1|p" "$template" | sort -u)
[ -n "$names" ] || { echo "configure.sh: $template has no receiver to fill in" >&2; exit 2; }
missing='' program=''
for name in $names; do
  address=$(address_of "$name") || exit 2
  case $address in
    '') missing="$missing $name"; continue ;;
    http://?*|https://?*) ;;
    *) echo "configure.sh: the address of $name must begin with http:// or https://" >&2; exit 2 ;;
  esac
  case $address in
    *"'"*|*" "*|*"
"*) echo "configure.sh: the address of $name holds a quote, a blank or a line end" >&2; exit 2 ;;
  esac
  # The address is text, not a pattern: what sed would read as a command is escaped.
  escaped=$(printf %s "$address" | sed 's/[\\&|]/\\&/g')
  program="$program
s|http://receiver\\.invalid/$name'|$escaped'|"
done
if [ -n "$missing" ]; then
  echo "configure.sh: no address for:$missing. Set HOMEWARD_RECEIVER_... or HOMEWARD_RECEIVER_..._FILE for each." >&2
  exit 2
fi

umask 077
sed "$program" "$template" > "$output.new"
mv "$output.new" "$output"
