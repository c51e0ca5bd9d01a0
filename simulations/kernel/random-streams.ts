import { RandomStream } from './random-stream.ts'

/** Nodes and peers in keys of streams lie below this number, so that two of them fit one safe integer. */
export const NODES_MAX = 67_108_863

/** Nodes whose streams are found by their number. A guess above the nodes of any simulation: 800 KB a purpose at most. */
const DIRECT_NODES_MAX = 100_000

/** The streams of one purpose. */
interface Family {
  hash: [number, number]
  /** By node plus one: those without a peer. */
  ofNodes: RandomStream[]
  streams: Map<number, RandomStream>
}

/**
 * The random streams of one run, each keyed by (purpose, node, peer). A stream depends on the seed and its own key
 * alone: a new purpose, or one draw more elsewhere, never shifts the numbers of the others.
 */
export class RandomStreams {
  readonly #seed: number
  readonly #byPurpose: Map<string, Family> = new Map()
  /** Streams made so far. */
  size = 0

  /** `seed`: an integer from 0 to 2^53 - 1. */
  constructor(seed: number) {
    if (!(Number.isSafeInteger(seed) && seed >= 0))
      throw new RangeError(`a seed is a safe integer, not ${seed}`)
    this.#seed = seed
  }

  /**
   * The stream of this key; the same object each time, going on where it was. `node` and `peer`: from 0 up to but not
   * with `NODES_MAX`; left out where the purpose is one for all.
   */
  stream(purpose: string, node = -1, peer = -1): RandomStream {
    if (!(node < NODES_MAX && peer < NODES_MAX)) throw new RangeError(`no stream for nodes ${node}, ${peer}`)
    let family = this.#byPurpose.get(purpose)
    if (family === undefined) {
      family = { hash: hashText(purpose), ofNodes: [], streams: new Map() }
      this.#byPurpose.set(purpose, family)
    }
    // Most are of one node, and are asked for again and again.
    const known = peer === -1 ? family.ofNodes[node + 1] : undefined
    if (known !== undefined) return known
    const key = (node + 1) * (NODES_MAX + 1) + (peer + 1)
    let stream = family.streams.get(key)
    if (stream === undefined) {
      stream = this.#make(family.hash, node, peer)
      family.streams.set(key, stream)
      if (peer === -1 && node < DIRECT_NODES_MAX) family.ofNodes[node + 1] = stream
      this.size += 1
    }
    return stream
  }

  #make([high, low]: [number, number], node: number, peer: number): RandomStream {
    const seedLow = this.#seed | 0
    const seedHigh = (this.#seed / 4_294_967_296) | 0
    let state = 0
    // Each word depends on the whole key; the words differ by the constant they start from.
    const word = (start: number): number => {
      state = start
      for (const part of [seedLow, seedHigh, high, low, node, peer]) state = mix(state ^ part)
      return state
    }
    return new RandomStream(word(0x243f6a88), word(0x85a308d3), word(0x13198a2e), word(0x03707344))
  }
}

/** Two hashes of a text: FNV-1a (Fowler, Noll, Vo) over its UTF-16 units from two starts, finished by `mix`. */
function hashText(text: string): [number, number] {
  let a = 0x811c9dc5 | 0
  let b = 0x9e3779b9 | 0
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x01000193)
    b = mix(b ^ unit)
  }
  return [mix(a), mix(b)]
}

/** A bijection of 32-bit words in which every bit of the input moves every bit of the output (`lowbias32`, C. Wellons 2018). */
function mix(word: number): number {
  let mixed = (word + 0x9e3779b9) | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return mixed ^ (mixed >>> 16)
}
