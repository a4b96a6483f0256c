#!/usr/bin/env bash
# Makes Homeward's topics and grants its user what it needs, and nothing else. Doing it twice changes nothing.
# Runs in the network of the broker's container: the listener that it uses is not reachable from anywhere else.
set -euo pipefail

libs=${KAFKA_LIBS:-/opt/kafka/libs}
settings=${KAFKA_SETTINGS:-/etc/homeward-kafka}
admin=${KAFKA_ADMIN:-127.0.0.1:9094}
partitions=${HOMEWARD_PARTITIONS:-6}
user=User:homeward

kafka() {
  java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true -Dhomeward.kafka.log=ERROR \
    "-Dlog4j2.configurationFile=$settings/log4j2.yaml" -cp "$libs/*" "$@" </dev/null
}

for topic in homeward.ucr homeward.csds homeward.published homeward.vw_stay homeward.vw_capacity homeward.spell \
  homeward.ed_stay homeward.death homeward.registration homeward.hl7_adt; do
  kafka org.apache.kafka.tools.TopicCommand --bootstrap-server "$admin" --create --if-not-exists \
    --topic "$topic" --partitions "$partitions"
  kafka org.apache.kafka.tools.AclCommand --bootstrap-server "$admin" --add --allow-principal "$user" \
    --operation Read --operation Write --operation Describe --topic "$topic" >/dev/null
done
kafka org.apache.kafka.tools.AclCommand --bootstrap-server "$admin" --add --allow-principal "$user" \
  --operation Read --group homeward --resource-pattern-type prefixed >/dev/null
echo "topics and rights are as they should be"
