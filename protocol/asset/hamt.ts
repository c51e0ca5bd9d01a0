import { encode } from '@ipld/dag-pb'
import type { PBLink } from '@ipld/dag-pb'
import { encodeUtf8 } from 'lib0/string'
import type { CID } from 'multiformats/cid'
import { cidOfDigest, DAG_PB_CODEC } from './asset-cid.ts'
import type { Sha256 } from '../identity/index.ts'
import { murmur3x64 } from './murmur3.ts'
import { encodeDirectoryData } from './unixfs-data.ts'
import type { DirectoryBlock, DirectoryEntry } from './unixfs-directory.ts'

/** Levels of shards under each other at most: the hash has 8 bytes. Whoever walks a directory stops there. */
export const HAMT_DEPTH_MAX = 8

/** Outcome of {@link hamtNodes}. */
export type HamtResult =
  | { ok: true; cid: CID; tsizeBytes: number; blocks: DirectoryBlock[] }
  | { ok: false; refusal: 'names-collide' }

/**
 * The shards of a directory, children before parents. Names are distinct and valid. Refuses names whose hashes are
 * equal to the last bit, as Kubo does; the importer would go on with a longer hash.
 */
export function hamtNodes(entries: readonly DirectoryEntry[], sha256: Sha256): HamtResult {
  const placed = entries.map((entry) => ({ ...entry, hash: murmur3x64(encodeUtf8(entry.name)) }))
  const blocks: DirectoryBlock[] = []
  const root = shardOf(placed, { depth: 0, blocks, sha256 })
  if (root === undefined) return { ok: false, refusal: 'names-collide' }
  return { ok: true, cid: root.cid, tsizeBytes: root.tsizeBytes, blocks }
}

/** The label of a slot: `00` to `FF`. */
function slotLabel(slot: number): string {
  return slot.toString(16).toUpperCase().padStart(2, '0')
}

type PlacedEntry = DirectoryEntry & { hash: Uint8Array }
type Shard = { cid: CID; tsizeBytes: number }
type ShardContext = { depth: number; blocks: DirectoryBlock[]; sha256: Sha256 }

function shardOf(entries: readonly PlacedEntry[], context: ShardContext): Shard | undefined {
  const { depth, blocks, sha256 } = context
  if (depth >= HAMT_DEPTH_MAX) return undefined
  const links: PBLink[] = []
  const slots: number[] = []
  for (const [slot, occupants] of occupiedSlots(entries, depth)) {
    const [only] = occupants
    if (only === undefined) continue
    slots.push(slot)
    if (occupants.length === 1) {
      links.push({ Hash: only.cid, Name: slotLabel(slot) + only.name, Tsize: only.tsizeBytes })
      continue
    }
    const shard = shardOf(occupants, { depth: depth + 1, blocks, sha256 })
    if (shard === undefined) return undefined
    links.push({ Hash: shard.cid, Name: slotLabel(slot), Tsize: shard.tsizeBytes })
  }
  const bytes = encode({ Data: encodeDirectoryData({ kind: 'shard', slots }), Links: links })
  const cid = cidOfDigest(DAG_PB_CODEC, sha256(bytes))
  blocks.push({ cid, bytes })
  return { cid, tsizeBytes: links.reduce((sum, link) => sum + (link.Tsize ?? 0), bytes.length) }
}

/** Entries by slot, in the order of slots, which is the order of the links. */
function occupiedSlots(entries: readonly PlacedEntry[], depth: number): [number, PlacedEntry[]][] {
  const bySlot = new Map<number, PlacedEntry[]>()
  for (const entry of entries) {
    const slot = entry.hash[depth] ?? 0
    const occupants = bySlot.get(slot)
    if (occupants === undefined) bySlot.set(slot, [entry])
    else occupants.push(entry)
  }
  return [...bySlot].sort(([a], [b]) => a - b)
}
