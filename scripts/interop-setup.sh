#!/usr/bin/env bash
# Gets the real servers that test/interop talks to.
#
# Web servers and proxies are installed as packages (test/interop/packages.txt), without being started. Mail servers
# refuse to be installed next to one another, and next to one that the machine needs: they go into .cache/interop.
#
# root/    Debian's own packages, unpacked side by side, libraries and all, as a small system to chroot into, where
#          OpenSMTPD and Exim have the paths and users that they were built with.
# haraka/  Haraka, from npm.
#
# Needs root (for apt-get and chroot) and Debian 12. Done once; a second run takes no time.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=$PWD/.cache/interop

# each line is a set of packages that could be installed together
SERVERS=(
  'postfix sasl2-bin libsasl2-modules libsasl2-modules-db dovecot-core dovecot-lmtpd dovecot-submissiond m4 dash'
  'exim4-daemon-light'
  'opensmtpd'
  'sendmail-bin'
)
HARAKA=3.1.5
# ... with dependencies of the same time: a fresh release of one of them does not break the suite
HARAKA_BEFORE=2026-05-01
# what packages want for being installed, and none of the servers needs to run
NOT_NEEDED='^(adduser|cpio|cron.*|db.*-util|debconf|dpkg|e2fsprogs|ed|exim4-config|gcc-.*-base|init-system-helpers'
NOT_NEEDED+='|lib.*perl.*|libpam-(modules|runtime).*|lockfile-progs|logsave|lsb-base|make|openssl|passwd|perl.*|procps'
NOT_NEEDED+='|sensible-utils|ssl-cert|sysvinit-utils|tar|ucf|usrmerge)$'

fail() {
  echo "interop-setup: $*" >&2
  exit 1
}

missing_packages() {
  while read -r package; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q ' installed$' || echo "$package"
  done <test/interop/packages.txt
}
missing=$(missing_packages)
stamp=$(sha256sum "$0" | cut -d' ' -f1)
unpacked=$(cat "$cache/stamp" 2>/dev/null || true)
[ -z "$missing" ] && [ "$unpacked" = "$stamp" ] && exit 0

[ "$(id -u)" = 0 ] || fail 'needs root: packages are installed, and the mail servers run in a chroot'
for tool in apt-get dpkg-deb tar npm; do command -v "$tool" >/dev/null || fail "needs $tool"; done
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || fail 'the lists of packages are not to be had'

if [ -n "$missing" ]; then
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    # what is installed here is not to be started here
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  # --no-remove: a package that would push another from the machine is not worth it
  apt-get install -qq -y --no-install-recommends --no-remove $missing >/dev/null || fail "not to be installed: $missing"
fi
[ "$unpacked" = "$stamp" ] && exit 0

rm -rf "$cache"
mkdir -p "$cache/packages" "$cache/root" "$cache/haraka"

# the closure of each set by itself, as if nothing were installed
closure() {
  for set in "${SERVERS[@]}"; do
    apt-get --simulate --no-install-recommends -o Dir::State::Status=/dev/null install $set | awk '/^Inst/ {print $2}' ||
      exit 1
  done | sort -u | grep -Ev "$NOT_NEEDED"
}
packages=$(closure) || fail 'a package is not to be had'
(cd "$cache/packages" && apt-get download -qq -o APT::Sandbox::User=root $packages) || fail 'a download failed'

root=$cache/root
for package in "$cache"/packages/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink --exclude='./usr/share/doc' \
    --exclude='./usr/share/man' --exclude='./usr/share/locale'
done
rm -rf "$cache/packages"

# what a system has beside its packages
mkdir -p "$root"/{dev,etc,proc,run,tmp,var/mail,var/run,var/spool,var/tmp,bin}
ln -sf dash "$root/bin/sh"
chmod 1777 "$root/tmp" "$root/var/tmp"
for device in 'null 1 3' 'zero 1 5' 'random 1 8' 'urandom 1 9'; do
  set -- $device
  [ -e "$root/dev/$1" ] || mknod -m 666 "$root/dev/$1" c "$2" "$3" || fail 'needs to make devices (CAP_MKNOD)'
done
cat >"$root/etc/passwd" <<'USERS'
root:x:0:0:root:/root:/bin/false
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
mail:x:8:8:mail:/var/mail:/bin/false
daemon:x:1:1:daemon:/:/bin/false
postfix:x:61001:61001::/var/spool/postfix:/bin/false
Debian-exim:x:61003:61003::/var/spool/exim4:/bin/false
opensmtpd:x:61004:61004::/var/lib/opensmtpd/empty:/bin/false
opensmtpq:x:61005:61005::/var/lib/opensmtpd/empty:/bin/false
dovecot:x:61006:61006::/usr/lib/dovecot:/bin/false
dovenull:x:61007:61007::/nonexistent:/bin/false
smmta:x:61008:61008::/var/lib/sendmail:/bin/false
smmsp:x:61009:61009::/var/lib/sendmail:/bin/false
reader:x:61010:61010:Reader:/home/reader:/bin/false
USERS
sed -E 's/^([^:]+):x:[0-9]+:([0-9]+):.*/\1:x:\2:/' "$root/etc/passwd" >"$root/etc/group"
echo 'postdrop:x:61002:' >>"$root/etc/group"
sed -E 's/^([^:]+):.*/\1:*:19000:0:99999:7:::/' "$root/etc/passwd" >"$root/etc/shadow"
chmod 600 "$root/etc/shadow"
printf '127.0.0.1 localhost mail.test\n::1 localhost\n' >"$root/etc/hosts"
printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\nservices: files\nprotocols: files\naliases: files\n' \
  >"$root/etc/nsswitch.conf"
# no name is ever asked of anybody
echo 'nameserver 127.0.0.1' >"$root/etc/resolv.conf"
echo mail.test >"$root/etc/mailname"
mkdir -p "$root/home/reader" && chown 61010:61010 "$root/home/reader"

echo '{ "private": true }' >"$cache/haraka/package.json"
npm install --prefix "$cache/haraka" --silent --no-audit --no-fund --omit=optional --before="$HARAKA_BEFORE" \
  "Haraka@$HARAKA" || fail "Haraka $HARAKA is not to be had"

echo "$stamp" >"$cache/stamp"
