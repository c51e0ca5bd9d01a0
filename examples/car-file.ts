// Reads a CARv1 file block by block, each checked against the CID by which it was asked for.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { decode, encode } from '@ipld/dag-cbor'

/** A link of dag-cbor: the bytes of a CID. */
export type Link = { bytes: Uint8Array }
/** Lower-case hexadecimal. */
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
/** What a link says its block hashes to. */
export const digest = (link: Link): string => hex(link.bytes.subarray(4))
/** Ends the program with 1 unless `isTrue`. */
export function must(isTrue: boolean, what: string): asserts isTrue {
  if (isTrue) return
  process.stdout.write(`bad: ${what}\n`)
  process.exit(1)
}

/** A file that is read from its beginning to its end; who reads knows which block must come next. */
export class CarFile {
  #rest: Buffer
  readonly root: Link
  constructor(path: string) {
    this.#rest = readFileSync(path)
    const { version, roots } = decode<{ version: number; roots: [Link] }>(this.#frame())
    must(version === 1 && roots.length === 1, 'no CARv1 file with one root')
    this.root = roots[0]
  }
  get isAtEnd(): boolean {
    return this.#rest.length === 0
  }

  /** The bytes of the next block, which must be this one: dag-cbor or raw, with a SHA-256 that fits. */
  block(link: Link): Buffer {
    const frame = this.#frame()
    const hash = createHash('sha256').update(frame.subarray(36)).digest('hex')
    must(hex(frame.subarray(0, 36)) === hex(link.bytes), `${digest(link)} is due, but another block comes`)
    must(/^01(55|71)1220/.test(hex(link.bytes)) && hash === digest(link), `hash of ${digest(link)}`)
    return frame.subarray(36)
  }

  /** What the next block says; its bytes must be the only ones that say so. */
  value(link: Link): unknown {
    const bytes = this.block(link)
    must(bytes.equals(encode(decode(bytes))), `form of ${digest(link)}`)
    return decode(bytes)
  }

  /** The next frame; before it stands its length, 7 bits a byte, the lowest first. */
  #frame(): Buffer {
    const size = this.#rest.findIndex((byte) => byte < 128) + 1
    const end = this.#rest.subarray(0, size).reduceRight((sum, byte) => sum * 128 + (byte & 127), 0) + size
    must(size > 0 && end <= this.#rest.length, 'the file is cut')
    const frame = this.#rest.subarray(size, end)
    this.#rest = this.#rest.subarray(end)
    return frame
  }
}
