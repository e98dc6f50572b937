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
