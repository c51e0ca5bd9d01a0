import { decode, encode } from '@ipld/dag-cbor'
import { equalBytes } from '../encoding/index.ts'

/** Canonical dag-cbor of a value that may hold CIDs. */
export function encodeLinked(value: unknown): Uint8Array {
  return plainBytes(encode(value))
}

/**
 * The value of a dag-cbor block with links, or undefined when the bytes are not its one encoding. (Our own decoder
 * takes no links; the library reads second ways of writing, which show when it writes the value again.) The caller
 * bounds the length. Never throws.
 */
export function decodeLinked(bytes: Uint8Array): unknown {
  try {
    const value: unknown = decode(bytes)
    return equalBytes(encode(value), bytes) ? value : undefined
  } catch {
    return undefined
  }
}

/** The same bytes as a plain array: `slice` of a Node Buffer is a view, and all our code takes it for a copy. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
