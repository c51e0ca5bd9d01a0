/** Text of bytes in base45 (RFC 9285): the letters that a QR code packs two to 11 bits. */
export function encodeBase45(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    const pair = (bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0)
    text += letter(pair % 45) + letter(Math.floor(pair / 45) % 45) + letter(Math.floor(pair / 2025))
  }
  if (bytes.length % 2 === 0) return text
  const last = bytes[bytes.length - 1] ?? 0
  return text + letter(last % 45) + letter(Math.floor(last / 45))
}

/** Bytes of a base45 text; null for a letter outside the alphabet, a group of one, or a group above its range. */
export function decodeBase45(text: string): Uint8Array | null {
  const rest = text.length % 3
  if (rest === 1) return null
  const bytes = new Uint8Array(Math.floor(text.length / 3) * 2 + (rest === 2 ? 1 : 0))
  for (let at = 0, i = 0; at < bytes.length; at += 2, i += 3) {
    const isPair = i + 2 < text.length
    const low = valueAt(text, i)
    const middle = valueAt(text, i + 1)
    const high = isPair ? valueAt(text, i + 2) : 0
    const value = low + middle * 45 + high * 2025
    if (low < 0 || middle < 0 || high < 0 || value > (isPair ? 0xffff : 0xff)) return null
    if (isPair) bytes[at] = value >> 8
    bytes[isPair ? at + 1 : at] = value & 0xff
  }
  return bytes
}

/** In the order of their values; a blank is one of them. */
const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'
/** Value of a letter by its character code. */
const VALUES: readonly number[] = Array.from({ length: 128 }, (_, code) =>
  LETTERS.indexOf(String.fromCharCode(code)),
)

function letter(value: number): string {
  return LETTERS[value] ?? ''
}

function valueAt(text: string, at: number): number {
  return VALUES[text.charCodeAt(at)] ?? -1
}
