#!/bin/bash
# Runs both of the README's commands in a fresh root:  tools/dev/bare-root.sh FOLDER [SUITE...]   (as root; all suites unless named)
# FOLDER becomes a minimal Debian 12 (debootstrap) with a clone of this repository's HEAD in /root/ingot, and stays for a look.
set -euo pipefail
root=${1:?usage: tools/dev/bare-root.sh FOLDER [SUITE...]}
shift
repository=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
command -v debootstrap >/dev/null || { echo "bare-root: debootstrap is missing: apt-get install debootstrap" >&2; exit 1; }

[ -e "$root/etc/debian_version" ] || debootstrap --variant=minbase bookworm "$root"
rm -rf "$root/root/ingot"
git clone -q --no-hardlinks "$repository" "$root/root/ingot"
cp /etc/resolv.conf "$root/etc/"
for where in proc dev; do mountpoint -q "$root/$where" || mount --rbind "/$where" "$root/$where"; done
trap 'umount -l "$root/proc" "$root/dev"' EXIT

inside() { env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 /usr/sbin/chroot "$root" /bin/bash -c "cd /root/ingot && $*"; }
inside "scripts/demo.sh"
inside "scripts/test.sh $*"
