import type { Sha256 } from '../identity/index.ts'

const DOMAIN = 'coopmesh/writer/1\0'

/**
 * Numbers that one session has, one for each stretch of its device. As many as a forked device may have shown stretches
 * in one document, and commits that one update may name. A guess: an honest device has three of them when its folder was
 * copied once; what is left of a clientID's 53 bits still tells sessions apart.
 */
export const SESSION_IDS = 512

/** The highest rank of a stretch whose sections are taken, and the most commits that one update names. */
export const STRETCH_RANK_MAX: number = SESSION_IDS - 1

/**
 * The Yjs clientID under which one session (a page, or the node itself) of a device writes in one document:
 * the first 44 bits, big endian, of SHA-256(domain || co-op || admission || session as uint32 || document), then nine
 * bits that are set: the highest number of the session. The others are for the stretches of a forked device and for
 * references, see `WireNames`. The admission stands for the device: its id is not known before somebody else signs it.
 * Sessions of two devices may have one clientID all the same, see `WriterWays`.
 *
 * @param coop - 32 bytes
 * @param admission - id of the commit that admitted the device, 32 bytes
 * @param document - name of the document, ASCII
 * @param session - uint32
 * @throws RangeError if an argument is not of that shape: callers check what peers send before.
 */
export function writerClientId(
  sha256: Sha256,
  coop: Uint8Array,
  admission: Uint8Array,
  document: string,
  session: number,
): number {
  if (coop.length !== 32 || admission.length !== 32) throw new RangeError('co-op and admission have 32 bytes')
  if (!Number.isInteger(session) || session < 0 || session > 0xffffffff) {
    throw new RangeError('a session is a uint32')
  }
  const sessionAt = DOMAIN.length + 64
  const input = new Uint8Array(sessionAt + 4 + document.length)
  writeAscii(input, 0, DOMAIN)
  input.set(coop, DOMAIN.length)
  input.set(admission, DOMAIN.length + 32)
  new DataView(input.buffer).setUint32(sessionAt, session)
  writeAscii(input, sessionAt + 4, document)
  const hash = sha256(input)
  const view = new DataView(hash.buffer, hash.byteOffset, hash.byteLength)
  // 32 + 12 bits; shifts would stop at 32.
  const session44 = view.getUint32(0) * 2 ** 12 + (view.getUint16(4) >>> 4)
  return session44 * SESSION_IDS + STRETCH_RANK_MAX
}

/** The highest number of the session that this one belongs to: the clientID that it writes under. */
export function sessionOf(writer: number): number {
  return writer - (writer % SESSION_IDS) + STRETCH_RANK_MAX
}

function writeAscii(bytes: Uint8Array, at: number, text: string): void {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit > 0x7f) throw new RangeError('a document name is ASCII')
    bytes[at + index] = unit
  }
}
