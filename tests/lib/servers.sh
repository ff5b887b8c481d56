# Throw-away servers for tests. Source it, call servers_up, and servers_down when done.
# Sets TEST_PG (Npgsql connection string of a superuser), TEST_REDIS (host:port) and TEST_S3 (http://KEY:SECRET@host:port).

. "$(dirname "${BASH_SOURCE[0]}")/s3.sh"

free_port() {
  python3 - <<'PY' 2>/dev/null || shuf -i 20000-30000 -n 1
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])
PY
}

need_packages() {
  local missing=()
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
  command -v redis-server >/dev/null || missing+=(redis-server)
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  missing+=($(s3_packages))
  # Where the distribution has it; the suites have a stand-in for its type.
  local vector="postgresql-$(ls /usr/lib/postgresql 2>/dev/null | sort -V | tail -n 1)-pgvector"
  [ "$(id -u)" = 0 ] && apt-cache show "$vector" >/dev/null 2>&1 && ! dpkg -s "$vector" >/dev/null 2>&1 && missing+=("$vector")
  for name in "$@"; do command -v "$name" >/dev/null || missing+=("$(package_of "$name")"); done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "missing: ${missing[*]}. Install them, or run as root on Debian or Ubuntu." >&2
    return 1
  fi
  echo "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

package_of() { case $1 in ceph) echo ceph-common ;; borg) echo borgbackup ;; /usr/bin/time) echo time ;; *) echo "$1" ;; esac; }

# PostgreSQL refuses to run as root.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups "$@"; else "$@"; fi
}

# Makes a server in $SERVERS/NAME and starts it; further arguments are lines of its configuration. Its port is in POSTGRES_PORT, and
# $SERVERS/NAME/start starts it again.
postgres_make() {
  local name=$1 bin as=()
  shift
  bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  POSTGRES_PORT=$(free_port)
  mkdir -p "$SERVERS/$name"
  [ "$(id -u)" = 0 ] && chown postgres "$SERVERS/$name" && as=(setpriv --reuid=postgres --regid=postgres --init-groups)
  as_postgres "$bin/initdb" -D "$SERVERS/$name/data" -U postgres -A trust --no-sync -E UTF8 --locale=C.UTF-8 >"$SERVERS/$name.log" 2>&1 \
    || { echo "initdb failed:" >&2; cat "$SERVERS/$name.log" >&2; return 1; }
  cat >>"$SERVERS/$name/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $POSTGRES_PORT
unix_socket_directories = '$SERVERS/$name'
wal_level = logical
fsync = off
max_connections = 200
max_wal_senders = 40
max_replication_slots = 40
max_wal_size = 2GB
shared_buffers = 256MB
$(printf '%s\n' "$@")
CONF
  printf '%s ' "#!/usr/bin/env bash"$'\n'exec "${as[@]}" "$bin/pg_ctl" -D "$SERVERS/$name/data" -l "$SERVERS/$name/server.log" -w start >"$SERVERS/$name/start"
  chmod 755 "$SERVERS/$name/start"
  "$SERVERS/$name/start" >/dev/null || { echo "PostgreSQL did not start:" >&2; cat "$SERVERS/$name/server.log" >&2; return 1; }
}

# Makes $SERVERS/NAME a standby of the server at a port, and starts it; its port is in POSTGRES_PORT.
postgres_standby() {
  local name=$1 of=$2 bin as=()
  bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  POSTGRES_PORT=$(free_port)
  mkdir -p "$SERVERS/$name"
  [ "$(id -u)" = 0 ] && chown postgres "$SERVERS/$name" && as=(setpriv --reuid=postgres --regid=postgres --init-groups)
  as_postgres "$bin/pg_basebackup" -h 127.0.0.1 -p "$of" -U postgres -D "$SERVERS/$name/data" -R -X stream -c fast --no-sync >"$SERVERS/$name.log" 2>&1 \
    || { echo "pg_basebackup failed:" >&2; cat "$SERVERS/$name.log" >&2; return 1; }
  printf '%s\n' "port = $POSTGRES_PORT" "unix_socket_directories = '$SERVERS/$name'" >>"$SERVERS/$name/data/postgresql.conf"
  printf '%s ' "#!/usr/bin/env bash"$'\n'exec "${as[@]}" "$bin/pg_ctl" -D "$SERVERS/$name/data" -l "$SERVERS/$name/server.log" -w start >"$SERVERS/$name/start"
  chmod 755 "$SERVERS/$name/start"
  "$SERVERS/$name/start" >/dev/null || { echo "the standby did not start:" >&2; cat "$SERVERS/$name/server.log" >&2; return 1; }
}

postgres_up() {
  postgres_make pg || return 1
  export TEST_PG="Host=127.0.0.1;Port=$POSTGRES_PORT;Username=postgres;Database=postgres"
  export TEST_PG_PORT=$POSTGRES_PORT
}

redis_up() {
  local port
  port=$(free_port)
  redis-server --port "$port" --bind 127.0.0.1 --save "" --daemonize yes --dir "$SERVERS" --pidfile "$SERVERS/redis.pid" --logfile "$SERVERS/redis.log" >/dev/null
  for _ in $(seq 100); do redis-cli -p "$port" ping >/dev/null 2>&1 && { export TEST_REDIS=127.0.0.1:$port; return 0; }; sleep 0.05; done
  echo "Redis did not start:" >&2; cat "$SERVERS/redis.log" >&2; return 1
}

servers_up() {
  SERVERS=$(mktemp -d /tmp/backup-tests.XXXXXX)
  chmod 755 "$SERVERS"
  postgres_up && redis_up && s3_up
}

servers_down() {
  [ -n "${SERVERS:-}" ] || return 0
  local bin data
  bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  for data in "$SERVERS"/*/data; do [ -d "$data" ] && as_postgres "$bin/pg_ctl" -D "$data" -m immediate stop >/dev/null 2>&1; done
  s3_down
  [ -s "$SERVERS/redis.pid" ] && kill "$(cat "$SERVERS/redis.pid")" 2>/dev/null
  rm -rf "$SERVERS"
}
