#!/usr/bin/env bash
# Gets the real servers that test/interop talks to, into .cache/interop. Nothing is installed on the machine, and
# nothing of it is changed: Debian's packages are unpacked, not installed.
#
# root/    the packages side by side, libraries and all, as a small system to chroot into, where every server has the
#          paths and users that it was built with, and mail servers that conflict as packages live together.
# haraka/  Haraka, from npm.
#
# Needs root (the servers run in a chroot), apt on Debian 12, and the archive. Done once; a second run takes no time.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=$PWD/.cache/interop
root=$cache/root

# each line is a set of packages that could be installed together
SETS=(
  'postfix sasl2-bin libsasl2-modules libsasl2-modules-db dovecot-core dovecot-lmtpd dovecot-submissiond m4 dash'
  'exim4-daemon-light'
  'opensmtpd'
  'nginx-light apache2 lighttpd busybox tinyproxy squid microsocks python3'
  'opendkim python3-dkim python3-nacl'
)
HARAKA=3.1.5
# ... with dependencies of the same time: a fresh release of one of them does not break the suite
HARAKA_BEFORE=2026-05-01
# what packages want for being installed, and none of the servers needs to run
NOT_NEEDED='^(adduser|cpio|cron.*|db.*-util|debconf|dns-root-data|dpkg|e2fsprogs|ed|exim4-config|gcc-.*-base'
NOT_NEEDED+='|init-system-helpers|iproute2|lib.*perl.*|libbpf1|libelf1|libcap2-bin|libpam-(modules|runtime).*'
NOT_NEEDED+='|lockfile-progs|logrotate|logsave|lsb-base|make|openssl|passwd|perl.*|procps|sensible-utils|ssl-cert'
NOT_NEEDED+='|sysvinit-utils|tar|ucf|usrmerge)$'

fail() {
  echo "interop-setup: $*" >&2
  exit 1
}

stamp=$(sha256sum "$0" | cut -d' ' -f1)
[ "$(cat "$cache/stamp" 2>/dev/null || true)" = "$stamp" ] || stale=yes
[ "$(id -u)" = 0 ] || fail 'needs root, for the servers run in a chroot; npm test needs neither'
[ "${stale:-no}" = yes ] || exit 0

for tool in apt-get dpkg-deb tar chroot npm; do command -v "$tool" >/dev/null || fail "needs $tool"; done
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-unknown}")
[ "$release" = bookworm ] || fail "needs the packages of Debian 12 (bookworm), and this is '$release'"

rm -rf "$cache"
mkdir -p "$cache"/{packages,root,haraka,apt/lists/partial,apt/archives/partial}

npm_log=$cache/npm.log
echo '{ "private": true }' >"$cache/haraka/package.json"
npm install --prefix "$cache/haraka" --no-audit --no-fund --omit=optional --before="$HARAKA_BEFORE" \
  "Haraka@$HARAKA" >"$npm_log" 2>&1 &
haraka=$!
trap 'kill "$haraka" 2>/dev/null || true' EXIT

# apt with lists and a state of its own, in which nothing is installed
apt=(apt-get -qq -o "Dir::State=$cache/apt" -o Dir::State::Status=/dev/null -o "Dir::Cache=$cache/apt"
  -o APT::Sandbox::User=root -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20)
# apt-get update only warns where nothing was to be reached
"${apt[@]}" update && "${apt[@]}" --simulate install postfix >/dev/null 2>&1 ||
  fail 'no packages to be had: is the archive of Debian in reach?'

# the closure of each set by itself
closure() {
  for set in "${SETS[@]}"; do
    "${apt[@]}" --simulate --no-install-recommends install $set | awk '/^Inst/ {print $2}' || exit 1
  done | sort -u | grep -Ev "$NOT_NEEDED"
}
packages=$(closure) || fail 'a package is not to be had'
(cd "$cache/packages" && "${apt[@]}" download $packages) || fail 'a download failed'

for package in "$cache"/packages/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink --exclude='./usr/share/doc' \
    --exclude='./usr/share/man' --exclude='./usr/share/locale'
done
rm -rf "$cache/packages" "$cache/apt"

# what a system has beside its packages
mkdir -p "$root"/{dev/shm,etc,proc,run,tmp,var/mail,var/run,var/spool,var/tmp,bin}
ln -sf dash "$root/bin/sh"
chmod 1777 "$root"/{tmp,var/tmp,dev/shm}
for device in 'null 1 3' 'zero 1 5' 'random 1 8' 'urandom 1 9'; do
  set -- $device
  [ -e "$root/dev/$1" ] || mknod -m 666 "$root/dev/$1" c "$2" "$3" || fail 'needs to make devices (CAP_MKNOD)'
done
cat >"$root/etc/passwd" <<'USERS'
root:x:0:0:root:/root:/bin/false
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
mail:x:8:8:mail:/var/mail:/bin/false
daemon:x:1:1:daemon:/:/bin/false
proxy:x:13:13:proxy:/bin:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
postfix:x:61001:61001::/var/spool/postfix:/bin/false
Debian-exim:x:61003:61003::/var/spool/exim4:/bin/false
opensmtpd:x:61004:61004::/var/lib/opensmtpd/empty:/bin/false
opensmtpq:x:61005:61005::/var/lib/opensmtpd/empty:/bin/false
dovecot:x:61006:61006::/usr/lib/dovecot:/bin/false
dovenull:x:61007:61007::/nonexistent:/bin/false
reader:x:61010:61010:Reader:/home/reader:/bin/sh
USERS
sed -E 's/^([^:]+):x:[0-9]+:([0-9]+):.*/\1:x:\2:/' "$root/etc/passwd" >"$root/etc/group"
echo 'postdrop:x:61002:' >>"$root/etc/group"
sed -E 's/^([^:]+):.*/\1:*:19000:0:99999:7:::/' "$root/etc/passwd" >"$root/etc/shadow"
chmod 600 "$root/etc/shadow"
echo '127.0.0.1 localhost mail.test' >"$root/etc/hosts"
printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\nservices: files\nprotocols: files\naliases: files\n' \
  >"$root/etc/nsswitch.conf"
# no name is ever asked of anybody
echo 'nameserver 127.0.0.1' >"$root/etc/resolv.conf"
echo mail.test >"$root/etc/mailname"
mkdir -p "$root/home/reader" && chown 61010:61010 "$root/home/reader"
chroot "$root" /bin/sh -c 'exit 0' || fail 'needs to chroot (CAP_SYS_CHROOT)'

wait "$haraka" || { cat "$npm_log" >&2 && fail "Haraka $HARAKA is not to be had"; }
echo "$stamp" >"$cache/stamp"
