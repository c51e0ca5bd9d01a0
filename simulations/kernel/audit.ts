import type { Sha256 } from '#protocol/identity'

/** Events hashed at once. 128 KiB a block: SHA-256 is at its full speed, and a difference is found within one block. */
export const BLOCK_EVENTS = 4_096
/** Bytes of one event in a block. */
export const EVENT_BYTES = 32
/** Blocks that one audit keeps: 1 GiB of events. A guess. */
export const KEPT_BLOCKS_MAX = 8_192

const CHAIN_BYTES = 32
const WORDS = EVENT_BYTES / 4
const DOUBLES = EVENT_BYTES / 8

/** One event as an audit saw it. */
export interface AuditedEvent {
  /** Its number in the run, from 0; number 0 is the setup, before the first event. */
  readonly number: number
  /** Name of its kind. */
  readonly kind: string
  /** Virtual time in microseconds. */
  readonly timeUs: number
  readonly target: number
  readonly data: number
  /** Hash of what was noted during the event: 64 bits in hex. */
  readonly notes: string
}

/** What an audit is made of. */
export interface AuditInit {
  /** SHA-256, handed in by the host. */
  readonly sha256: Sha256
  /** First block whose events are kept, so that a difference can be named; default 0. */
  readonly keepFrom?: number
  /** Number of blocks from there that are kept; default 0, at most `KEPT_BLOCKS_MAX`. */
  readonly keepBlocks?: number
}

/**
 * The record of a run: a hash chain over blocks of events. An event is its time, kind, target, data, and a hash of what
 * was noted while it ran. Two runs that did the same have the same digest.
 */
export class Audit {
  /** The chain after each full block, 32 bytes each. */
  readonly chain: Uint8Array[] = []
  /** The events of the blocks that are kept, `EVENT_BYTES` each. */
  readonly blocks: Uint8Array[] = []
  /** Number of the block that comes first in `blocks`. */
  readonly keepFrom: number
  /** Names of the kinds, by number; the simulator fills it. */
  readonly kinds: string[] = []
  readonly #sha256: Sha256
  readonly #keepEnd: number
  /** The chain so far, then the events of the block under way. */
  readonly #bytes: Uint8Array = new Uint8Array(CHAIN_BYTES + BLOCK_EVENTS * EVENT_BYTES)
  readonly #doubles: Float64Array = new Float64Array(this.#bytes.buffer)
  readonly #words: Int32Array = new Int32Array(this.#bytes.buffer)
  /** Events of the block under way; the last one may still be noted upon. */
  #filled = 0

  constructor(init: AuditInit) {
    const keepBlocks = init.keepBlocks ?? 0
    if (!(keepBlocks >= 0 && keepBlocks <= KEPT_BLOCKS_MAX)) {
      throw new RangeError(`an audit keeps 0 to ${KEPT_BLOCKS_MAX} blocks, not ${keepBlocks}`)
    }
    this.#sha256 = init.sha256
    this.keepFrom = init.keepFrom ?? 0
    this.#keepEnd = this.keepFrom + keepBlocks
    // The words of a block are hashed as they lie in memory.
    if (new Uint8Array(Int32Array.of(1).buffer)[0] !== 1)
      throw new Error('audits need a little-endian machine')
  }

  /** Events recorded, the setup among them. */
  get events(): number {
    return this.chain.length * BLOCK_EVENTS + this.#filled
  }

  /** Begins the record of an event. Called by the simulator. */
  begin(timeUs: number, kind: number, target: number, data: number): void {
    if (this.#filled === BLOCK_EVENTS) this.#close()
    const at = CHAIN_BYTES / EVENT_BYTES + this.#filled
    this.#filled += 1
    const double = at * DOUBLES
    const word = at * WORDS
    this.#doubles[double] = timeUs
    this.#doubles[double + 1] = data
    this.#words[word + 4] = kind
    this.#words[word + 5] = target
    this.#words[word + 6] = 0
    this.#words[word + 7] = 0
  }

  /** Folds a number into the record of the event that runs. */
  note(value: number): void {
    NOTED[0] = value
    const word = (CHAIN_BYTES / EVENT_BYTES + this.#filled - 1) * WORDS
    const words = this.#words
    words[word + 6] = fold(words[word + 6] as number, NOTED_WORDS[0] as number)
    words[word + 7] = fold(
      (words[word + 7] as number) ^ (words[word + 6] as number),
      NOTED_WORDS[1] as number,
    )
  }

  /** The digest of everything recorded so far: 32 bytes. Recording may go on. */
  digest(): Uint8Array {
    const names = this.kinds.map((name) => `${name.length}:${name}`).join('')
    const block = this.#block()
    const bytes = new Uint8Array(block.length + names.length * 2)
    bytes.set(block)
    for (let i = 0; i < names.length; i += 1) {
      bytes[block.length + 2 * i] = names.charCodeAt(i)
      bytes[block.length + 2 * i + 1] = names.charCodeAt(i) >>> 8
    }
    return this.#sha256(bytes)
  }

  /** The events of block `index`, also of the one under way; undefined where they were not kept. */
  block(index: number): Uint8Array | undefined {
    if (index === this.chain.length) return this.#block().subarray(CHAIN_BYTES)
    return this.blocks[index - this.keepFrom]
  }

  /** Event `number`; undefined where it was not kept or did not happen. */
  event(number: number): AuditedEvent | undefined {
    const block = this.block(Math.floor(number / BLOCK_EVENTS))
    const start = (number % BLOCK_EVENTS) * EVENT_BYTES
    if (block === undefined || start + EVENT_BYTES > block.length) return undefined
    const view = new DataView(block.buffer, block.byteOffset + start, EVENT_BYTES)
    const kind = view.getUint32(16, true)
    const hex = (at: number): string => view.getUint32(at, true).toString(16).padStart(8, '0')
    return {
      number,
      kind: this.kinds[kind] ?? `kind ${kind}`,
      timeUs: view.getFloat64(0, true),
      target: view.getUint32(20, true),
      data: view.getFloat64(8, true),
      notes: hex(28) + hex(24),
    }
  }

  #block(): Uint8Array {
    return this.#bytes.subarray(0, CHAIN_BYTES + this.#filled * EVENT_BYTES)
  }

  #close(): void {
    const block = this.#block()
    const number = this.chain.length
    if (number >= this.keepFrom && number < this.#keepEnd) this.blocks.push(block.slice(CHAIN_BYTES))
    const link = this.#sha256(block)
    this.chain.push(link)
    this.#bytes.set(link)
    this.#filled = 0
  }
}

const NOTED = new Float64Array(1)
const NOTED_WORDS = new Int32Array(NOTED.buffer)

/** One round of MurmurHash3 (A. Appleby, public domain). */
function fold(hash: number, word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51)
  const turned = hash ^ Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0
}
