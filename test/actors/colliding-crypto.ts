import type { Crypto } from '#protocol/identity'
import { nodeCrypto } from '#node/crypto'

const WRITER_DOMAIN = new TextEncoder().encode('coopmesh/writer/1\0')

/** Ports of a node, but that all writer sessions below `end` share 2 to the power of `bits` hashes, 0 to 12. */
export function collidingCrypto(bits: number, end = Infinity): Crypto {
  const crypto = nodeCrypto()
  const sha256 = (bytes: Uint8Array): Uint8Array => {
    const hash = Uint8Array.from(crypto.sha256(bytes))
    if (!WRITER_DOMAIN.every((it, at) => bytes[at] === it)) return hash
    const session = new DataView(bytes.buffer, bytes.byteOffset).getUint32(WRITER_DOMAIN.length + 64)
    if (session >= end) return hash
    const view = new DataView(hash.buffer)
    view.setUint32(0, 0)
    view.setUint16(4, (view.getUint16(4) >>> (16 - bits)) << 4)
    return hash
  }
  return { ...crypto, sha256 }
}
