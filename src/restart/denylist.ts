import { fnmatch } from '../text/fnmatch.ts'
import { UNITS } from '../systemd/jobs.ts'

/** Services that are not restarted unless the configuration allows it, with the reason. */
const DENYLIST: readonly { why: string; services: string }[] = [
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
    why: 'the network may go down with it',
    services: `
      NetworkManager ModemManager iwd wpa_supplicant* dhcpcd* dhclient* netctl* bird* frr* openvpn*
      tinc* strongswan* libreswan* ipsec firewalld keepalived`,
  },
  {
    why: 'containers and virtual machines would stop, or keep running its old code',
    services: `
      containerd crio cri-o docker* podman* libvirt* virt*d lxc* lxd* incus* xendomains
      systemd-nspawn@* systemd-machined`,
  },
  {
    why: 'a restart would start another version of Kubernetes, without a drain',
    services: 'kubelet* kube-* k3s* k0s* rke2* etcd*',
  },
]

/** Our own jobs: a restart would start another upgrade, or interrupt one. */
const OURS: readonly string[] = Object.values(UNITS)

/** Whether the unit is one of the jobs that run pacman: never restarted, whatever is configured. */
export function runsPacman(names: readonly string[]): boolean {
  return names.some((name) => OURS.includes(name))
}

/** Why a unit with these names (including aliases) is on the denylist; undefined when it is not. */
export function whyDenied(names: readonly string[]): string | undefined {
  return DENYLIST.find(({ services }) => {
    const patterns = services.trim().split(/\s+/)
    return matching(
      patterns.map((pattern) => `${pattern}.service`),
      names,
    )
  })?.why
}

/** The first pattern that matches one of the names. */
export function matching(
  patterns: readonly string[],
  names: readonly string[],
): string | undefined {
  return patterns.find((pattern) => names.some(fnmatch(pattern)))
}
