/** What a terminal has that does not say how wide it is, as on a serial line. */
const USUAL = 80
/** No text is broken into less. */
const LEAST = 40

/** The width of the terminal on stdout, in columns; Infinity where stdout is none, as in a pipe. */
export function outputWidth({ isTTY, columns }: Partial<NodeJS.WriteStream> = process.stdout) {
  if (isTTY !== true) return Infinity
  return Math.max(LEAST, columns || USUAL)
}
