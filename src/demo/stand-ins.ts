/** The scripts that play the parts of pacman and systemd in the throw-away host. */
import { LIBRARY, OLD_KERNEL, PACMAN_SAYS, REPLACED, SERVICE } from './contents.ts'

/** Where the files of the upgrade wait, and what else only the stand-ins know. */
export const BACKSTAGE = '/var/demo'

/**
 * Plays pacman's part: asks the package's real hook script, then replaces files as pacman does, by
 * others with the same names.
 */
export const PACMAN = `#!/bin/sh
set -e
/usr/lib/kured-sentinel/bin/note-replaced <<END
${REPLACED.join('\n')}
END
local=/var/lib/pacman/local
rm -r $local/linux-${OLD_KERNEL.version} $local/libhello-1.0-1 /usr/lib/modules/${OLD_KERNEL.release}
cp ${LIBRARY} ${LIBRARY}.new
mv ${LIBRARY}.new ${LIBRARY}
cp -r ${BACKSTAGE}/upgrade/. /
cat <<END
${PACMAN_SAYS.join('\n')}
END
`

/** Plays systemd's part: a system that runs, and answers about its one service. */
export const SYSTEMCTL = `#!/bin/sh
case " $* " in
*' is-system-running '*) echo running; exit ;;
esac
while [ "$1" != -- ]; do shift || exit; done
shift
for unit; do
  cat ${BACKSTAGE}/units/$unit 2>/dev/null || echo LoadState=not-found
  echo
done
`

export const SERVICE_STATE = `Id=${SERVICE}
Names=${SERVICE}
LoadState=loaded
ActiveState=active
SubState=running
Type=simple
KillMode=control-group
SendSIGKILL=yes
ControlGroup=/system.slice/${SERVICE}
`

/**
 * Plays the boot, as process 1: what the kernel says of itself, /proc and /run anew, and the
 * service, which is a shell that waits. Its cgroup is a file, as an ordinary user can make no cgroup.
 * Nor may one follow map_files, whatever namespace it is in: links to the same file stand for it then.
 * [fs/proc/base.c, proc_map_files_get_link]
 *
 * Nothing of the machine is left above it but what was bound into \`root\`.
 */
export function bootScript(root: string): string {
  return `set -e
PATH=/usr/bin:/usr/sbin
cd ${root}
mount -t proc proc proc
mount -t tmpfs -o mode=755 run run
pivot_root . old
cd /
umount -l /old
for fact in osrelease version random/boot_id; do
  mount --bind ${BACKSTAGE}/boot/$fact /proc/sys/kernel/$fact
done
mkdir /run/kured-sentinel
: >/run/kured-sentinel/since-boot
mkfifo /run/hello
LD_PRELOAD=${LIBRARY} /usr/bin/hello -c 'read wait <>/run/hello' &
echo 0::/system.slice/${SERVICE} >/run/hello.cgroup
mount --bind /run/hello.cgroup /proc/$!/cgroup
tries=0
until grep -q ${LIBRARY} /proc/$!/maps; do
  tries=$((tries + 1))
  [ $tries -lt 200 ]
  sleep 0.02
done
ln -f ${LIBRARY} ${BACKSTAGE}/mapped
ranges=$(grep ${LIBRARY} /proc/$!/maps | cut -d' ' -f1)
for range in $ranges; do
  stat -L /proc/$!/map_files/$range >/dev/null 2>&1 || forbidden=yes
done
if [ "$forbidden" ]; then
  mkdir /run/map_files
  for range in $ranges; do ln -s ${BACKSTAGE}/mapped /run/map_files/$range; done
  mount --bind /run/map_files /proc/$!/map_files
fi
echo ready
exec sleep 60
`
}
