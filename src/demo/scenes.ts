import type { DemoCommand } from './stage.ts'

/** One command of the demonstration. */
export interface Scene {
  /** what happens, for the person who looks on */
  say: string
  command: DemoCommand
  /** the exit code that it must have */
  code: number
  /** what that means to Kured, if Kured asks */
  means?: string
}

export const SCENES: readonly Scene[] = [
  {
    say: 'Kured asks the node each minute: must it reboot?',
    command: 'kured-sentinel',
    code: 1,
    means: 'no reboot',
  },
  {
    say: 'At night an upgrade replaces the kernel, and a library that a service runs.',
    command: 'pacman -Syu',
    code: 0,
  },
  { say: 'What a person sees:', command: 'kured-sentinel status', code: 0 },
  { say: 'What Kured sees:', command: 'kured-sentinel', code: 0, means: 'reboot' },
  {
    say: 'A restart clears what one service runs. Only a reboot starts the kernel.',
    command: 'kured-sentinel restart --dry-run',
    code: 0,
  },
  { say: 'Kured drains the node and reboots it.', command: 'reboot', code: 0 },
  {
    say: 'The node is back, and Kured asks again:',
    command: 'kured-sentinel',
    code: 1,
    means: 'no reboot',
  },
]
