import { equalBytes } from '../encoding/index.ts'
import { CID_BYTES, readLinkBytes } from './block-link.ts'
import type { BlockLink } from './block-link.ts'
import { HEADER_LINK_AT, carHeader } from './car.ts'
import { EVIDENCE_BLOCK_BYTES_MAX } from './limits.ts'

/** One block of a CAR file. Its bytes are not checked against its CID yet. */
export interface CarBlock {
  link: BlockLink
  bytes: Uint8Array
}

/** Why bytes are not a CARv1 file of ours. */
export type CarRefusal = 'car-header' | 'car-length' | 'block-too-long' | 'block-cid'

/** The blocks that a piece of the file completed, or why it is none. */
export type CarResult = { ok: true; blocks: CarBlock[] } | { ok: false; refusal: CarRefusal }

/** Bytes of a length: 3 hold 2^21 − 1, twice the largest block. */
const VARINT_BYTES_MAX = 3

/** Cuts a CARv1 file with one root into its blocks. Buffers at most one block; lengths are judged before bytes come. */
export class CarReader {
  #root: BlockLink | null = null
  #length = 0
  #lengthBytes = 0
  #frame: Uint8Array | null = null
  #filled = 0

  /** The root that the header names; null until the header was read. */
  get root(): BlockLink | null {
    return this.#root
  }

  /** True where a file may end: the header was read, and no block is begun. */
  get isAtBoundary(): boolean {
    return this.#root !== null && this.#frame === null && this.#lengthBytes === 0
  }

  /** Takes the next piece of the file, of any size. After a refusal the reader is of no more use. */
  push(chunk: Uint8Array): CarResult {
    const blocks: CarBlock[] = []
    for (let at = 0; at < chunk.length;) {
      if (this.#frame === null) {
        const refusal = this.#takeLengthByte(chunk[at] ?? 0)
        if (refusal !== null) return { ok: false, refusal }
        at += 1
        continue
      }
      const part = chunk.subarray(at, at + this.#frame.length - this.#filled)
      this.#frame.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled < this.#frame.length) break
      const frame = this.#frame
      this.#frame = null
      const refusal = this.#root === null ? this.#takeHeader(frame) : takeBlock(frame, blocks)
      if (refusal !== null) return { ok: false, refusal }
    }
    return { ok: true, blocks }
  }

  #takeLengthByte(byte: number): CarRefusal | null {
    this.#length += (byte & 0x7f) * 2 ** (7 * this.#lengthBytes)
    this.#lengthBytes += 1
    if (byte > 0x7f) return this.#lengthBytes < VARINT_BYTES_MAX ? null : 'block-too-long'
    // A last byte of 0 says nothing: the same length has a shorter form.
    if (byte === 0 && this.#lengthBytes > 1) return 'car-length'
    if (this.#root === null && this.#length !== HEADER_BYTES) return 'car-header'
    if (this.#length < CID_BYTES) return 'car-length'
    if (this.#length > CID_BYTES + EVIDENCE_BLOCK_BYTES_MAX) return 'block-too-long'
    this.#frame = new Uint8Array(this.#length)
    this.#filled = 0
    this.#length = 0
    this.#lengthBytes = 0
    return null
  }

  #takeHeader(frame: Uint8Array): CarRefusal | null {
    const root = readLinkBytes(frame.subarray(HEADER_LINK_AT))
    if (root === null || !equalBytes(carHeader(root), frame)) return 'car-header'
    this.#root = root
    return null
  }
}

function takeBlock(frame: Uint8Array, blocks: CarBlock[]): CarRefusal | null {
  const link = readLinkBytes(frame)
  if (link === null) return 'block-cid'
  blocks.push({ link, bytes: frame.subarray(CID_BYTES) })
  return null
}

/** Length of the one header that there is: with a single root. */
const HEADER_BYTES = carHeader({ codec: 0x71, digest: new Uint8Array(32) }).length
