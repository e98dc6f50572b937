#!/bin/bash
# Makes kured-sentinel-VERSION.tar.gz, the PKGBUILD's source, beside the PKGBUILD or in $1, from the
# working tree: all files that git does not ignore. The same files always give the same tarball.
set -euo pipefail
checkout=$(cd "$(dirname "$0")/.." && pwd)
output=$(cd "${1:-$checkout}" && pwd)
cd "$checkout"

version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
name=kured-sentinel-$version
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# git also lists files that are removed in the working tree only.
git ls-files -z --cached --others --exclude-standard --exclude="/$name.tar.gz.partial" --deduplicate |
  while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
  LC_ALL=C sort -z |
  tar --create --null --no-recursion --files-from=- --format=ustar --transform="s,^,$name/," \
    --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$epoch" |
  gzip -9 --no-name >"$output/$name.tar.gz.partial"
mv "$output/$name.tar.gz.partial" "$output/$name.tar.gz"
echo "$output/$name.tar.gz"
