/**
 * blocks: a drain cannot end, or no node is rebooted, while it is so. warning: a drain or a reboot
 * does harm. hint: it might, or costs little.
 */
export type ClusterLevel = 'blocks' | 'warning' | 'hint'

/** Something that blocks or hurts a drain or a reboot, and what to do about it. */
export interface ClusterFinding {
  level: ClusterLevel
  /** what it is about, in one word */
  area: string
  /** "Deployment web/shop" */
  object: string
  /** a sentence that goes on after the object */
  message: string
  /** a command, or a sentence that begins in lower case */
  advice: string
}
