import type { WaitingPackage, SimulationOutput } from './simulation-output.ts'

/** An ignored package that stops an upgrade, and why. */
export interface UpgradeBlocker {
  /** the ignored package */
  package: string
  /** undefined if it is ignored, but not installed */
  installed?: string | undefined
  available: string
  /**
   * needed: another package needs a newer version of it; needs: it needs an older version of
   * another; conflict: it cannot stand beside another
   */
  kind: 'needed' | 'needs' | 'conflict'
  /** the declared dependency, or the package it is in conflict with */
  dependency: string
  /** the other side: "kubelet 1.31.0-1", "installing x (2-1)" */
  by: string
}

/** "kubelet is ignored (at 1.30-1): kubeadm 1.31-1 needs kubelet>=1.31, 1.31-1 is available" */
export function describeBlocker({ kind, dependency, by, ...ignored }: UpgradeBlocker): string {
  const at = ignored.installed === undefined ? 'not installed' : `at ${ignored.installed}`
  const it = `${ignored.package} is ignored (${at})`
  if (kind === 'needed')
    return `${it}: ${by} needs ${dependency}, ${ignored.available} is available`
  if (kind === 'needs') return `${it}: it needs ${dependency}, which ${by} breaks`
  return `${it}: it is in conflict with ${by}`
}

/**
 * The ignored packages that cause the obstacles.
 *
 * @param available a package's name → the version that is offered
 * @param satisfier gives the package that would meet a dependency if nothing were ignored
 */
export function findBlockers(
  { waiting, obstacles }: SimulationOutput,
  available: ReadonlyMap<string, string>,
  satisfier: (dependency: string) => string,
): UpgradeBlocker[] {
  const ignored = new Map(waiting.toReversed().map((one) => [one.name, one]))
  const withVersion = (name: string) => `${name} ${available.get(name) ?? ''}`.trimEnd()
  return obstacles.flatMap(({ kind, package: owner, needs, by = '' }): UpgradeBlocker[] => {
    if (kind === 'missing') {
      const named = ignored.get(needs.replace(/[<>=].*/, '')) ?? ignored.get(satisfier(needs))
      return blocker(named, { kind: 'needed', dependency: needs, by: withVersion(owner) })
    }
    if (kind === 'breaks') {
      return blocker(ignored.get(owner), { kind: 'needs', dependency: needs, by })
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
  ignored: WaitingPackage | undefined,
  rest: Pick<UpgradeBlocker, 'kind' | 'dependency' | 'by'>,
): UpgradeBlocker[] {
  if (ignored === undefined) return []
  const { name, installed, available } = ignored
  return [{ package: name, installed, available, ...rest }]
}

/** In a conflict pacman 6 names a package without its version, pacman 7 with it. */
function isNamed({ name, installed, available }: WaitingPackage, text: string): boolean {
  return [name, `${name}-${installed}`, `${name}-${available}`].includes(text)
}
