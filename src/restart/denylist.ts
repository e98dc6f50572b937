import { fnmatch } from '../text/fnmatch.ts'
import { UNITS } from '../systemd/jobs.ts'

/** What is never restarted unless the configuration allows it: services, and why, in its words. */
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
    // A display manager that is enabled has display-manager.service for an alias.
    why: 'the sessions in it would end',
    services: `
      display-manager gdm* greetd lightdm lxdm ly ly@* nodm sddm slim wdm xdm* xrdp*
      getty@* serial-getty@* container-getty@* console-getty autovt@* emergency rescue
      user@* user-runtime-dir@*`,
  },
  {
    why: 'records of the audit would be lost',
    services: 'auditd',
  },
  {
    why: 'the network may go down with it',
    services: `
      NetworkManager ModemManager iwd wpa_supplicant* dhcpcd* dhclient* netctl* bird* frr* openvpn*
      tinc* strongswan* libreswan* ipsec firewalld keepalived`,
  },
  {
    why: 'containers and machines would stop with it, or go on with its old code',
    services: `
      containerd crio cri-o docker* podman* libvirt* virt*d lxc* lxd* incus* xendomains
      systemd-nspawn@* systemd-machined`,
  },
  {
    why: 'its restart would start another version of Kubernetes, without a drain',
    services: 'kubelet* kube-* k3s* k0s* rke2* etcd*',
  },
]

/** Our own jobs: to restart one would run another upgrade, or cut one in half. */
const OURS: readonly string[] = Object.values(UNITS)

/** Whether the unit is one of the jobs that run pacman; no configuration allows that. */
export function runsPacman(names: readonly string[]): boolean {
  return names.some((name) => OURS.includes(name))
}

/** Why a unit with these names (its own, and aliases) is not restarted by default, if so. */
export function whyDenied(names: readonly string[]): string | undefined {
  return DENYLIST.find(({ services }) => {
    const patterns = services.trim().split(/\s+/)
    return matching(
      patterns.map((pattern) => `${pattern}.service`),
      names,
    )
  })?.why
}

/** The first of the patterns that one of the names matches. */
export function matching(
  patterns: readonly string[],
  names: readonly string[],
): string | undefined {
  return patterns.find((pattern) => names.some(fnmatch(pattern)))
}
