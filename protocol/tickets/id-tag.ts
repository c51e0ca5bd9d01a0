/** True for the id of an event document: `event/` and 26 letters of base32. */
export function isEventId(value: unknown): value is string {
  return typeof value === 'string' && EVENT_ID.test(value)
}

/**
 * The tag by which a ticket names an event, class or bucket: the first 4 bytes of the hash whose base32 ends its id.
 *
 * @param id - of an event document or a unit
 * @throws RangeError for text that is no such id
 */
export function idTag(id: string): Uint8Array {
  if (!TAGGED_ID.test(id)) throw new RangeError(`no event and no unit: ${id}`)
  // 26 letters hold 130 bits, the first two of them 0: seven letters are those, 32 bits and one more.
  let bits = 0
  for (const letter of id.slice(-26, -19)) bits = bits * 32 + ALPHABET.indexOf(letter)
  const tag = Math.floor(bits / 2)
  return Uint8Array.of(tag >>> 24, (tag >> 16) & 0xff, (tag >> 8) & 0xff, tag & 0xff)
}

/** The tag by which a ticket names the device that issued it: the first 4 bytes of its key. */
export function deviceTag(publicKey: Uint8Array): Uint8Array {
  return Uint8Array.from(publicKey.subarray(0, 4))
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const EVENT_ID: RegExp = /^event\/[a-h][a-z2-7]{25}$/
const TAGGED_ID: RegExp = /^(?:event\/|seat-|admission-)[a-h][a-z2-7]{25}$/
