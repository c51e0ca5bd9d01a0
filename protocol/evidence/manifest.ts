import { isDocumentId } from '../commit/index.ts'
import { isBytes, isCount, isMapOf } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { DAG_CBOR_CODEC, cborLink, equalLinks, linkOfCid, linkToCid } from './block-link.ts'
import type { BlockLink } from './block-link.ts'
import { INDEXES_MAX, INDEX_ROWS_MAX } from './limits.ts'
import { decodeLinked, encodeLinked } from './linked-value.ts'

/** What the root of every evidence file calls itself. */
export const EVIDENCE_FORMAT = 'coopmesh/evidence'
/** The version of the layout. Another number is refused, never guessed at. */
export const EVIDENCE_VERSION = 1

/** What was asked for when the file was made. */
export interface EvidenceScope {
  /** The document whose payloads were wanted; null for those of all. */
  document: string | null
  /** The device whose chain was wanted; null for all. */
  device: Uint8Array | null
}

/** The root of an evidence file. */
export interface Manifest extends EvidenceScope {
  /** Co-op id: the digest of the genesis record, which is a block of the file. */
  coop: Uint8Array
  /** Number of commits, at least 1. */
  commits: number
  /** Index blocks in order; all but the last list 1,000 commits. */
  indexes: BlockLink[]
}

/** Why a block is no manifest. */
export type ManifestRefusal = 'manifest-encoding' | 'manifest-shape' | 'manifest-version'

/** A decoded manifest, or why there is none. */
export type ManifestResult = { ok: true; manifest: Manifest } | { ok: false; refusal: ManifestRefusal }

/** Bytes of the root block. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const { coop, commits, document, device, indexes } = manifest
  return encodeLinked({
    format: EVIDENCE_FORMAT,
    version: EVIDENCE_VERSION,
    coop,
    genesis: linkToCid(cborLink(coop)),
    commits,
    document,
    device,
    indexes: indexes.map(linkToCid),
  })
}

/** Reads the root block. Never throws. */
export function decodeManifest(bytes: Uint8Array): ManifestResult {
  const value = decodeLinked(bytes) as Value | undefined
  if (value === undefined) return refuse('manifest-encoding')
  if (typeof value !== 'object' || value === null || !('format' in value)) return refuse('manifest-shape')
  if (value['format'] !== EVIDENCE_FORMAT) return refuse('manifest-shape')
  if (value['version'] !== EVIDENCE_VERSION) {
    return refuse(isCount(value['version']) ? 'manifest-version' : 'manifest-shape')
  }
  if (!isMapOf(value, KEYS)) return refuse('manifest-shape')
  const { coop, genesis, commits, document, device, indexes } = value
  if (!isBytes(coop, 32) || !isCount(commits) || !Array.isArray(indexes)) return refuse('manifest-shape')
  if (document !== null && !isDocumentId(document)) return refuse('manifest-shape')
  if (device !== null && !isBytes(device, 32)) return refuse('manifest-shape')
  const founding = linkOfCid(genesis)
  if (founding === null || !equalLinks(founding, cborLink(coop))) return refuse('manifest-shape')
  const isWhole = indexes.length === Math.ceil(commits / INDEX_ROWS_MAX)
  if (commits === 0 || !isWhole || indexes.length > INDEXES_MAX) return refuse('manifest-shape')
  const links = indexes.map(linkOfCid)
  if (!links.every((link) => link?.codec === DAG_CBOR_CODEC)) return refuse('manifest-shape')
  return { ok: true, manifest: { coop, commits, document, device, indexes: links as BlockLink[] } }
}

const KEYS = ['format', 'version', 'coop', 'genesis', 'commits', 'document', 'device', 'indexes']

function refuse(refusal: ManifestRefusal): ManifestResult {
  return { ok: false, refusal }
}
