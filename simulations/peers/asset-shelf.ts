import { CID } from 'multiformats/cid'
import { LEAF_BYTES, fileCid, leafCount, verifyLeafHashes } from '#protocol/asset'
import { concatBytes, equalBytes, toHex } from '#protocol/encoding'
import type { Sha256 } from '#protocol/identity'
import type { RandomStream } from '../kernel/index.ts'

/** What two nodes say to each other about assets; an asset is named by its CID in hex. */
export type AssetMessage =
  /** Asks for size and leaf hashes, or for one leaf. */
  | { kind: 'want'; cid: string }
  | { kind: 'want-leaf'; cid: string; leaf: number }
  | { kind: 'hashes'; cid: string; sizeBytes: number; hashes: Uint8Array }
  | { kind: 'leaf'; cid: string; leaf: number; bytes: Uint8Array }
  /** It is not here. */
  | { kind: 'none'; cid: string }
  /** It has just come here. */
  | { kind: 'have'; cid: string }

/** A file as it lies on a disk. */
export interface HeldAsset {
  readonly cid: CID
  readonly sizeBytes: number
  /** SHA-256 of each leaf, one behind the other. */
  readonly hashes: Uint8Array
  /** Null: damaged and taken away. */
  readonly leaves: (Uint8Array | null)[]
}

/** What happened on a shelf. */
export type AssetEvent = 'asset-fetched' | 'asset-refused' | 'asset-mended'

/** Silence after which another peer is asked, in microseconds: several leaves over a venue's uplink. A guess. */
export const ASSET_ANSWER_US = 30_000_000

interface Fetch {
  readonly cid: CID
  readonly sizeBytes: number
  hashes: Uint8Array | null
  readonly leaves: (Uint8Array | null)[]
  /** Who is asked; -1: nobody. */
  from: number
  askedUs: number
  /** Who does not have it, or gave something else. */
  readonly passed: Set<number>
  readonly isRepair: boolean
}

/**
 * The assets of one node: fetches what its catalogue lists from peers, leaf by leaf, checks with the product's own
 * `verifyLeafHashes`, gives to others, and reads everything again by and by to find what decayed.
 */
export class AssetShelf {
  /** By CID in hex. Survives power cuts: a leaf is synced before it counts. */
  readonly held: Map<string, HeldAsset> = new Map()
  /** Leaves (`cid/leaf`) that decayed and were not found yet: no fault of the code. */
  readonly rotten: Set<string> = new Set()
  /** False plants a bug for a test: what comes is believed. */
  isVerifying = true
  readonly #parts: {
    readonly sha256: Sha256
    send(peer: number, message: AssetMessage): void
    happened(event: AssetEvent): void
  }
  readonly #peers = new Set<number>()
  readonly #fetches = new Map<string, Fetch>()
  #scrubs = 0

  constructor(parts: {
    sha256: Sha256
    send(peer: number, message: AssetMessage): void
    happened(event: AssetEvent): void
  }) {
    this.#parts = parts
  }

  /** Puts a file of this device on the shelf; returns its CID. */
  put(bytes: Uint8Array): CID {
    const { sha256 } = this.#parts
    const leaves = Array.from({ length: leafCount(bytes.length) }, (_, i) =>
      bytes.slice(i * LEAF_BYTES, (i + 1) * LEAF_BYTES),
    )
    const hashes = concatBytes(...leaves.map((leaf) => sha256(leaf)))
    const { cid } = fileCid(bytes.length, hashes, sha256)
    this.held.set(toHex(cid.bytes), { cid, sizeBytes: bytes.length, hashes, leaves })
    return cid
  }

  /** Looks for what is listed and not here, for peers that are silent, and at one asset that is. */
  look(listed: Iterable<{ cid: Uint8Array; sizeBytes: number }>, nowUs: number): void {
    for (const { cid, sizeBytes } of listed) {
      const name = toHex(cid)
      if (this.held.has(name) || this.#fetches.has(name)) continue
      const leaves = Array.from({ length: leafCount(sizeBytes) }, () => null)
      this.#begin(name, { cid: CID.decode(cid), sizeBytes, hashes: null, leaves, isRepair: false })
    }
    for (const [name, fetch] of this.#fetches) {
      if (fetch.from >= 0 && nowUs - fetch.askedUs > ASSET_ANSWER_US) this.#pass(fetch)
      this.#ask(name, fetch, nowUs)
    }
    const names = [...this.held.keys()]
    const name = names[this.#scrubs % Math.max(1, names.length)]
    this.#scrubs += 1
    if (name !== undefined) this.#scrub(name)
  }

  linkUp(peer: number): void {
    this.#peers.add(peer)
    for (const fetch of this.#fetches.values()) fetch.passed.delete(peer)
  }

  linkDown(peer: number): void {
    this.#peers.delete(peer)
    for (const fetch of this.#fetches.values()) if (fetch.from === peer) fetch.from = -1
  }

  /** The node stops: nobody is asked any more. */
  powerOff(): void {
    for (const peer of [...this.#peers]) this.linkDown(peer)
    this.#fetches.clear()
  }

  receive(from: number, message: AssetMessage, nowUs: number): void {
    const { cid: name } = message
    const held = this.held.get(name)
    const fetch = this.#fetches.get(name)
    switch (message.kind) {
      case 'want':
        if (held === undefined) return this.#parts.send(from, { kind: 'none', cid: name })
        return this.#parts.send(from, {
          ...{ kind: 'hashes', cid: name, sizeBytes: held.sizeBytes, hashes: held.hashes },
        })
      case 'want-leaf': {
        const bytes = held?.leaves[message.leaf] ?? fetch?.leaves[message.leaf]
        const { leaf } = message
        if (bytes === null || bytes === undefined) return this.#parts.send(from, { kind: 'none', cid: name })
        return this.#parts.send(from, { kind: 'leaf', cid: name, leaf, bytes })
      }
      case 'have':
        fetch?.passed.delete(from)
        if (fetch !== undefined) this.#ask(name, fetch, nowUs)
        return
      case 'none':
      case 'hashes':
      case 'leaf':
        if (fetch?.from !== from) return
        if (message.kind === 'none') this.#pass(fetch)
        else if (!this.#take(fetch, message)) {
          this.#parts.happened('asset-refused')
          this.#pass(fetch)
        }
        if (fetch.leaves.every((leaf) => leaf !== null)) return this.#finish(name, fetch)
        if (fetch.from >= 0) this.#askOn(name, fetch, nowUs)
        else this.#ask(name, fetch, nowUs)
    }
  }

  /** A bit of a held asset flips on the disk; nobody knows before it is read. */
  rot(random: RandomStream): void {
    const names = [...this.held.keys()]
    const name = names[random.below(Math.max(1, names.length))]
    const held = name === undefined ? undefined : this.held.get(name)
    const leaf = held === undefined ? 0 : random.below(held.leaves.length)
    const bytes = held?.leaves[leaf]
    if (held === undefined || bytes === null || bytes === undefined || bytes.length === 0) return
    const decayed = bytes.slice()
    const at = random.below(decayed.length)
    decayed[at] = (decayed[at] ?? 0) ^ 1
    held.leaves[leaf] = decayed
    this.rotten.add(`${name}/${leaf}`)
  }

  /** Takes what an asked peer answered; false when it is not what the CID names. */
  #take(fetch: Fetch, message: Extract<AssetMessage, { kind: 'hashes' | 'leaf' }>): boolean {
    const { sha256 } = this.#parts
    if (message.kind === 'hashes') {
      const { sizeBytes, hashes } = message
      if (sizeBytes !== fetch.sizeBytes) return false
      if (this.isVerifying && !verifyLeafHashes(fetch.cid, sizeBytes, hashes, sha256)) return false
      fetch.hashes ??= hashes
      return true
    }
    const { leaf, bytes } = message
    if (fetch.hashes === null || fetch.leaves[leaf] !== null) return false
    const digest = fetch.hashes.subarray(leaf * DIGEST_BYTES, (leaf + 1) * DIGEST_BYTES)
    const isWhole = bytes.length === Math.min(LEAF_BYTES, fetch.sizeBytes - leaf * LEAF_BYTES)
    if (this.isVerifying && !(isWhole && equalBytes(sha256(bytes), digest))) return false
    fetch.leaves[leaf] = bytes
    return true
  }

  /** Reads an asset; what is damaged is taken away and fetched again. */
  #scrub(name: string): void {
    const held = this.held.get(name)
    if (held === undefined) return
    for (const [leaf, bytes] of held.leaves.entries()) {
      const digest = held.hashes.subarray(leaf * DIGEST_BYTES, (leaf + 1) * DIGEST_BYTES)
      if (bytes !== null && equalBytes(this.#parts.sha256(bytes), digest)) continue
      held.leaves[leaf] = null
      this.rotten.delete(`${name}/${leaf}`)
    }
    if (held.leaves.every((leaf) => leaf !== null)) return
    this.held.delete(name)
    this.#begin(name, { ...held, isRepair: true })
  }

  #begin(name: string, what: Omit<Fetch, 'from' | 'askedUs' | 'passed'>): void {
    this.#fetches.set(name, { ...what, from: -1, askedUs: 0, passed: new Set() })
  }

  #pass(fetch: Fetch): void {
    fetch.passed.add(fetch.from)
    fetch.from = -1
  }

  #ask(name: string, fetch: Fetch, nowUs: number): void {
    if (fetch.from >= 0) return
    const next = [...this.#peers].find((peer) => !fetch.passed.has(peer))
    if (next === undefined) return
    fetch.from = next
    this.#askOn(name, fetch, nowUs)
  }

  #askOn(name: string, fetch: Fetch, nowUs: number): void {
    fetch.askedUs = nowUs
    const leaf = fetch.leaves.indexOf(null)
    if (fetch.hashes === null) this.#parts.send(fetch.from, { kind: 'want', cid: name })
    else this.#parts.send(fetch.from, { kind: 'want-leaf', cid: name, leaf })
  }

  #finish(name: string, { cid, sizeBytes, hashes, leaves, isRepair }: Fetch): void {
    this.#fetches.delete(name)
    if (hashes === null) return
    this.held.set(name, { cid, sizeBytes, hashes, leaves })
    this.#parts.happened(isRepair ? 'asset-mended' : 'asset-fetched')
    for (const peer of this.#peers) this.#parts.send(peer, { kind: 'have', cid: name })
  }
}

/** Size of what is said about an asset, without the head of a message. */
export function sizeOfAssetMessage(message: AssetMessage): number {
  if (message.kind === 'hashes') return ASK_BYTES + message.hashes.length
  return ASK_BYTES + (message.kind === 'leaf' ? message.bytes.length : 0)
}

const DIGEST_BYTES = 32
/** A CID, a number and a kind. */
const ASK_BYTES = 48
