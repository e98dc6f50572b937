/**
 * Runs `body` to its end also where SIGINT comes: its programs get the signal themselves, from the
 * terminal or as the unit's KillSignal=, and end in good order, while our end would kill them.
 *
 * @returns what `body` gives, and whether a signal came
 */
export async function outlastInterrupt<T>(
  body: () => Promise<T>,
): Promise<{ result: T; interrupted: boolean }> {
  let interrupted = false
  const note = () => {
    interrupted = true
  }
  process.on('SIGINT', note)
  try {
    const result = await body()
    return { result, interrupted }
  } finally {
    process.off('SIGINT', note)
  }
}
