import { Chalk } from 'chalk'

/**
 * Colours, where stdout is a terminal. NO_COLOR is the one switch that chalk does not know by itself.
 * [no-color.org]
 */
export const chalk = new Chalk(process.env['NO_COLOR'] ? { level: 0 } : {})
