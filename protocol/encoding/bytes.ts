/** Lower-case hexadecimal of `bytes`. The text form of ids and keys inside the protocol. */
export function toHex(bytes: Uint8Array): string {
  // One flat string in one call: twice as fast as joining pieces, and this is called for every link of a chain.
  const codes: number[] = []
  let text = ''
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] ?? 0
    codes.push(DIGITS[byte >> 4] ?? 0, DIGITS[byte & 15] ?? 0)
    if (codes.length < CHUNK_UNITS) continue
    text += String.fromCharCode.apply(null, codes)
    codes.length = 0
  }
  return text + String.fromCharCode.apply(null, codes)
}

/** Bytes of a hexadecimal text, or null when it is not one of even length. */
export function fromHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0) return null
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i += 1) {
    const high = digitOf(text.charCodeAt(i * 2))
    const low = digitOf(text.charCodeAt(i * 2 + 1))
    if (high < 0 || low < 0) return null
    bytes[i] = (high << 4) | low
  }
  return bytes
}

/** True when both hold the same bytes. Not constant-time: never use it on secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false
  return true
}

/** Bytewise lexicographic order, shorter first on a tie: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** One array holding all parts in order. */
export function concatBytes(...parts: Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Bytes of an ASCII text; a character beyond 127 is our bug. */
export function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code > 127) throw new RangeError(`not ASCII: ${text}`)
    bytes[i] = code
  }
  return bytes
}

/** Value of a hexadecimal digit by its character code; -1 for any other character. */
function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const letter = code | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

/** Character codes of the hexadecimal digits. */
const DIGITS: readonly number[] = [48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102]
/** Below the argument limit of every engine. */
const CHUNK_UNITS = 4_096
