import { createHash } from 'node:crypto'
import { decode } from '@ipld/dag-pb'
import { BlackHoleBlockstore } from 'blockstore-core'
import * as fc from 'fast-check'
import { importBytes } from 'ipfs-unixfs-importer'
import type { ImporterOptions } from 'ipfs-unixfs-importer'
import * as encoding from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import { cidOfDigest, DAG_PB_CODEC, DIGEST_BYTES, RAW_CODEC } from './asset-cid.ts'
import { FILE_NODE_LINKS_MAX, fileCid, LEAF_BYTES, leafCount, verifyLeafHashes } from './unixfs-file.ts'
import type { FileRoot } from './unixfs-file.ts'

/** Content under an inner node that has only leaves, all of them. */
const NODE_BYTES = FILE_NODE_LINKS_MAX * LEAF_BYTES

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())

function hashLeaves(content: Uint8Array): Uint8Array {
  const leaves = leafCount(content.length)
  const hashes = new Uint8Array(leaves * DIGEST_BYTES)
  for (let leaf = 0; leaf < leaves; leaf += 1) {
    const bytes = content.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES)
    hashes.set(sha256(bytes), leaf * DIGEST_BYTES)
  }
  return hashes
}

/** Hashes of leaves that nobody has: the tree above depends on the hashes alone. */
function madeUpHashes(leaves: number): Uint8Array {
  const hashes = new Uint8Array(leaves * DIGEST_BYTES)
  const view = new DataView(hashes.buffer)
  for (let leaf = 0; leaf < leaves; leaf += 1) view.setUint32(leaf * DIGEST_BYTES, leaf)
  return hashes
}

async function oracle(content: Uint8Array, options: ImporterOptions = {}): Promise<FileRoot> {
  const root = await importBytes(content, new BlackHoleBlockstore(), {
    profile: 'unixfs-v1-2025',
    ...options,
  })
  return { cid: root.cid, tsizeBytes: Number(root.size) }
}

/** The importer's own layout above made-up leaves. */
function oracleOfHashes(sizeBytes: number, hashes: Uint8Array): Promise<FileRoot> {
  const block = new Uint8Array(0)
  return oracle(block, {
    async *bufferImporter() {
      for (let leaf = 0; leaf < leafCount(sizeBytes); leaf += 1) {
        const cid = cidOfDigest(RAW_CODEC, hashes.subarray(leaf * DIGEST_BYTES, (leaf + 1) * DIGEST_BYTES))
        const size = BigInt(Math.min(LEAF_BYTES, sizeBytes - leaf * LEAF_BYTES))
        yield async () => ({ cid, size, block })
      }
    },
  })
}

/** The range in which `ipfs-unixfs` 13.1.1 writes uninitialised memory instead of the size. */
function isBrokenInOracle(sizeBytes: number): boolean {
  return sizeBytes >= 2 ** 31 && sizeBytes < 2 ** 32
}

function textOf(root: FileRoot): { cid: string; tsizeBytes: number } {
  return { cid: root.cid.toString(), tsizeBytes: root.tsizeBytes }
}

describe('the CID and Tsize of a file equal those of the importer', () => {
  test.each([0, 1, LEAF_BYTES - 1, LEAF_BYTES, LEAF_BYTES + 1, 3 * LEAF_BYTES + 7])(
    'for %d bytes',
    async (sizeBytes) => {
      const content = new Uint8Array(sizeBytes).map((_, at) => at * 7 + (at >> 9))
      expect(textOf(fileCid(sizeBytes, hashLeaves(content), sha256))).toEqual(textOf(await oracle(content)))
    },
  )

  test.each([
    [FILE_NODE_LINKS_MAX, 0],
    [FILE_NODE_LINKS_MAX + 1, 0],
    [2 * FILE_NODE_LINKS_MAX - 1, 5],
    [5 * FILE_NODE_LINKS_MAX + 17, LEAF_BYTES - 1],
  ])('for %d leaves, the last one %d bytes short', async (leaves, shortBytes) => {
    const sizeBytes = leaves * LEAF_BYTES - shortBytes
    const hashes = madeUpHashes(leaves)
    expect(textOf(fileCid(sizeBytes, hashes, sha256))).toEqual(
      textOf(await oracleOfHashes(sizeBytes, hashes)),
    )
  })

  test('for more leaves than two levels of nodes hold', () => {
    const leaves = FILE_NODE_LINKS_MAX ** 2 + 1
    // Made with the importer as in the tests above, which takes it 10 s.
    expect(textOf(fileCid(leaves * LEAF_BYTES - 1, madeUpHashes(leaves), sha256))).toEqual({
      cid: 'bafybeigggcssbxiqtn6wnt6ye2uq6suiwqxmnsmg6zcuftp6zghevejsya',
      tsizeBytes: 1_099_565_171_956,
    })
  })

  test('for any size up to 5 nodes of leaves that the importer gets right', async () => {
    const size = fc
      .integer({ min: LEAF_BYTES + 1, max: 5 * FILE_NODE_LINKS_MAX * LEAF_BYTES })
      .filter((sizeBytes) => !isBrokenInOracle(sizeBytes))
    await fc.assert(
      fc.asyncProperty(size, async (sizeBytes) => {
        const hashes = madeUpHashes(leafCount(sizeBytes))
        const root = fileCid(sizeBytes, hashes, sha256)
        expect(textOf(root)).toEqual(textOf(await oracleOfHashes(sizeBytes, hashes)))
      }),
      { numRuns: 30 },
    )
  })
})

test('the node of a file of 2 to 4 GiB states its size, which the importer does not', () => {
  const size = fc.oneof(fc.integer({ min: 2 ** 31, max: 2 ** 32 - 1 }), fc.constantFrom(2 ** 31, 2 ** 32 - 1))
  fc.assert(
    fc.property(size, (sizeBytes) => {
      let root = new Uint8Array(0)
      fileCid(sizeBytes, madeUpHashes(leafCount(sizeBytes)), (block) => sha256((root = block.slice())))
      const { Data: data = root, Links: links } = decode(root)
      const wholeNodes = Math.ceil(sizeBytes / NODE_BYTES) - 1
      const blockBytes = [...Array<number>(wholeNodes).fill(NODE_BYTES), sizeBytes - wholeNodes * NODE_BYTES]
      const fields = [[0x08, 2], [0x18, sizeBytes], ...blockBytes.map((bytes) => [0x20, bytes])]
      expect(data).toEqual(
        encoding.encode((encoder) => fields.flat().forEach((n) => encoding.writeVarUint(encoder, n))),
      )
      expect(links).toHaveLength(blockBytes.length)
    }),
    { numRuns: 20 },
  )
  const threeGiB = 3 * NODE_BYTES
  expect(textOf(fileCid(threeGiB, madeUpHashes(leafCount(threeGiB)), sha256))).toEqual({
    cid: 'bafybeianuaoyrfzr3usk5fdvyyktm2bwqr7no6hwdufg2hrgvasfqskit4',
    tsizeBytes: 3_221_379_277,
  })
})

describe('leafCount', () => {
  test('counts one empty leaf for an empty file', () => {
    expect([0, 1, LEAF_BYTES, LEAF_BYTES + 1].map(leafCount)).toEqual([1, 1, 1, 2])
  })

  test.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53])('calls %d our bug', (sizeBytes) => {
    expect(() => leafCount(sizeBytes)).toThrow(RangeError)
  })
})

test('another number of hashes than the size has leaves is our bug', () => {
  expect(() => fileCid(LEAF_BYTES + 1, madeUpHashes(1), sha256)).toThrow(RangeError)
  expect(() => fileCid(LEAF_BYTES, madeUpHashes(2), sha256)).toThrow(RangeError)
  expect(() => fileCid(0, new Uint8Array(0), sha256)).toThrow(RangeError)
})

test('the CID of one leaf does not share memory with the hashes', () => {
  const hashes = madeUpHashes(1)
  const before = fileCid(1, hashes, sha256).cid
  const text = before.toString()
  hashes.fill(9)
  expect(cidOfDigest(RAW_CODEC, before.multihash.digest).toString()).toBe(text)
})

describe('verifyLeafHashes', () => {
  const sizeBytes = 3 * LEAF_BYTES + 7
  const hashes = madeUpHashes(4)
  const { cid } = fileCid(sizeBytes, hashes, sha256)

  test('takes the hashes that make the CID', () => {
    expect(verifyLeafHashes(cid, sizeBytes, hashes, sha256)).toBe(true)
    const empty = sha256(new Uint8Array(0))
    expect(verifyLeafHashes(cidOfDigest(RAW_CODEC, empty), 0, empty, sha256)).toBe(true)
  })

  test('refuses a file that is said to be empty and has another hash', () => {
    const digest = sha256(Uint8Array.of(1))
    expect(verifyLeafHashes(cidOfDigest(RAW_CODEC, digest), 0, digest, sha256)).toBe(false)
  })

  test('refuses another size of the same leaf count, and the leaves in another order', () => {
    expect(verifyLeafHashes(cid, sizeBytes - 1, hashes, sha256)).toBe(false)
    const swapped = new Uint8Array([...hashes.subarray(64), ...hashes.subarray(0, 64)])
    expect(verifyLeafHashes(cid, sizeBytes, swapped, sha256)).toBe(false)
  })

  test('refuses a flipped bit anywhere', () => {
    fc.assert(
      fc.property(fc.nat(hashes.length * 8 - 1), (bit) => {
        const flipped = hashes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
        expect(verifyLeafHashes(cid, sizeBytes, flipped, sha256)).toBe(false)
      }),
    )
  })

  test('answers false to garbage and never throws', () => {
    const size = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(sizeBytes, 0, 2 ** 53, Infinity))
    const codec = fc.constantFrom(RAW_CODEC, DAG_PB_CODEC) as fc.Arbitrary<typeof RAW_CODEC>
    const garbage = fc.uint8Array({ maxLength: 200 })
    fc.assert(
      fc.property(size, garbage, codec, (size, garbage, codec) => {
        const other = cidOfDigest(codec, sha256(Uint8Array.of(7)))
        expect(verifyLeafHashes(other, size, garbage, sha256)).toBe(false)
      }),
    )
  })
})
