import { createHash } from 'node:crypto'
import { decode, encode, prepare } from '@ipld/dag-pb'
import type { PBLink } from '@ipld/dag-pb'
import * as fc from 'fast-check'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { describe, expect, test } from 'vitest'
import { cidOfDigest, DAG_PB_CODEC, RAW_CODEC } from './asset-cid.ts'
import { DIRECTORY_BLOCK_BYTES_MAX, readDirectoryNode } from './directory-node.ts'
import { DIRECTORY_DATA_BYTES_MAX, encodeDirectoryData, HAMT_FANOUT } from './unixfs-data.ts'
import { directoryNodes, ENTRY_TSIZE_BYTES_MAX } from './unixfs-directory.ts'

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())
const HAMT_HASH_TYPE = 0x22n
const leaf = cidOfDigest(RAW_CODEC, sha256(Uint8Array.of(1)))
const inner = cidOfDigest(DAG_PB_CODEC, sha256(Uint8Array.of(2)))
const directoryData = new UnixFS({ type: 'directory' }).marshal()

const link = (Name: string, Hash: CID = leaf, Tsize = 1): PBLink => ({ Hash, Name, Tsize })
const flat = (links: PBLink[], Data: Uint8Array = directoryData): Uint8Array =>
  encode(prepare({ Data, Links: links }))

/** Bit `slot` of a big-endian number, as the importer writes it. */
function slotBitfield(slots: number[]): Uint8Array {
  const bits = slots.reduce((bits, slot) => bits | (1n << BigInt(slot)), 0n)
  const hex = bits.toString(16)
  return new Uint8Array(Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex'))
}

function shard(
  links: PBLink[],
  fields: Partial<{ slots: number[]; fanout: bigint; hashType: bigint }> = {},
): Uint8Array {
  const slots = links.map(({ Name }) => Number.parseInt((Name ?? '').slice(0, 2), 16) || 0)
  return flat(
    links,
    new UnixFS({
      type: 'hamt-sharded-directory',
      data: slotBitfield(fields.slots ?? slots),
      fanout: fields.fanout ?? BigInt(HAMT_FANOUT),
      hashType: fields.hashType ?? HAMT_HASH_TYPE,
    }).marshal(),
  )
}

function refusalOf(bytes: Uint8Array): string {
  const node = readDirectoryNode(bytes)
  return node.ok ? 'none' : node.refusal
}

describe('readDirectoryNode reads', () => {
  test('a flat directory', () => {
    const node = readDirectoryNode(flat([link('a'), link('写真', inner, 70)]))
    expect(node.ok && node.shards).toEqual([])
    expect(
      node.ok && node.entries.map(({ name, cid, tsizeBytes }) => [name, String(cid), tsizeBytes]),
    ).toEqual([
      ['a', String(leaf), 1],
      ['写真', String(inner), 70],
    ])
  })

  test('a shard: entries without their label, and the shards below', () => {
    const node = readDirectoryNode(shard([link('00A'), link('7F', inner), link('FF\u00e9')]))
    expect(node.ok && node.entries.map(({ name }) => name)).toEqual(['A', 'é'])
    expect(node.ok && node.shards.map(String)).toEqual([String(inner)])
  })

  test('a directory with mode and mtime', () => {
    const options = { mode: 0o700, mtime: { secs: 2n ** 62n, nsecs: 999_999_999 } }
    expect(refusalOf(flat([link('a')], new UnixFS({ type: 'directory', ...options }).marshal()))).toBe('none')
    const data = slotBitfield([HAMT_FANOUT - 1])
    const fields = { data, fanout: BigInt(HAMT_FANOUT), hashType: HAMT_HASH_TYPE, ...options }
    const longest = new UnixFS({ type: 'hamt-sharded-directory', ...fields }).marshal()
    expect(longest.length).toBeLessThanOrEqual(DIRECTORY_DATA_BYTES_MAX)
    expect(refusalOf(flat([link('FFa')], longest))).toBe('none')
  })

  test('CIDs that do not hold the block in memory', () => {
    const bytes = flat([link('a')])
    const node = readDirectoryNode(bytes)
    bytes.fill(0)
    expect(node.ok && Buffer.from(node.entries[0]?.cid.multihash.digest ?? [])).toEqual(
      Buffer.from(leaf.multihash.digest),
    )
  })
})

describe('readDirectoryNode refuses', () => {
  test.each(['', '.', '..', 'a/b', 'a\\b', 'a\0b', '\uFEFFa'])('the name %j', (name) => {
    // A decoder that drops a byte order mark makes the block another one than was sent.
    const expected = name.startsWith('\uFEFF') ? 'not-dag-pb' : 'bad-name'
    expect(refusalOf(flat([link(name)]))).toBe(expected)
    if (name !== '') expect(refusalOf(shard([link(`00${name}`)]))).toBe('bad-name')
  })

  test('a link without a name or without a size, and a size above the limit', () => {
    expect(refusalOf(flat([{ Hash: leaf, Tsize: 1 }]))).toBe('bad-name')
    expect(refusalOf(flat([{ Hash: leaf, Name: 'a' }]))).toBe('bad-size')
    expect(refusalOf(flat([link('a', leaf, ENTRY_TSIZE_BYTES_MAX)]))).toBe('none')
    expect(refusalOf(flat([link('a', leaf, ENTRY_TSIZE_BYTES_MAX + 1)]))).toBe('bad-size')
  })

  test('a name listed twice, also in two slots of a shard', () => {
    expect(refusalOf(flat([link('a'), link('a', inner)]))).toBe('duplicate-name')
    expect(refusalOf(shard([link('00a'), link('01a')]))).toBe('duplicate-name')
  })

  test('CIDv0, other codecs, other hashes and short digests', () => {
    const digest = leaf.multihash.digest
    for (const cid of [
      CID.createV0(createDigest(0x12, digest)),
      CID.createV1(0x71, createDigest(0x12, digest)),
      CID.createV1(RAW_CODEC, createDigest(0x13, new Uint8Array(64))),
      CID.createV1(RAW_CODEC, createDigest(0x00, digest)),
      CID.createV1(RAW_CODEC, createDigest(0x12, digest.slice(0, 20))),
    ]) {
      expect(refusalOf(flat([link('a', cid)]))).toBe('unsupported-cid')
      expect(refusalOf(shard([link('00a', cid)]))).toBe('unsupported-cid')
      expect(refusalOf(shard([link('00', cid)]))).toBe('unsupported-cid')
    }
  })

  test.each(['file', 'raw', 'symlink', 'metadata'] as const)('UnixFS of type %s', (type) => {
    expect(refusalOf(flat([], new UnixFS({ type }).marshal()))).toBe('not-a-directory')
  })

  test('a dag-pb block without UnixFS, and a directory with fields of a file', () => {
    expect(refusalOf(new Uint8Array(0))).toBe('not-a-directory')
    expect(refusalOf(encode({ Links: [link('a')] }))).toBe('not-a-directory')
    for (const fields of [{ data: Uint8Array.of(1) }, { blockSizes: [1n] }, { fanout: 256n }]) {
      const data = new UnixFS({ type: 'directory', ...fields }).marshal()
      expect(refusalOf(flat([], data))).toBe('not-a-directory')
    }
  })

  test(`UnixFS of more than ${DIRECTORY_DATA_BYTES_MAX} bytes`, () => {
    const data = new UnixFS({ type: 'directory', data: new Uint8Array(DIRECTORY_DATA_BYTES_MAX) }).marshal()
    expect(refusalOf(flat([], data))).toBe('not-a-directory')
  })

  test('a shard whose parts do not fit each other', () => {
    const links = [link('00a'), link('7Fb')]
    expect(refusalOf(shard(links))).toBe('none')
    expect(refusalOf(shard(links, { slots: [0] }))).toBe('bad-shard')
    expect(refusalOf(shard(links, { slots: [0, 0x7f, 0x80] }))).toBe('bad-shard')
    expect(refusalOf(shard(links, { fanout: 16n }))).toBe('not-a-directory')
    expect(refusalOf(shard(links, { hashType: 0x12n }))).toBe('not-a-directory')
    expect(refusalOf(shard([link('00a'), link('00b')]))).toBe('bad-shard')
    expect(refusalOf(shard([link('7fa')]))).toBe('bad-shard')
    expect(refusalOf(shard([link('7')]))).toBe('bad-shard')
    expect(refusalOf(shard([link('00', leaf)]))).toBe('bad-shard')
    expect(refusalOf(flat([], encodeDirectoryData({ kind: 'shard', slots: [] })))).toBe('bad-shard')
  })

  test('a shard with more links than slots', () => {
    const all = Array.from({ length: HAMT_FANOUT }, (_, slot) =>
      link(`${slot.toString(16).toUpperCase().padStart(2, '0')}a${slot}`),
    )
    expect(refusalOf(shard(all))).toBe('none')
    expect(refusalOf(shard([...all, link('FFzz')]))).toBe('bad-shard')
  })

  test('dag-pb that is not canonical', () => {
    const bytes = flat([link('a'), link('b')])
    const lastLinkAt = bytes.length / 2 - 2
    const [first, second, data] = [
      bytes.subarray(0, lastLinkAt),
      bytes.subarray(lastLinkAt, -4),
      bytes.subarray(-4),
    ]
    expect(decode(new Uint8Array([...first, ...second, ...data])).Links).toHaveLength(2)
    expect(refusalOf(new Uint8Array([...second, ...first, ...data]))).toBe('not-dag-pb')
    expect(refusalOf(new Uint8Array([...data, ...first, ...second]))).toBe('not-dag-pb')
    expect(refusalOf(bytes.with(bytes.indexOf(0x61, 36), 0xff))).toBe('not-dag-pb')
    expect(refusalOf(bytes.subarray(1))).toBe('not-dag-pb')
  })

  test(`a block of more than ${DIRECTORY_BLOCK_BYTES_MAX} bytes`, () => {
    expect(refusalOf(new Uint8Array(DIRECTORY_BLOCK_BYTES_MAX))).toBe('not-dag-pb')
    expect(refusalOf(new Uint8Array(DIRECTORY_BLOCK_BYTES_MAX + 1))).toBe('block-too-large')
  })
})

describe('readDirectoryNode never throws', () => {
  test('on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        readDirectoryNode(bytes)
      }),
    )
  })

  test('on a valid block with a byte changed, and reads no block that is not canonical', () => {
    const blocks = [flat([link('a'), link('bé', inner)]), shard([link('00a'), link('7F', inner)])]
    const change = fc.record({ block: fc.constantFrom(...blocks), at: fc.nat(200), to: fc.nat(255) })
    fc.assert(
      fc.property(change, ({ block, at, to }) => {
        const changed = block.with(at % block.length, to)
        const node = readDirectoryNode(changed)
        if (!node.ok || node.shards.length > 0 || block === blocks[1]) return
        const again = directoryNodes(node.entries, sha256)
        expect(again.ok && again.blocks[0]?.bytes).toEqual(changed)
      }),
      { numRuns: 2_000 },
    )
  })
})
