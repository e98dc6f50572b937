/** The same path with single slashes in it and none at its end. */
export function plainPath(path: string): string {
  return path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1')
}
