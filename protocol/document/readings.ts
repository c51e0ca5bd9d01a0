/** What `read` makes of the bytes, which several replicas may share. */
export function readOnce<T>(
  readings: Readings | undefined,
  read: (bytes: Uint8Array) => T,
  bytes: Uint8Array,
): T {
  return readings === undefined ? read(bytes) : readings.of(read, bytes)
}

/**
 * What was read of bytes that nobody changes, for replicas that hand each other the same records: what follows from the
 * bytes alone is worked out once for all of them. A simulation of a thousand replicas shares one.
 */
export class Readings {
  readonly #known = new Map<(bytes: Uint8Array) => unknown, WeakMap<Uint8Array, unknown>>()

  /** What `read` makes of the bytes. What it returns is shared: nobody changes what others see of it. */
  of<T>(read: (bytes: Uint8Array) => T, bytes: Uint8Array): T {
    let known = this.#known.get(read)
    if (known === undefined) this.#known.set(read, (known = new WeakMap()))
    const before = known.get(bytes)
    // Only what this reader made is kept under it.
    if (before !== undefined) return before as T
    const made = read(bytes)
    known.set(bytes, made)
    return made
  }
}
