/** What a terminal has that does not say how wide it is, as on a serial line. */
const USUAL = 80
/** No text is broken into less. */
const LEAST = 40

/**
 * The width of the terminal on stdout, in columns. Where stdout is none, as in a pipe, it is what
 * COLUMNS says, and Infinity without that.
 */
export function outputWidth(
  { isTTY, columns }: Partial<NodeJS.WriteStream> = process.stdout,
  told = process.env['COLUMNS'],
): number {
  if (isTTY === true) return Math.max(LEAST, columns || USUAL)
  return /^[1-9]\d{0,3}$/.test(told ?? '') ? Math.max(LEAST, Number(told)) : Infinity
}
