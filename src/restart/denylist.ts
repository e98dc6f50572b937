import { basename } from 'node:path'
import { fnmatch } from '../text/fnmatch.ts'
import { NETWORK, STORAGE } from './carrier.ts'
import type { Occupant } from '../proc/occupants.ts'
import { UNITS } from '../systemd/jobs.ts'

const MACHINES = 'containers and virtual machines would stop, or keep running its old code'

/**
 * Services that are not restarted unless the configuration allows it, with the reason: by the names
 * of their units, and of the programs in them, whatever the unit is called.
 */
const DENYLIST: readonly { why: string; services: string }[] = [
  {
    why: MACHINES,
    services: `
      containerd* crio cri-o docker* podman* conmon* crun runc youki libvirt* virt*d virtiofsd lxc*
      lxd* incus* xendomains systemd-nspawn* systemd-machined qemu@* qemu-system-* qemu-kvm
      firecracker* jailer cloud-hypervisor crosvm kata-* VBoxHeadless vmware-vmx`,
  },
  {
    why: 'a restart would start another version of Kubernetes, without a drain',
    services: 'kubelet* kube-* hyperkube k3s* k0s* rke2* etcd*',
  },
  {
    why: 'every program on the bus would be cut off',
    services: 'dbus dbus-broker',
  },
  {
    why: 'sessions and inhibitors would be lost',
    services: 'systemd-logind elogind',
  },
  {
    // An enabled display manager has the alias display-manager.service.
    why: 'the sessions in it would end',
    services: `
      display-manager gdm* greetd lightdm lxdm ly ly@* nodm sddm slim wdm xdm* xrdp*
      getty@* serial-getty@* container-getty@* console-getty autovt@* emergency rescue
      user@* user-runtime-dir@*`,
  },
  {
    why: 'audit records would be lost',
    services: 'auditd',
  },
  {
    // And what the unit itself says: see carrier.ts.
    why: NETWORK,
    services: `
      systemd-networkd NetworkManager ModemManager connman* iwd wpa_supplicant* hostapd* dhcpcd*
      dhclient* netctl* bird* frr* watchfrr zebra bgpd ospfd gobgpd openvpn* tinc* strongswan* libreswan* ipsec charon* firewalld
      keepalived haproxy* openvswitch* ovs-* ovsdb-* ovn-* tailscaled zerotier-one* nebula* netbird*
      netclient* wg-quick@* wireguard-* boringtun* flanneld* calico* cilium* weave* antrea*`,
  },
  {
    why: STORAGE,
    services: `
      iscsid iscsiuio open-iscsi tgtd multipathd nvmf* nbd-* qemu-nbd ceph-* radosgw* rbd* gluster*
      drbd* linstor* beegfs* mfs* moosefs* zfs-fuse lxcfs* nfs-* nfsd* rpc-* rpc.* rpcbind
      lvmlockd* sanlock* wdmd*`,
  },
  {
    why: 'the cluster may lose its quorum, and fence this node',
    services: 'corosync* pacemaker* sbd* dlm* booth* consul consul@* zookeeper*',
  },
]

/** Special files whose holder carries something that ends with it, whatever it is called. */
const DEVICES: readonly { why: string; device: RegExp }[] = [
  { why: MACHINES, device: /^\/dev\/(kvm|vhost-(net|vsock|scsi))$/ },
  { why: NETWORK, device: /^\/dev\/(net\/tun|vfio\/.*)$/ },
  { why: STORAGE, device: /^\/dev\/(fuse|drbd.*)$/ },
  { why: 'its watchdog could reset the host', device: /^\/dev\/watchdog\d*$/ },
]

/** Our own jobs: a restart would start another upgrade, or interrupt one. */
const OURS: readonly string[] = Object.values(UNITS)

/** Whether the unit is one of the jobs that run pacman: never restarted, whatever is configured. */
export function runsPacman(names: readonly string[]): boolean {
  return names.some((name) => OURS.includes(name))
}

/** Why a unit with these names (including aliases) is on the denylist; undefined when it is not. */
export function whyDenied(names: readonly string[]): string | undefined {
  const patterns = (services: string) => words(services).map((word) => `${word}.service`)
  return DENYLIST.find(({ services }) => matching(patterns(services), names) !== undefined)?.why
}

/**
 * Why a unit with these processes is left alone; undefined when nothing tells. The unit's name
 * proves nothing: qemu@web.service and a Quadlet's web.service are an administrator's to choose.
 */
export function whyOccupied(occupants: readonly Occupant[]): string | undefined {
  const container = occupants.find((occupant) => occupant.container)
  if (container !== undefined) return `${MACHINES} (PID ${container.pid})`
  for (const { why, services } of DENYLIST) {
    const found = occupants.find(isOneOf(words(services)))
    if (found !== undefined) return `${why} (${found.executable}, PID ${found.pid})`
  }
  for (const { why, device } of DEVICES) {
    for (const { pid, devices } of occupants) {
      const held = devices.find((path) => device.test(path))
      if (held !== undefined) return `${why} (${held}, PID ${pid})`
    }
  }
  return undefined
}

/** Tells whether a process's program has one of these names. */
export function isOneOf(patterns: readonly string[]): (occupant: Occupant) => boolean {
  return ({ executable }) => matching(patterns, [basename(executable)]) !== undefined
}

export function words(text: string): string[] {
  return text.trim().split(/\s+/)
}

/** The first pattern that matches one of the names. */
export function matching(
  patterns: readonly string[],
  names: readonly string[],
): string | undefined {
  return patterns.find((pattern) => names.some(fnmatch(pattern)))
}
