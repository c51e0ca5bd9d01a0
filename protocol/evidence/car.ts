import { asciiBytes, concatBytes } from '../encoding/index.ts'
import { linkBytes } from './block-link.ts'
import type { BlockLink } from './block-link.ts'

/** The dag-cbor map `{ roots: [link], version: 1 }` up to the bytes of the link. */
const HEADER_START: Uint8Array = concatBytes(
  Uint8Array.of(0xa2, 0x65),
  asciiBytes('roots'),
  Uint8Array.of(0x81, 0xd8, 0x2a, 0x58, 0x25, 0x00),
)
const HEADER_END: Uint8Array = concatBytes(Uint8Array.of(0x67), asciiBytes('version'), Uint8Array.of(1))

/** Where the root's CID stands in a header frame. */
export const HEADER_LINK_AT: number = HEADER_START.length

/** The header of a CARv1 file with one root, without its length. */
export function carHeader(root: BlockLink): Uint8Array {
  return concatBytes(HEADER_START, linkBytes(root), HEADER_END)
}

/** The beginning of a CARv1 file: its header behind the header's length. */
export function carStart(root: BlockLink): Uint8Array {
  const header = carHeader(root)
  return concatBytes(varint(header.length), header)
}

/** One block of a CARv1 file: length, CID, bytes. */
export function carBlock(link: BlockLink, bytes: Uint8Array): Uint8Array {
  const cid = linkBytes(link)
  return concatBytes(varint(cid.length + bytes.length), cid, bytes)
}

/** Unsigned LEB128. */
function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}
