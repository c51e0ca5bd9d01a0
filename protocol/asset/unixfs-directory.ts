import { encode, prepare } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { cidOfDigest, DAG_PB_CODEC, isAssetCid } from './asset-cid.ts'
import type { Sha256 } from '../identity/index.ts'
import { isEntryName } from './entry-name.ts'
import { hamtNodes } from './hamt.ts'
import { encodeDirectoryData } from './unixfs-data.ts'

/**
 * Largest block of a directory that is not sharded. From `ipfs-unixfs-importer` 17 and the profile `unixfs-v1-2025`
 * (IPIP-499), which measures the encoded block.
 */
export const FLAT_DIRECTORY_BYTES_MAX = 262_144

/**
 * Entries of one directory at most. Measured with 100,000 entries: 4 s without a pause and 190 MB of memory on one core;
 * more belong in subdirectories.
 */
export const DIRECTORY_ENTRIES_MAX = 100_000

/** Largest `Tsize` of an entry and sum of them, in bytes: half of what a link can state, to leave room for nodes. */
export const ENTRY_TSIZE_BYTES_MAX: number = 2 ** 52

/** A named file or directory in a directory. */
export type DirectoryEntry = {
  /** One path segment, see `isEntryName`. Names are compared byte by byte, without Unicode normalisation. */
  name: string
  cid: CID
  /** Bytes of every block under `cid`. Stated by whoever made the directory, and not proven by its CID. */
  tsizeBytes: number
}

/** A block of a directory, with the CID that its bytes hash to. */
export type DirectoryBlock = { cid: CID; bytes: Uint8Array }

/**
 * Why entries do not make a directory. `names-collide`: two names share a 64-bit murmur3, which happens only to names
 * made for it. `directory-too-large`: more entries or bytes than the limits of this module.
 */
export type DirectoryRefusal =
  | 'bad-name'
  | 'duplicate-name'
  | 'unsupported-cid'
  | 'bad-size'
  | 'names-collide'
  | 'directory-too-large'

/** A directory's root, its `Tsize` in a link, and all its dag-pb blocks, children before parents, the root last. */
export type DirectoryResult =
  | { ok: true; cid: CID; tsizeBytes: number; blocks: DirectoryBlock[] }
  | { ok: false; refusal: DirectoryRefusal }

/**
 * The blocks of a directory of these entries, in any order: one, or a HAMT of fanout 256 when one would be larger than
 * {@link FLAT_DIRECTORY_BYTES_MAX}. They equal those of `ipfs-unixfs-importer` 17 under the profile `unixfs-v1-2025`,
 * without mode and mtime, save that the importer leaves subdirectories out when it measures the block, and so shards
 * a directory of several thousand subdirectories later than the profile asks.
 */
export function directoryNodes(entries: readonly DirectoryEntry[], sha256: Sha256): DirectoryResult {
  const refusal = refusalOf(entries)
  if (refusal !== undefined) return { ok: false, refusal }
  const bytes = flatBlock(entries)
  if (bytes === undefined) return hamtNodes(entries, sha256)
  const cid = cidOfDigest(DAG_PB_CODEC, sha256(bytes))
  const tsizeBytes = entries.reduce((sum, entry) => sum + entry.tsizeBytes, bytes.length)
  return { ok: true, cid, tsizeBytes, blocks: [{ cid, bytes }] }
}

function refusalOf(entries: readonly DirectoryEntry[]): DirectoryRefusal | undefined {
  if (entries.length > DIRECTORY_ENTRIES_MAX) return 'directory-too-large'
  const names = new Set<string>()
  let tsizeBytes = 0
  for (const entry of entries) {
    if (!isEntryName(entry.name)) return 'bad-name'
    if (names.has(entry.name)) return 'duplicate-name'
    if (!isAssetCid(entry.cid)) return 'unsupported-cid'
    if (!Number.isSafeInteger(entry.tsizeBytes) || entry.tsizeBytes < 0) return 'bad-size'
    names.add(entry.name)
    tsizeBytes += entry.tsizeBytes
    if (tsizeBytes > ENTRY_TSIZE_BYTES_MAX) return 'directory-too-large'
  }
  return undefined
}

/** The block of an unsharded directory, or undefined when it would be too large. */
function flatBlock(entries: readonly DirectoryEntry[]): Uint8Array | undefined {
  // A UTF-16 unit takes at least one byte, so this sum is below the block's size and spares encoding huge ones.
  const bytesMin = entries.reduce((sum, entry) => sum + entry.name.length + entry.cid.bytes.length, 0)
  if (bytesMin > FLAT_DIRECTORY_BYTES_MAX) return undefined
  const links = entries.map((entry) => ({ Hash: entry.cid, Name: entry.name, Tsize: entry.tsizeBytes }))
  const block = encode(prepare({ Data: encodeDirectoryData({ kind: 'flat' }), Links: links }))
  return block.length > FLAT_DIRECTORY_BYTES_MAX ? undefined : block
}
