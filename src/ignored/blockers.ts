import type { WaitingPackage, SimulationOutput } from './simulation-output.ts'

/** A held package that stops an upgrade, and by what. */
export interface UpgradeBlocker {
  /** the held package */
  package: string
  /** undefined when it is not installed, and is held all the same */
  installed?: string | undefined
  available: string
  /**
   * needed: another package needs a newer version of it; needs: it needs an older version of
   * another; conflict: it cannot stand beside another
   */
  kind: 'needed' | 'needs' | 'conflict'
  /** the dependency as it is declared, or the package it is in conflict with */
  dependency: string
  /** the other side: "kubelet 1.31.0-1", "installing x (2-1)" */
  by: string
}

/** "kubelet is held (at 1.30.1-1): kubeadm 1.31.0-1 needs kubelet>=1.31, 1.31.0-1 is available" */
export function describeBlocker({ kind, dependency, by, ...held }: UpgradeBlocker): string {
  const at = held.installed === undefined ? 'not installed' : `at ${held.installed}`
  const it = `${held.package} is held (${at})`
  if (kind === 'needed') return `${it}: ${by} needs ${dependency}, ${held.available} is available`
  if (kind === 'needs') return `${it}: it needs ${dependency}, which ${by} breaks`
  return `${it}: it is in conflict with ${by}`
}

/**
 * Which held packages the obstacles come from.
 *
 * @param available a package's name → the version that is offered
 * @param satisfier gives the package that would meet a dependency, were nothing held
 */
export function findBlockers(
  { waiting, obstacles }: SimulationOutput,
  available: ReadonlyMap<string, string>,
  satisfier: (dependency: string) => string,
): UpgradeBlocker[] {
  const held = new Map(waiting.toReversed().map((one) => [one.name, one]))
  const withVersion = (name: string) => `${name} ${available.get(name) ?? ''}`.trimEnd()
  return obstacles.flatMap(({ kind, package: owner, needs, by = '' }): UpgradeBlocker[] => {
    if (kind === 'missing') {
      const named = held.get(needs.replace(/[<>=].*/, '')) ?? held.get(satisfier(needs))
      return blocker(named, { kind: 'needed', dependency: needs, by: withVersion(owner) })
    }
    if (kind === 'breaks') {
      return blocker(held.get(owner), { kind: 'needs', dependency: needs, by })
    }
    const sides = [
      [owner, needs],
      [needs, owner],
    ] as const
    return sides.flatMap(([one, other]) =>
      blocker(
        waiting.find((candidate) => isNamed(candidate, one)),
        { kind: 'conflict', dependency: other, by: other },
      ),
    )
  })
}

function blocker(
  held: WaitingPackage | undefined,
  rest: Pick<UpgradeBlocker, 'kind' | 'dependency' | 'by'>,
): UpgradeBlocker[] {
  if (held === undefined) return []
  const { name, installed, available } = held
  return [{ package: name, installed, available, ...rest }]
}

/** In a conflict pacman 6 names a package without its version, pacman 7 with it. */
function isNamed({ name, installed, available }: WaitingPackage, text: string): boolean {
  return [name, `${name}-${installed}`, `${name}-${available}`].includes(text)
}
