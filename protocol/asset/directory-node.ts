import { decode, encode } from '@ipld/dag-pb'
import type { PBLink } from '@ipld/dag-pb'
import { equals } from 'multiformats/bytes'
import type { CID } from 'multiformats/cid'
import { DAG_PB_CODEC, detachedCid, isAssetCid } from './asset-cid.ts'
import { isEntryName } from './entry-name.ts'
import { decodeDirectoryData } from './unixfs-data.ts'
import { ENTRY_TSIZE_BYTES_MAX } from './unixfs-directory.ts'
import type { DirectoryEntry } from './unixfs-directory.ts'

/** Largest block that is read as a directory. IPFS peers exchange no larger ones (Bitswap's limit is 2 MiB). */
export const DIRECTORY_BLOCK_BYTES_MAX = 2_097_152

/**
 * Why a block is not taken as a directory. `not-dag-pb`: not dag-pb in its one canonical encoding.
 * `not-a-directory`: UnixFS of another type, hash or fanout, or with fields that a directory does not have. `bad-shard`:
 * a shard whose labels and bitfield do not fit each other, or without any.
 */
export type DirectoryNodeRefusal =
  | 'block-too-large'
  | 'not-dag-pb'
  | 'not-a-directory'
  | 'bad-shard'
  | 'bad-name'
  | 'duplicate-name'
  | 'bad-size'
  | 'unsupported-cid'

/** What a directory block lists: entries, and the shards that list the rest (none in a flat directory). */
export type DirectoryNodeResult =
  | { ok: true; entries: DirectoryEntry[]; shards: CID[] }
  | { ok: false; refusal: DirectoryNodeRefusal }

/**
 * Reads one block of a directory as a peer sent it: a flat directory, or a shard. Never throws. The caller has checked
 * that the bytes hash to the CID it asked for. Of a sharded directory the caller also bounds the walk
 * (`HAMT_DEPTH_MAX`, and entries in all) and refuses a name that two shards list. Mode and mtime are ignored.
 */
export function readDirectoryNode(bytes: Uint8Array): DirectoryNodeResult {
  if (bytes.length > DIRECTORY_BLOCK_BYTES_MAX) return { ok: false, refusal: 'block-too-large' }
  const node = readCanonicalNode(bytes)
  if (node === undefined) return { ok: false, refusal: 'not-dag-pb' }
  const directory = decodeDirectoryData(node.data)
  if (directory === undefined) return { ok: false, refusal: 'not-a-directory' }
  return directory.kind === 'flat' ? readEntries(node.links, []) : readShard(node.links, directory.slots)
}

type CanonicalNode = { data: Uint8Array; links: PBLink[] }

function readCanonicalNode(bytes: Uint8Array): CanonicalNode | undefined {
  try {
    const node = decode(bytes)
    // The decoder replaces invalid UTF-8 and takes overlong varints; only the canonical form survives the round trip.
    return equals(encode(node), bytes)
      ? { data: node.Data ?? new Uint8Array(0), links: node.Links }
      : undefined
  } catch {
    return undefined
  }
}

function readShard(links: readonly PBLink[], slots: readonly number[]): DirectoryNodeResult {
  const isLabelled = links.every((link, index) => slotOf(link.Name ?? '') === slots[index])
  if (!isLabelled || links.length !== slots.length || links.length === 0) {
    return { ok: false, refusal: 'bad-shard' }
  }
  const leaves: PBLink[] = []
  const shards: CID[] = []
  for (const link of links) {
    const name = (link.Name ?? '').slice(2)
    if (name !== '') leaves.push({ ...link, Name: name })
    else if (!isAssetCid(link.Hash)) return { ok: false, refusal: 'unsupported-cid' }
    else if (link.Hash.code !== DAG_PB_CODEC) return { ok: false, refusal: 'bad-shard' }
    else shards.push(detachedCid(link.Hash))
  }
  return readEntries(leaves, shards)
}

/** The slot that a link's name begins with, or -1. */
function slotOf(name: string): number {
  return /^[0-9A-F]{2}/.test(name) ? Number.parseInt(name.slice(0, 2), 16) : -1
}

function readEntries(links: readonly PBLink[], shards: CID[]): DirectoryNodeResult {
  const names = new Set<string>()
  const entries: DirectoryEntry[] = []
  for (const { Hash: cid, Name: name = '', Tsize: tsizeBytes } of links) {
    if (!isEntryName(name)) return { ok: false, refusal: 'bad-name' }
    if (names.has(name)) return { ok: false, refusal: 'duplicate-name' }
    if (!isAssetCid(cid)) return { ok: false, refusal: 'unsupported-cid' }
    if (tsizeBytes === undefined || tsizeBytes > ENTRY_TSIZE_BYTES_MAX)
      return { ok: false, refusal: 'bad-size' }
    names.add(name)
    entries.push({ name, cid: detachedCid(cid), tsizeBytes })
  }
  return { ok: true, entries, shards }
}
