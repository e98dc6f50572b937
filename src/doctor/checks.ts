import { boot } from './boot.ts'
import { configuration } from './configuration.ts'
import { fleet } from './fleet.ts'
import { health } from './health.ts'
import { ignored } from './ignored.ts'
import { kernel } from './kernel.ts'
import { kured } from './kured.ts'
import type { DoctorCheck } from './line.ts'
import { mounts } from './mounts.ts'
import { state } from './state.ts'
import { notify } from './notify.ts'
import { units } from './units.ts'
import { lock } from './lock.ts'
import { ownPackage } from './package.ts'
import { replaced } from './replaced.ts'
import { pacman } from './pacman.ts'
import { program } from './program.ts'
import { verdict } from './verdict.ts'
import { versions } from './versions.ts'
import { whole } from './whole.ts'

/** All checks of `doctor`, in order. A new check is a file of its own, and an entry here. */
export const CHECKS: readonly DoctorCheck[] = [
  program,
  ownPackage,
  replaced,
  configuration,
  pacman,
  mounts,
  units,
  lock,
  whole,
  ignored,
  versions,
  kernel,
  boot,
  health,
  notify,
  fleet,
  verdict,
  state,
  kured,
]
