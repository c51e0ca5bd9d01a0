/** A value of an earlier visit, or null. What was kept under this name by another version is for the caller to check. */
export function keptValue(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(`coopmesh.${name}`) ?? 'null')
  } catch {
    return null // Storage is switched off, or holds what is no JSON.
  }
}

/** Keeps a value in this browser. */
export function keepValue(name: string, value: unknown): void {
  try {
    localStorage.setItem(`coopmesh.${name}`, JSON.stringify(value))
  } catch {
    // Storage is switched off: people choose again next time.
  }
}
