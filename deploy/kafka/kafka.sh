#!/usr/bin/env bash
# One Apache Kafka broker (KRaft, single node) on the loopback address, for tests and for trying things out.
# It is no production set-up: one node, one replica, no durability across a lost disk.
set -euo pipefail

usage() {
  cat <<'TEXT'
kafka.sh COMMAND [OPTIONS]

Commands
  jars      fetch Kafka's jars through Maven into the cache (once; needs Java 17 or later and mvn)
  start     format the storage when DIR is new, start the broker, wait until it answers
  stop      end the broker gently (SIGTERM) and wait for its end
  kill      end it at once (SIGKILL), as a power cut would
  restart   stop, then start with the settings that DIR remembers
  wait      wait until the broker answers
  status    print "running PID" or "stopped" (exit status 0 or 3)
  topic     create a topic: --name NAME [--topic-partitions N]
  produce   console producer: standard input, one record a line, to --name NAME
  consume   console consumer: --name NAME --max N, from the beginning
  run       run any class of Kafka: run --dir DIR -- CLASS ARGUMENTS...

Options
  --dir DIR              everything of this broker: data, logs, settings (needed by all but jars)
  --port P               listener without security on 127.0.0.1
  --controller-port Q    listener of the controller on 127.0.0.1
  --partitions N         partitions of a topic that is created by its first use (default 6)
  --scram                also listen with SASL_PLAINTEXT, SCRAM-SHA-256 and -512, on --sasl-port;
                         user "homeward", password from HOMEWARD_KAFKA_SCRAM_PASSWORD (default "homeward-test")
  --sasl-port S          port of that listener
  --log-dir DIR          where broker.log goes (default: DIR/log)
  --with-process PID     stop the broker when that process has ended, so that a killed test leaves nothing behind
  --timeout SECONDS      patience of start, stop and wait (default 60)

Environment
  XDG_CACHE_HOME         jars are kept in $XDG_CACHE_HOME/homeward/kafka-VERSION (default ~/.cache)
  HOMEWARD_KAFKA_HEAP    heap of the broker (default 512m)
TEXT
}

fail() { echo "kafka.sh: $*" >&2; exit 1; }

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kafka_version=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$here/pom.xml")
cache="${XDG_CACHE_HOME:-$HOME/.cache}/homeward/kafka-$kafka_version"
dependency_plugin="org.apache.maven.plugins:maven-dependency-plugin:3.8.1"

# ---- jars ------------------------------------------------------------------------------------------------------

# Copies the jars of pom.xml into the cache. A stamp holds the checksum of the pom, so that a changed pom is fetched
# again, and an interrupted download is never mistaken for a whole one.
fetch_jars() {
  command -v java >/dev/null || fail "java is missing. Install a Java 17 (deploy/test-deps.sh does it)."
  local wanted
  wanted=$(sha256sum <"$here/pom.xml")
  if [[ -f "$cache/complete" && "$(cat "$cache/complete")" == "$wanted" ]]; then return; fi
  command -v mvn >/dev/null || fail "mvn is missing. Install Maven (deploy/test-deps.sh does it)."
  mkdir -p "$(dirname "$cache")"
  exec 9>"$cache.lock"
  flock 9
  if [[ ! -f "$cache/complete" || "$(cat "$cache/complete")" != "$wanted" ]]; then
    echo "Fetching Apache Kafka $kafka_version through Maven (about 50 MB, once) ..." >&2
    local fresh="$cache.fetching.$$"
    rm -rf "$fresh"
    mvn -q -B -f "$here/pom.xml" "$dependency_plugin:copy-dependencies" \
      -DincludeScope=runtime "-DoutputDirectory=$fresh/libs" </dev/null >&2 \
      || fail "Maven could not fetch the jars. Is https://repo1.maven.org/ (or a mirror in ~/.m2/settings.xml) reachable?"
    echo "$wanted" >"$fresh/complete"
    rm -rf "$cache"
    mv "$fresh" "$cache"
  fi
  exec 9>&-
}

# ---- settings of one broker --------------------------------------------------------------------------------------

dir='' port='' controller_port='' sasl_port='' scram=no partitions=6 log_dir='' guarded='' timeout=60
name='' topic_partitions='' max=''
rest=()

read_options() {
  while (($#)); do
    case $1 in
      --dir) dir=$2; shift 2 ;;
      --port) port=$2; shift 2 ;;
      --controller-port) controller_port=$2; shift 2 ;;
      --partitions) partitions=$2; shift 2 ;;
      --scram) scram=yes; shift ;;
      --sasl-port) sasl_port=$2; shift 2 ;;
      --log-dir) log_dir=$2; shift 2 ;;
      --with-process) guarded=$2; shift 2 ;;
      --timeout) timeout=$2; shift 2 ;;
      --name) name=$2; shift 2 ;;
      --topic-partitions) topic_partitions=$2; shift 2 ;;
      --max) max=$2; shift 2 ;;
      --) shift; rest=("$@"); return ;;
      *) fail "unknown option $1 (see kafka.sh help)" ;;
    esac
  done
}

# Takes what DIR remembers for every setting that the command line left out.
recall() {
  [[ -n $dir ]] || fail "--dir is missing"
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  if [[ -f $dir/settings ]]; then
    local key value
    while IFS='=' read -r key value; do
      case $key in
        port) port=${port:-$value} ;;
        controller_port) controller_port=${controller_port:-$value} ;;
        sasl_port) sasl_port=${sasl_port:-$value} ;;
        scram) [[ $value == yes ]] && scram=yes ;;
        log_dir) log_dir=${log_dir:-$value} ;;
        guarded) guarded=${guarded:-$value} ;;
      esac
    done <"$dir/settings"
  fi
  log_dir=${log_dir:-$dir/log}
}

remember() {
  printf '%s\n' "port=$port" "controller_port=$controller_port" "sasl_port=$sasl_port" "scram=$scram" \
    "log_dir=$log_dir" "guarded=$guarded" >"$dir/settings"
}

write_properties() {
  local listeners="PLAINTEXT://127.0.0.1:$port" advertised="PLAINTEXT://127.0.0.1:$port"
  if [[ $scram == yes ]]; then
    [[ -n $sasl_port ]] || fail "--scram needs --sasl-port"
    listeners+=",SASL_PLAINTEXT://127.0.0.1:$sasl_port"
    advertised+=",SASL_PLAINTEXT://127.0.0.1:$sasl_port"
  fi
  cat >"$dir/server.properties" <<TEXT
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller_port
controller.listener.names=CONTROLLER
listeners=$listeners,CONTROLLER://127.0.0.1:$controller_port
advertised.listeners=$advertised
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512
log.dirs=$dir/data
num.partitions=$partitions
auto.create.topics.enable=true
# One node, so one replica of everything.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
# Tests wait for rebalances and restarts: keep the broker's own pauses short.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# The default buffer (128 MiB) is a quarter of the heap that we give.
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=2
TEXT
}

kafka_class() {
  local heap=$1
  shift
  java "-Xmx$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true \
    "-Dlog4j2.configurationFile=$here/log4j2.yaml" "-Dhomeward.kafka.log=${kafka_log:-INFO}" \
    -cp "$cache/libs/*" "$@"
}

format_storage() {
  [[ -f $dir/data/meta.properties ]] && return
  local users=()
  if [[ $scram == yes ]]; then
    local password=${HOMEWARD_KAFKA_SCRAM_PASSWORD:-homeward-test}
    users=(--add-scram "SCRAM-SHA-256=[name=homeward,password=$password]"
           --add-scram "SCRAM-SHA-512=[name=homeward,password=$password]")
  fi
  local cluster
  # No hyphen: an id that began with one would be read as an option.
  cluster=$(head -c 16 /dev/urandom | base64 | tr '+/' '__' | tr -d '=')
  kafka_class 256m kafka.tools.StorageTool format -t "$cluster" -c "$dir/server.properties" "${users[@]}" \
    >"$log_dir/format.log" 2>&1 </dev/null || { cat "$log_dir/format.log" >&2; fail "the storage could not be formatted"; }
}

# ---- life of the process -----------------------------------------------------------------------------------------

# Prints the process id when the broker of DIR runs. The command line is compared too: a process id is soon reused.
running() {
  local pid
  pid=$(cat "$dir/pid" 2>/dev/null) || return 1
  # A zombie has an empty command line, so it counts as ended.
  { tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF "$dir/server.properties"; } 2>/dev/null || return 1
  echo "$pid"
}

start() {
  [[ -n $port && -n $controller_port ]] || fail "start needs --port and --controller-port"
  if running >/dev/null; then fail "the broker of $dir runs already (process $(running))"; fi
  fetch_jars
  mkdir -p "$log_dir" "$dir/data"
  write_properties
  remember
  format_storage
  [[ -f $log_dir/broker.log ]] && mv "$log_dir/broker.log" "$log_dir/broker.previous.log"
  if [[ $scram == yes ]]; then
    local login=org.apache.kafka.common.security.scram.ScramLoginModule
    printf 'KafkaServer {\n  %s required;\n};\n' "$login" >"$dir/jaas.conf"
    set -- "-Djava.security.auth.login.config=$dir/jaas.conf"
  else
    set --
  fi
  (
    # A session of its own: an interrupt at the terminal ends the test, and the test (or the guard) ends the broker.
    exec setsid java "-Xmx${HOMEWARD_KAFKA_HEAP:-512m}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
      -Djava.awt.headless=true "-Dlog4j2.configurationFile=$here/log4j2.yaml" "$@" \
      -cp "$cache/libs/*" kafka.Kafka "$dir/server.properties" </dev/null >"$log_dir/broker.log" 2>&1
  ) &
  echo $! >"$dir/pid"
  [[ -n $guarded ]] && guard
  wait_until_ready
}

# Ends the broker once the guarded process is gone.
guard() {
  local pid
  pid=$(cat "$dir/pid")
  setsid bash -c '
    while kill -0 "$1" 2>/dev/null && kill -0 "$2" 2>/dev/null; do sleep 1; done
    kill -KILL "$2" 2>/dev/null
  ' guard "$guarded" "$pid" </dev/null >/dev/null 2>&1 &
}

wait_until_ready() {
  local deadline=$((SECONDS + timeout))
  while ((SECONDS < deadline)); do
    # The log line says that the broker is unfenced; the open port alone does not.
    if grep -q 'Kafka Server started' "$log_dir/broker.log" 2>/dev/null \
      && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      return
    fi
    if ! running >/dev/null && ! kill -0 "$(cat "$dir/pid" 2>/dev/null || echo none)" 2>/dev/null; then
      tail -n 30 "$log_dir/broker.log" >&2 || true
      fail "the broker ended while it started; its log is $log_dir/broker.log"
    fi
    sleep 0.1
  done
  tail -n 30 "$log_dir/broker.log" >&2 || true
  fail "the broker did not answer on port $port within $timeout seconds; its log is $log_dir/broker.log"
}

end_with() {
  local signal=$1 pid deadline=$((SECONDS + timeout))
  pid=$(running) || { rm -f "$dir/pid"; return 0; }
  kill "-$signal" "$pid" 2>/dev/null || true
  while running >/dev/null; do
    if ((SECONDS >= deadline)); then
      echo "kafka.sh: the broker did not end within $timeout seconds and is killed" >&2
      kill -KILL "$pid" 2>/dev/null || true
      deadline=$((SECONDS + timeout))
    fi
    sleep 0.05
  done
  rm -f "$dir/pid"
}

# ---- commands ------------------------------------------------------------------------------------------------------

command=${1:-help}
shift || true
read_options "$@"

case $command in
  help | --help | -h) usage ;;
  jars) fetch_jars; echo "$cache/libs" ;;
  start) recall; start ;;
  stop) recall; end_with TERM ;;
  kill) recall; end_with KILL ;;
  restart) recall; end_with TERM; start ;;
  wait) recall; wait_until_ready ;;
  status) recall; if pid=$(running); then echo "running $pid"; else echo stopped; exit 3; fi ;;
  topic)
    recall; kafka_log=ERROR
    [[ -n $name ]] || fail "topic needs --name"
    kafka_class 256m org.apache.kafka.tools.TopicCommand --bootstrap-server "127.0.0.1:$port" --create --if-not-exists \
      --topic "$name" --partitions "${topic_partitions:-$partitions}" --replication-factor 1 </dev/null ;;
  produce)
    recall; kafka_log=ERROR
    [[ -n $name ]] || fail "produce needs --name"
    kafka_class 256m org.apache.kafka.tools.ConsoleProducer --bootstrap-server "127.0.0.1:$port" --topic "$name" ;;
  consume)
    recall; kafka_log=ERROR
    [[ -n $name && -n $max ]] || fail "consume needs --name and --max"
    kafka_class 256m org.apache.kafka.tools.consumer.ConsoleConsumer --bootstrap-server "127.0.0.1:$port" \
      --topic "$name" --from-beginning --max-messages "$max" --timeout-ms $((timeout * 1000)) </dev/null ;;
  run) recall; kafka_log=ERROR; kafka_class 256m "${rest[@]}" ;;
  *) usage >&2; fail "unknown command $command" ;;
esac
