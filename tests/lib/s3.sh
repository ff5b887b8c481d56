# An S3 endpoint for tests: Ceph's gateway over one monitor, one manager and one object store in memory. Sourced by servers.sh.

s3_packages() { for name in radosgw ceph-mon ceph-mgr ceph-osd ceph; do command -v "$name" >/dev/null || package_of "$name"; done; }

# Sets TEST_S3 (http://KEY:SECRET@host:port). Under load a daemon of Ceph may refuse the first who asks it, so it may begin anew.
s3_up() {
  local attempt
  for attempt in 1 2 3; do
    s3_start && return 0
    s3_down
  done
  echo "the S3 server did not start:" >&2
  tail -n 20 "$SERVERS"/s3/*.log >&2
  return 1
}

s3_start() {
  local dir=$SERVERS/s3 port mon fsid osd
  port=$(free_port) mon=$(free_port) fsid=$(cat /proc/sys/kernel/random/uuid) osd=$(cat /proc/sys/kernel/random/uuid)
  rm -rf "$dir"
  mkdir -p "$dir"/{mon,mgr,osd,rgw,run,log}
  export CEPH_CONF=$dir/ceph.conf
  # Without update_on_start the store does not enter itself into the map by calls that need authentication.
  cat >"$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon_host = v1:127.0.0.1:$mon
ms_bind_msgr2 = false
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
run_dir = $dir/run
admin_socket = $dir/run/\$name.asok
pid_file = $dir/run/\$name.pid
log_file = $dir/log/\$name.log
crash_dir = $dir/log
keyring = $dir/keyring
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_crush_update_on_start = false
osd_class_update_on_start = false
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data_avail_warn = 1
mon_data_avail_crit = 1
[mon]
mon_data = $dir/mon
mon_initial_members = a
mon_cluster_log_file = $dir/log/cluster.log
paxos_propose_interval = 0.05
[mgr]
mgr_data = $dir/mgr
mgr_initial_modules =
[osd]
osd_data = $dir/osd
osd_journal =
osd_objectstore = memstore
memstore_device_bytes = 4294967296
osd_class_load_list = *
osd_class_default_list = *
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:$port
rgw_data = $dir/rgw
rgw_run_sync_thread = false
rgw_thread_pool_size = 64
CONF
  {
    ceph-authtool --create-keyring "$dir/keyring" --gen-key -n mon. --cap mon 'allow *' \
      && ceph-authtool "$dir/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' \
      && monmaptool --create --fsid "$fsid" --addv a "[v1:127.0.0.1:$mon]" "$dir/monmap" \
      && ceph-mon --mkfs -i a --monmap "$dir/monmap" --keyring "$dir/keyring" && ceph-mon -i a \
      && ceph osd new "$osd" 0 && ceph osd crush add-bucket h host && ceph osd crush move h root=default && ceph osd crush add osd.0 1.0 host=h \
      && ceph-osd -i 0 --mkfs --osd-uuid "$osd" && ceph-osd -i 0 && ceph-mgr -i x && radosgw -n client.rgw
  } >"$dir/up.log" 2>&1 </dev/null || return 1
  for _ in $(seq 300); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
  radosgw-admin user create --uid=test --display-name=test --access-key=testkey --secret-key=testsecret >"$dir/user.log" 2>&1 || return 1
  export TEST_S3=http://testkey:testsecret@127.0.0.1:$port
}

s3_down() {
  local pid
  for pid in "$SERVERS"/s3/run/*.pid; do [ -s "$pid" ] && kill -9 "$(cat "$pid")" 2>/dev/null; done
}
