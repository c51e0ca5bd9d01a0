import { Level } from 'level'

/**
 * Changes the bytes of one value of a closed store, seal included, as rot in its files would; null takes the value
 * away. Throws when there is no such value.
 */
export async function rotValue(
  path: string,
  key: string,
  change: (bytes: Uint8Array) => Uint8Array | null,
): Promise<void> {
  const level = new Level<string, Uint8Array>(path, { valueEncoding: 'view' })
  try {
    const bytes = await level.get(key)
    if (bytes === undefined) throw new Error(`the store has no ${key}`)
    const rotten = change(new Uint8Array(bytes))
    await (rotten === null ? level.del(key) : level.put(key, rotten))
  } finally {
    await level.close()
  }
}

/** Keys of a closed store that start with `prefix`. */
export async function storedKeys(path: string, prefix: string): Promise<string[]> {
  const level = new Level<string, Uint8Array>(path, { valueEncoding: 'view' })
  try {
    return await level.keys({ gte: prefix, lt: `${prefix}\u{ffff}` }).all()
  } finally {
    await level.close()
  }
}

/** Flips one bit in the middle. */
export function flipBit(bytes: Uint8Array): Uint8Array {
  const at = bytes.length >>> 1
  bytes[at] = (bytes[at] ?? 0) ^ 4
  return bytes
}

/** Moves all values of a closed store into tables, as LevelDB does by and by. */
export async function compact(path: string): Promise<void> {
  const level = new Level<string, Uint8Array>(path, { valueEncoding: 'view' })
  await level.open()
  // The typings of `level` leave out what browsers do not have.
  await (level as unknown as { compactRange(from: string, to: string): Promise<void> }).compactRange('a', 'z')
  await level.close()
}
