import { encode } from '@ipld/dag-pb'
import type { PBLink } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { equals } from 'multiformats/bytes'
import { cidOfDigest, DAG_PB_CODEC, DIGEST_BYTES, RAW_CODEC } from './asset-cid.ts'
import type { Sha256 } from '../identity/index.ts'
import { encodeFileData } from './unixfs-data.ts'

/** Bytes in every leaf of a file but the last. From the profile `unixfs-v1-2025` (IPIP-499). */
export const LEAF_BYTES = 1_048_576

/** Links in an inner node of a file at most. From the profile `unixfs-v1-2025` (IPIP-499). */
export const FILE_NODE_LINKS_MAX = 1_024

/** The root of a file, and what a directory link to it states. */
export type FileRoot = {
  cid: CID
  /** Bytes of every block under the root, the root included: `Tsize` of a directory link. */
  tsizeBytes: number
}

/**
 * Leaves of a file of `sizeBytes` (an integer from 0 to 2^53 - 1). An empty file has one empty leaf.
 * Throws a RangeError for any other number.
 */
export function leafCount(sizeBytes: number): number {
  if (!isFileSize(sizeBytes)) throw new RangeError(`not a file size: ${sizeBytes}`)
  return Math.max(1, Math.ceil(sizeBytes / LEAF_BYTES))
}

/**
 * The CID of a file from its size and the SHA-256 digests of its leaves, concatenated in order. It equals the one
 * that `ipfs-unixfs-importer` 17 gives to the same bytes under the profile `unixfs-v1-2025`, without mode and mtime,
 * save for 2 to 4 GiB, where the importer states no right size (`unixfs-data.ts` says why). A file of one leaf is that
 * leaf. Beside its arguments it holds one node of 1,024 links and a list of the nodes
 * below. Throws a RangeError when `leafHashes` does not have 32 bytes for each leaf of `sizeBytes`.
 */
export function fileCid(sizeBytes: number, leafHashes: Uint8Array, sha256: Sha256): FileRoot {
  const leaves = leafCount(sizeBytes)
  if (leafHashes.length !== leaves * DIGEST_BYTES) {
    throw new RangeError(`${leafHashes.length} bytes of hashes for ${leaves} leaves`)
  }
  if (leaves === 1) {
    return { cid: cidOfDigest(RAW_CODEC, leafHashes.slice()), tsizeBytes: sizeBytes }
  }
  let level: Subtree[] = []
  for (let first = 0; first < leaves; first += FILE_NODE_LINKS_MAX) {
    level.push(parentOf(leavesFrom(first, leaves, { sizeBytes, leafHashes }), sha256))
  }
  while (level.length > 1) {
    const above: Subtree[] = []
    for (let first = 0; first < level.length; first += FILE_NODE_LINKS_MAX) {
      above.push(parentOf(level.slice(first, first + FILE_NODE_LINKS_MAX), sha256))
    }
    level = above
  }
  const [root] = level
  if (root === undefined) throw new RangeError('a file without leaves')
  return { cid: root.cid, tsizeBytes: root.tsizeBytes }
}

/**
 * Whether these leaf hashes, as a peer gave them, are those of the file `cid` of `sizeBytes`. Takes any input and
 * never throws. The CID of a file of one leaf does not bind its size (the leaf itself does, when it arrives); only
 * for an empty file is the hash compared with that of nothing.
 */
export function verifyLeafHashes(
  cid: CID,
  sizeBytes: number,
  leafHashes: Uint8Array,
  sha256: Sha256,
): boolean {
  if (!isFileSize(sizeBytes)) return false
  if (leafHashes.length !== leafCount(sizeBytes) * DIGEST_BYTES) return false
  if (sizeBytes === 0 && !equals(leafHashes, sha256(new Uint8Array(0)))) return false
  return fileCid(sizeBytes, leafHashes, sha256).cid.equals(cid)
}

type Subtree = { cid: CID; contentBytes: number; tsizeBytes: number }

function isFileSize(sizeBytes: number): boolean {
  return Number.isSafeInteger(sizeBytes) && sizeBytes >= 0
}

function leavesFrom(
  first: number,
  leaves: number,
  file: { sizeBytes: number; leafHashes: Uint8Array },
): Subtree[] {
  const group: Subtree[] = []
  const end = Math.min(first + FILE_NODE_LINKS_MAX, leaves)
  for (let leaf = first; leaf < end; leaf += 1) {
    const digest = file.leafHashes.subarray(leaf * DIGEST_BYTES, (leaf + 1) * DIGEST_BYTES)
    const contentBytes = Math.min(LEAF_BYTES, file.sizeBytes - leaf * LEAF_BYTES)
    group.push({ cid: cidOfDigest(RAW_CODEC, digest), contentBytes, tsizeBytes: contentBytes })
  }
  return group
}

function parentOf(children: readonly Subtree[], sha256: Sha256): Subtree {
  const links: PBLink[] = children.map((child) => ({ Hash: child.cid, Name: '', Tsize: child.tsizeBytes }))
  const block = encode({ Data: encodeFileData(children.map((child) => child.contentBytes)), Links: links })
  return {
    cid: cidOfDigest(DAG_PB_CODEC, sha256(block)),
    contentBytes: children.reduce((sum, child) => sum + child.contentBytes, 0),
    tsizeBytes: children.reduce((sum, child) => sum + child.tsizeBytes, block.length),
  }
}
