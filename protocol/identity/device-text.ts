import { base58btc } from 'multiformats/bases/base58'
import { concatBytes } from '../encoding/index.ts'

/** A libp2p PeerId of an Ed25519 key is an identity multihash of this protobuf prefix and the key. */
const PEER_ID_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)

/** The text form of a device key: its libp2p PeerId (`12D3Koo…`). */
export function deviceText(publicKey: Uint8Array): string {
  return base58btc.baseEncode(concatBytes(PEER_ID_PREFIX, publicKey))
}

/** The device key behind a PeerId text, or null when it is not one of an Ed25519 key. */
export function deviceFromText(text: string): Uint8Array | null {
  if (!/^[1-9A-HJ-NP-Za-km-z]{1,64}$/.test(text)) return null
  const bytes = base58btc.baseDecode(text)
  const hasPrefix = PEER_ID_PREFIX.every((byte, i) => bytes[i] === byte)
  return hasPrefix && bytes.length === PEER_ID_PREFIX.length + 32 ? bytes.slice(PEER_ID_PREFIX.length) : null
}
