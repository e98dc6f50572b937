/** So many of the items, and how many more there are as an item of its own. */
export function shortened(items: readonly string[], most: number): string[] {
  const more = items.length - most
  return [...items.slice(0, most), ...(more > 0 ? [`and ${more} more`] : [])]
}

/** Names in a sentence: "a, b, c and 4 more". */
export function listed(names: readonly string[], most: number): string {
  const more = names.length - most
  return names.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** "1 package", "4 packages" */
export function countPackages(count: number): string {
  return count === 1 ? '1 package' : `${count} packages`
}

/** A text of at most so many characters; the last one of a longer text is "…". */
export function cutText(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}
