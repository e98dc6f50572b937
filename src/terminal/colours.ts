import { Chalk } from 'chalk'

/**
 * Colours, when stdout is a terminal. chalk itself does not know NO_COLOR. [no-color.org]
 */
export const chalk = new Chalk(process.env['NO_COLOR'] ? { level: 0 } : {})
