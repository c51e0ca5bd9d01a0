import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'

/** Length of one SHA-256 digest, in bytes. */
export const DIGEST_BYTES = 32

/** Multicodec of a block without structure: a file leaf. */
export const RAW_CODEC = 0x55

/** Multicodec of a dag-pb block: a directory, or an inner node of a file. */
export const DAG_PB_CODEC = 0x70

const SHA_256_CODE = 0x12

/**
 * Longest text that is looked at as a CID, in characters: base32 of the CIDs we support has 59, of a CID with a
 * 512-bit digest 111. Bounds the quadratic base58 and base36 decoders.
 */
export const ASSET_CID_TEXT_LENGTH_MAX = 128

/**
 * Why a text does not name an asset: `not-a-cid` is no CID at all, `unsupported-cid` a CID of a version, hash or
 * codec that is not ours (CIDv0 `Qm...` among them).
 */
export type AssetCidRefusal = 'not-a-cid' | 'unsupported-cid'

/** Outcome of {@link parseAssetCid}. */
export type AssetCidResult = { ok: true; cid: CID } | { ok: false; refusal: AssetCidRefusal }

/**
 * Reads the CID of a file or directory from text in base32, base36 or base58btc. The returned CID prints as
 * lower-case base32 whatever it was read from, so that one asset has one text.
 */
export function parseAssetCid(text: string): AssetCidResult {
  if (text.length > ASSET_CID_TEXT_LENGTH_MAX) return { ok: false, refusal: 'not-a-cid' }
  let parsed: CID
  try {
    parsed = CID.parse(text)
  } catch {
    return { ok: false, refusal: 'not-a-cid' }
  }
  if (!isAssetCid(parsed)) return { ok: false, refusal: 'unsupported-cid' }
  return { ok: true, cid: detachedCid(parsed) }
}

/** True for the CIDs that assets are made of: CIDv1, SHA-256 in full length, codec raw or dag-pb. */
export function isAssetCid(cid: CID): boolean {
  const isOurCodec = cid.code === RAW_CODEC || cid.code === DAG_PB_CODEC
  const { code, digest } = cid.multihash
  return cid.version === 1 && isOurCodec && code === SHA_256_CODE && digest.length === DIGEST_BYTES
}

/** The CIDv1 of a block with this codec and SHA-256 digest. Throws a RangeError for a digest of another length. */
export function cidOfDigest(codec: typeof RAW_CODEC | typeof DAG_PB_CODEC, digest: Uint8Array): CID {
  if (digest.length !== DIGEST_BYTES) throw new RangeError(`a SHA-256 digest has ${digest.length} bytes`)
  return CID.createV1(codec, createDigest(SHA_256_CODE, digest))
}

/**
 * The same CID in memory of its own, without the text it was parsed from: holding it does not hold the block it was
 * read from.
 */
export function detachedCid(cid: CID): CID {
  return CID.createV1(cid.code, createDigest(cid.multihash.code, cid.multihash.digest.slice()))
}
