/** The order of keys in this folder: by UTF-16 unit, so the same on every machine. */
export function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
