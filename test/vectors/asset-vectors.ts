import { LEAF_BYTES, fileCid, leafCount, parseAssetCid } from '#protocol/asset'
import { toHex } from '#protocol/encoding'
import { nodeCrypto } from '#node/crypto'
import type { VectorFile } from './vector-form.ts'

const { sha256 } = nodeCrypto()
const SIZES: [string, number][] = [
  ['an empty file is one empty leaf', 0],
  ['one byte', 1],
  ['a small file', 1_000],
  ['one byte short of a leaf', LEAF_BYTES - 1],
  ['exactly one leaf', LEAF_BYTES],
  ['one leaf and one byte: the first with a root above', LEAF_BYTES + 1],
  ['two leaves', 2 * LEAF_BYTES],
  ['five leaves, the last of 7 bytes', 4 * LEAF_BYTES + 7],
]

/** Bytes of the vectors: byte i is i * 7 mod 256. */
export function assetContent(sizeBytes: number): Uint8Array {
  const content = new Uint8Array(sizeBytes)
  for (let i = 0; i < sizeBytes; i += 1) content[i] = i * 7 // modulo 256, as all bytes
  return content
}

/** SHA-256 of each leaf, concatenated. */
export function leafHashes(content: Uint8Array): Uint8Array {
  const hashes = new Uint8Array(32 * leafCount(content.length))
  for (let leaf = 0; leaf * 32 < hashes.length; leaf += 1)
    hashes.set(sha256(content.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES)), leaf * 32)
  return hashes
}

/** Files as every IPFS tool with the profile `unixfs-v1-2025` names them. */
export function assetVectors(): VectorFile {
  const files = SIZES.map(([name, sizeBytes]) => {
    const hashes = leafHashes(assetContent(sizeBytes))
    const { cid, tsizeBytes } = fileCid(sizeBytes, hashes, sha256)
    return {
      name,
      sizeBytes,
      leaves: hashes.length / 32,
      cid: cid.toString(),
      cidHex: toHex(cid.bytes),
      tsizeBytes,
    }
  })
  const [empty, one] = files
  const other = { name: '', sizeBytes: 1, cid: empty?.cid ?? '' }
  const texts = ['', 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG', `${one?.cid}a`, 'b'.repeat(129)]
  texts.push('bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua')
  const names = ['nothing', 'a CID of version 0', 'a letter too many', '129 characters', 'a CID of dag-cbor']
  return {
    about: [
      'files: byte i of the content is i * 7 mod 256. The CID is version 1, SHA-256, leaves of 1 MiB, UnixFS as in',
      'the profile unixfs-v1-2025. invalidTexts are no CIDs of assets. invalidFiles: the CID is not that of the content.',
    ],
    files,
    invalidTexts: texts.map((text, i) => {
      const parsed = parseAssetCid(text)
      return { name: names[i] ?? '', text, refusal: parsed.ok ? 'none' : parsed.refusal }
    }),
    invalidFiles: [
      { ...other, name: 'the CID of the empty file for one byte' },
      {
        name: 'the CID of one leaf for one leaf and one byte',
        sizeBytes: LEAF_BYTES + 1,
        cid: files[4]?.cid ?? '',
      },
      { name: 'the CID of five leaves for two', sizeBytes: 2 * LEAF_BYTES, cid: files[7]?.cid ?? '' },
    ],
  }
}
