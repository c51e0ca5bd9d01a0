import { encodeCanonical, isBytes, isCount, isMapOf, isName } from '../encoding/index.ts'
import type { Value, ValueMap } from '../encoding/index.ts'

/** Longest name of an asset, in UTF-16 units: the longest file name of common file systems. */
export const ASSET_NAME_LENGTH_MAX = 255

/** Bytes of an asset's CID: version 1, codec raw or dag-pb, SHA-256. */
export const CID_BYTES = 36

/** What an asset is. */
export type AssetKind = 'file' | 'directory'

/** Puts an asset on the co-op's list. */
export interface ListEntry {
  t: 'list'
  cid: Uint8Array
  name: string
  sizeBytes: number
  kind: AssetKind
}

/** Takes one listing off; a concurrent second listing of the same asset stays. */
export interface UnlistEntry {
  t: 'unlist'
  /** Commit of the listing. */
  commit: Uint8Array
  /** Its index in that section. */
  index: number
}

/** States that this device holds the whole asset. */
export interface HoldEntry {
  t: 'hold'
  cid: Uint8Array
}

/** States that this device no longer holds it. */
export interface DropEntry {
  t: 'drop'
  cid: Uint8Array
}

/** An entry of the catalogue. */
export type CatalogueEntry = ListEntry | UnlistEntry | HoldEntry | DropEntry

/** The typed entry in a decoded map, or null when it is not one of ours. */
export function readCatalogueEntry(map: ValueMap): CatalogueEntry | null {
  const type = map['t']
  switch (typeof type === 'string' ? type : '') {
    case 'list': {
      if (!isMapOf(map, ['t', 'cid', 'name', 'sizeBytes', 'kind'])) return null
      const { cid, name, sizeBytes, kind } = map
      if (!isAssetCid(cid) || !isName(name, ASSET_NAME_LENGTH_MAX) || !isCount(sizeBytes)) return null
      return kind === 'file' || kind === 'directory' ? { t: 'list', cid, name, sizeBytes, kind } : null
    }
    case 'unlist': {
      if (!isMapOf(map, ['t', 'commit', 'index'])) return null
      const { commit, index } = map
      return isBytes(commit, 32) && isCount(index) ? { t: 'unlist', commit, index } : null
    }
    case 'hold':
      return isMapOf(map, ['t', 'cid']) && isAssetCid(map['cid']) ? { t: 'hold', cid: map['cid'] } : null
    case 'drop':
      return isMapOf(map, ['t', 'cid']) && isAssetCid(map['cid']) ? { t: 'drop', cid: map['cid'] } : null
    default:
      return null
  }
}

/** Payload of a catalogue section with these entries. */
export function encodeCatalogueEntries(entries: readonly CatalogueEntry[]): Uint8Array {
  return encodeCanonical(entries.map((entry) => ({ ...entry })))
}

function isAssetCid(value: Value | undefined): value is Uint8Array {
  if (!isBytes(value, CID_BYTES)) return false
  return value[0] === 1 && (value[1] === 0x55 || value[1] === 0x70) && value[2] === 0x12 && value[3] === 0x20
}
