import { encodeCanonical, toHex } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { SetHash, readEntries, readOnce } from '../document/index.ts'
import type { DocumentHost, DocumentState, SectionContext, SectionVerdict } from '../document/index.ts'
import { readCatalogueEntry } from './entries.ts'
import type { AssetKind, CatalogueEntry, ListEntry, UnlistEntry } from './entries.ts'

/** One listing of an asset. */
export interface Listing {
  /** Commit (hex), a slash, index: names this listing. */
  key: string
  cid: Uint8Array
  name: string
  sizeBytes: number
  kind: AssetKind
  /** Device that listed it, hex. */
  device: string
  /** Its member, hex. */
  member: string
  seq: number
  /** Its commit's place in the log of this replica. */
  order: number
  timeMs: number
}

/** Listings that may wait to be put into the map. A guess: a few cache lines. */
const FRESH_MAX = 64

/** Why a catalogue section was refused. */
export type CatalogueRefusal = 'entries' | 'role' | 'listing-unknown' | 'listing-of-another'

/**
 * Which assets the co-op knows and who holds them. Listings are a set with observed removal; who holds what is one
 * set per device that only this device's chain changes.
 */
export class CatalogueState implements DocumentState {
  readonly #host: DocumentHost
  readonly #listings = new Map<string, Listing>()
  /** Listings that are not in the map yet. */
  readonly #fresh: Listing[] = []
  /**
   * Devices (hex) that state to hold an asset, by CID in hex; with the orders of the commits that say so, one on each
   * branch where a device's chain has parted.
   */
  readonly holders: Map<string, Map<string, readonly number[]>> = new Map()
  /** Counts changes. */
  revision = 0
  /** Listings that were taken off, with the commit that listed them: a second removal is no error. */
  readonly #removed = new Map<string, { order: number; member: string }>()
  /** Of listings and of holders: with a million of them, a hash of all would stop the node for seconds. */
  readonly #listed: SetHash
  readonly #held: SetHash

  constructor(host: DocumentHost) {
    this.#host = host
    this.#listed = new SetHash(host.sha256)
    this.#held = new SetHash(host.sha256)
  }

  /** By `Listing.key`, in the order of this replica's log. */
  get listings(): ReadonlyMap<string, Listing> {
    return this.#settled()
  }

  /** Many commits come between two looks at the map, and it is large. */
  #settled(): Map<string, Listing> {
    for (const listing of this.#fresh) this.#listings.set(listing.key, listing)
    this.#fresh.length = 0
    return this.#listings
  }

  check(section: SectionContext): SectionVerdict {
    const read = readOnce(this.#host.readings, readSection, section.payload)
    if (read?.length !== section.entries)
      return refuse('entries', 'the section is not a list of catalogue entries')
    for (let index = 0; index < read.length; index += 1) {
      const entry = read[index] ?? null
      if (entry === null) return refuse('entries', `entry ${index} is not a catalogue entry`)
      const refusal = this.#judge(entry, section)
      if (refusal !== null)
        return refuse(refusal, `entry ${index} ('${entry.t}') breaks the rule '${refusal}'`)
    }
    return { ok: true, apply: () => this.#apply(read, section) }
  }

  stateHash(): Uint8Array {
    const sums = [this.#listed, this.#held].flatMap((it) => [it.size, it.sum()])
    return this.#host.sha256(encodeCanonical(sums))
  }

  #judge(entry: CatalogueEntry, section: SectionContext): CatalogueRefusal | null {
    switch (entry.t) {
      case 'hold':
      case 'drop':
        return null
      case 'list':
        return section.role === 'observer' ? 'role' : null
      case 'unlist':
        return this.#judgeRemoval(entry, section)
    }
  }

  #judgeRemoval(entry: UnlistEntry, section: SectionContext): CatalogueRefusal | null {
    const key = listingKey(entry.commit, entry.index)
    const listing = this.listings.get(key) ?? this.#removed.get(key)
    if (listing === undefined || !section.relies(listing.order)) return 'listing-unknown'
    return section.role === 'steward' || listing.member === section.member ? null : 'listing-of-another'
  }

  #apply(entries: readonly (ReadEntry | null)[], section: SectionContext): void {
    this.revision += 1
    for (let index = 0; index < entries.length; index += 1) {
      const entry = entries[index] ?? null
      if (entry === null) continue
      switch (entry.t) {
        case 'list': {
          const { device, member, seq, order, timeMs } = section
          const { key, cid, hash } = this.#named(entry, section.commit, index)
          const { name, sizeBytes, kind } = entry
          const listing = { key, cid, name, sizeBytes, kind, device, member, seq, order, timeMs }
          this.#fresh.push(listing)
          if (this.#fresh.length >= FRESH_MAX) this.#settled()
          this.#listed.addHash(hash)
          break
        }
        case 'unlist': {
          const key = listingKey(entry.commit, entry.index)
          const listing = this.listings.get(key)
          if (listing === undefined) break
          const { order, member } = listing
          this.#removed.set(key, { order, member })
          this.#listings.delete(key)
          this.#listed.remove(rowOf(listing))
          break
        }
        case 'hold':
        case 'drop':
          this.#hold(toHex(entry.cid), section, entry.t === 'hold')
          break
      }
    }
  }

  /** Worked out once for all replicas that share what was read of the commit. */
  #named(entry: ReadEntry & { t: 'list' }, commit: Uint8Array, index: number): Named {
    if (entry.named?.commit === commit) return entry.named
    const key = listingKey(commit, index)
    // A copy of the CID: the original is a view that would keep its whole frame alive.
    const row = { ...entry, key, cid: entry.cid.slice() }
    const named = { commit, key, cid: row.cid, hash: this.#listed.hashOf(rowOf(row)) }
    entry.named = named
    return named
  }

  /** A statement ends those before it on the author's own chain. */
  #hold(cid: string, section: SectionContext, isHeld: boolean): void {
    const devices = this.holders.get(cid) ?? new Map<string, readonly number[]>()
    const before = devices.get(section.device)
    const others = (before ?? []).filter((order) => !section.follows(order))
    const orders = isHeld && !others.includes(section.order) ? [...others, section.order] : others
    if (orders.length > 0) devices.set(section.device, orders)
    else devices.delete(section.device)
    if (before === undefined && orders.length > 0) this.#held.add([cid, section.device])
    else if (before !== undefined && orders.length === 0) this.#held.remove([cid, section.device])
    if (devices.size > 0) this.holders.set(cid, devices)
    else this.holders.delete(cid)
  }
}

/** A listing as all replicas name it. */
interface Named {
  /** The commit that lists it, as the object that replicas share. */
  commit: Uint8Array
  key: string
  cid: Uint8Array
  /** Hash of its row. */
  hash: Uint8Array
}

/** An entry that was read; a listing with its name, once a commit is known to hold it. */
type ReadEntry = Exclude<CatalogueEntry, ListEntry> | (ListEntry & { named?: Named })

/** The entries of a section, null for each that is none; null for what is no list. */
function readSection(payload: Uint8Array): (ReadEntry | null)[] | null {
  return readEntries(payload)?.map((map) => readCatalogueEntry(map)) ?? null
}

/** What of a listing is state that replicas agree on. */
function rowOf({ key, cid, name, sizeBytes, kind }: Omit<ListEntry, 't'> & { key: string }): Value {
  return [key, cid, name, sizeBytes, kind]
}

function listingKey(commit: Uint8Array, index: number): string {
  return `${toHex(commit)}/${index}`
}

function refuse(refusal: CatalogueRefusal, detail: string): SectionVerdict {
  return { ok: false, refusal, detail }
}
