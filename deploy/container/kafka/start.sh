#!/usr/bin/env bash
# Starts the broker of compose.yaml: formats its storage when it is new, then becomes the broker.
#
# It calls Kafka's classes and not Kafka's scripts, so that it can be tried with any copy of Kafka's jars
# (metrics-api/tests/deploy does) and writes nothing but the data folder.
set -euo pipefail

libs=${KAFKA_LIBS:-/opt/kafka/libs}
settings=${KAFKA_SETTINGS:-/etc/homeward-kafka}
password_file=${KAFKA_PASSWORD_FILE:-/run/secrets/kafka_password}
heap=${KAFKA_HEAP:-512m}

fail() { echo "start.sh: $*" >&2; exit 1; }

java_with() { # java_with HEAP CLASS ARGUMENTS...
  local memory=$1
  shift
  exec java "-Xmx$memory" -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true \
    "-Dlog4j2.configurationFile=$settings/log4j2.yaml" -cp "$libs/*" "$@"
}

data=$(sed -n 's/^log\.dirs=//p' "$settings/server.properties")
[[ -n $data ]] || fail "$settings/server.properties has no log.dirs"

if [[ ! -f $data/meta.properties ]]; then
  password=$(cat "$password_file") || fail "$password_file cannot be read; deploy/secrets.sh makes it"
  # Kafka's own syntax splits the value at commas and brackets.
  [[ $password =~ ^[A-Za-z0-9]{32,}$ ]] || fail "$password_file must hold 32 or more letters and digits, nothing else"
  cluster=$(head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | tr -d '=')
  (java_with 256m kafka.tools.StorageTool format --cluster-id "$cluster" --config "$settings/server.properties" \
    --add-scram "SCRAM-SHA-512=[name=homeward,password=$password]") || fail "the storage could not be formatted"
  unset password
fi

java_with "$heap" kafka.Kafka "$settings/server.properties"
