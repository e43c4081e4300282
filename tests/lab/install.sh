#!/bin/sh
# Install those of the packages in packages.txt that are missing. Does nothing, and
# needs no privilege, when all are there.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
missing=
for package in $(sed 's/#.*//' "$here/packages.txt"); do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
echo "packet lab: installing$missing"
$sudo apt-get -qq update
# shellcheck disable=SC2086  # one word per package is what is wanted
$sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install $missing >/dev/null
