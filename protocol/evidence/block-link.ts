import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { concatBytes, equalBytes } from '../encoding/index.ts'

/** Multicodec of a dag-cbor block. */
export const DAG_CBOR_CODEC = 0x71
/** Multicodec of a block without structure. */
export const RAW_CODEC = 0x55
/** Bytes of every CID in an evidence file. */
export const CID_BYTES = 36

const SHA_256_CODE = 0x12
const DIGEST_BYTES = 32

/** Names a block: a CIDv1 with SHA-256, taken apart. */
export interface BlockLink {
  codec: typeof DAG_CBOR_CODEC | typeof RAW_CODEC
  /** SHA-256 of the block, 32 bytes. */
  digest: Uint8Array
}

/** The link of a dag-cbor block with this digest: of a commit header, the digest is the commit id. */
export function cborLink(digest: Uint8Array): BlockLink {
  return { codec: DAG_CBOR_CODEC, digest }
}

/** True when both name the same block in the same codec. */
export function equalLinks(a: BlockLink, b: BlockLink): boolean {
  return a.codec === b.codec && equalBytes(a.digest, b.digest)
}

/** The CID in bytes, as it stands before a block of a CAR file. */
export function linkBytes(link: BlockLink): Uint8Array {
  return concatBytes(Uint8Array.of(1, link.codec, SHA_256_CODE, DIGEST_BYTES), link.digest)
}

/** The link in the first 36 bytes, or null when they are no CIDv1 with SHA-256 of one of our codecs. */
export function readLinkBytes(bytes: Uint8Array): BlockLink | null {
  const [version, codec, hash, length] = bytes
  const isOurs = version === 1 && hash === SHA_256_CODE && length === DIGEST_BYTES
  if (!isOurs || bytes.length < CID_BYTES || !isOurCodec(codec)) return null
  return { codec, digest: bytes.slice(CID_BYTES - DIGEST_BYTES, CID_BYTES) }
}

/** The CID that dag-cbor writes as a link. */
export function linkToCid(link: BlockLink): CID {
  return CID.createV1(link.codec, createDigest(SHA_256_CODE, link.digest))
}

/** The link that a decoded dag-cbor value is, or null when it is none or not one of ours. */
export function linkOfCid(value: unknown): BlockLink | null {
  const cid = CID.asCID(value)
  return cid === null ? null : readLinkBytes(cid.bytes)
}

/** The CID as text: base32, `bafy…` or `bafk…`. */
export function linkText(link: BlockLink): string {
  return linkToCid(link).toString()
}

function isOurCodec(codec: number | undefined): codec is BlockLink['codec'] {
  return codec === DAG_CBOR_CODEC || codec === RAW_CODEC
}
