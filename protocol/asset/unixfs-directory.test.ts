import { createHash } from 'node:crypto'
import { MemoryBlockstore } from 'blockstore-core'
import * as fc from 'fast-check'
import { importer } from 'ipfs-unixfs-importer'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { describe, expect, test } from 'vitest'
import { cidOfDigest, RAW_CODEC } from './asset-cid.ts'
import { DIRECTORY_BLOCK_BYTES_MAX, readDirectoryNode } from './directory-node.ts'
import { ENTRY_NAME_BYTES_MAX, isEntryName } from './entry-name.ts'
import { murmur3x64 } from './murmur3.ts'
import {
  DIRECTORY_ENTRIES_MAX,
  directoryNodes,
  ENTRY_TSIZE_BYTES_MAX,
  FLAT_DIRECTORY_BYTES_MAX,
} from './unixfs-directory.ts'
import type { DirectoryEntry, DirectoryResult } from './unixfs-directory.ts'
import { fileCid } from './unixfs-file.ts'

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())

type Tree = { [name: string]: Uint8Array | Tree }
type Built = Extract<DirectoryResult, { ok: true }>

function built(result: DirectoryResult): Built {
  if (!result.ok) throw new Error(result.refusal)
  return result
}

function fileEntry(name: string, content: Uint8Array = Uint8Array.of(1)): DirectoryEntry {
  return { name, ...fileCid(content.length, sha256(content), sha256) }
}

/** Our directory of a tree of files of one leaf. `blocks` are those of every directory in it. */
function ours(tree: Tree): Built {
  const below: Built['blocks'] = []
  const entries = Object.entries(tree).map(([name, child]): DirectoryEntry => {
    if (child instanceof Uint8Array) return fileEntry(name, child)
    const { cid, tsizeBytes, blocks } = ours(child)
    below.push(...blocks)
    return { name, cid, tsizeBytes }
  })
  const directory = built(directoryNodes(entries, sha256))
  return { ...directory, blocks: [...below, ...directory.blocks] }
}

function pathsOf(tree: Tree, under: string): { path: string; content?: Uint8Array }[] {
  const inside = Object.entries(tree).flatMap(([name, child]) =>
    child instanceof Uint8Array
      ? [{ path: `${under}/${name}`, content: child }]
      : pathsOf(child, `${under}/${name}`),
  )
  return inside.length === 0 ? [{ path: under }] : inside
}

async function oracle(tree: Tree): Promise<{ cid: string; tsizeBytes: number; store: MemoryBlockstore }> {
  const store = new MemoryBlockstore()
  let root: { cid: CID; size: bigint } | undefined
  for await (const entry of importer(pathsOf(tree, 'root'), store, { profile: 'unixfs-v1-2025' }))
    root = entry
  return { cid: String(root?.cid), tsizeBytes: Number(root?.size), store }
}

async function expectOracle(tree: Tree): Promise<Built> {
  const [mine, theirs] = [ours(tree), await oracle(tree)]
  expect({ cid: mine.cid.toString(), tsizeBytes: mine.tsizeBytes }).toEqual({
    cid: theirs.cid,
    tsizeBytes: theirs.tsizeBytes,
  })
  for (const block of mine.blocks) expect(theirs.store.has(block.cid)).toBe(true)
  return mine
}

function manyFiles(count: number, nameOf: (index: number) => string): Tree {
  const content = Uint8Array.of(1)
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [nameOf(index), content]))
}

/** Every entry under a root, read block by block as a peer would. */
function walk({ cid, blocks }: Built): DirectoryEntry[] {
  const byCid = new Map(blocks.map((block) => [block.cid.toString(), block.bytes]))
  const found: DirectoryEntry[] = []
  const pending = [cid]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const node = readDirectoryNode(byCid.get(next.toString()) ?? new Uint8Array(0))
    if (!node.ok) throw new Error(node.refusal)
    found.push(...node.entries)
    pending.push(...node.shards)
  }
  return found
}

const textsOf = (entries: readonly DirectoryEntry[]): string[] =>
  entries.map(({ name, cid, tsizeBytes }) => `${name} ${cid.toString()} ${tsizeBytes}`).toSorted()

describe('the CID, Tsize and blocks of a directory equal those of the importer', () => {
  test('for an empty directory', async () => {
    await expectOracle({})
  })

  test('for nested directories with unicode names, in any order', async () => {
    const hello = new TextEncoder().encode('hello')
    await expectOracle({
      'z.txt': hello,
      写真: {
        '🎪.jpg': hello,
        'a b': new Uint8Array(0),
        deeper: { é: hello, 'e\u0301': hello, '...': hello },
      },
      Ä: hello,
      A: hello,
      empty: {},
      'a.txt': hello,
    })
  })

  test('for 6,000 files, which need shards', async () => {
    const { blocks } = await expectOracle({ photos: manyFiles(6_000, (index) => `photo-${index}.jpg`) })
    expect(blocks.length).toBeGreaterThan(250)
  })

  test('for few files with long unicode names, which need shards', async () => {
    const { blocks } = await expectOracle(
      manyFiles(400, (index) => `${'写'.repeat(ENTRY_NAME_BYTES_MAX / 3 - 2)}${index}`),
    )
    expect(blocks.length).toBeGreaterThan(1)
  })

  test(`for blocks just up to and just above ${FLAT_DIRECTORY_BYTES_MAX} bytes`, async () => {
    const names = (lastLength: number): Tree =>
      manyFiles(4_854, (index) => String(index).padStart(index === 0 ? lastLength : 10, '-'))
    const sizeOf = (lastLength: number): number => ours(names(lastLength)).blocks.at(-1)?.bytes.length ?? 0
    const lastLength = 10 + FLAT_DIRECTORY_BYTES_MAX - sizeOf(10)
    expect(lastLength).toBeGreaterThan(10)
    expect(lastLength).toBeLessThan(70)
    const full = await expectOracle(names(lastLength))
    expect(full.blocks.map((block) => block.bytes.length)).toEqual([FLAT_DIRECTORY_BYTES_MAX])
    const over = await expectOracle(names(lastLength + 1))
    expect(over.blocks.length).toBeGreaterThan(1)
  })

  test('for any small tree', async () => {
    const name = fc
      .oneof(fc.string({ unit: 'grapheme' }), fc.string(), fc.constantFrom('a', 'b', 'index.html'))
      .filter((name) => isEntryName(name) && name !== '__proto__')
    const { tree } = fc.letrec<{ tree: Tree; node: Uint8Array | Tree }>((tie) => ({
      node: fc.oneof({ maxDepth: 3 }, fc.uint8Array({ maxLength: 20 }), tie('tree')),
      tree: fc.dictionary(name, tie('node'), { maxKeys: 6, noNullPrototype: true }),
    }))
    await fc.assert(
      fc.asyncProperty(tree, async (tree) => {
        await expectOracle(tree)
      }),
      { numRuns: 150 },
    )
  })
})

describe('a directory', () => {
  test('reads back as the entries it was made of, flat and sharded', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 8 }).filter(isEntryName)
    const names = fc.uniqueArray(name, { maxLength: 40 })
    fc.assert(
      fc.property(names, fc.constantFrom('', '写'.repeat(210)), fc.nat(1), (names, suffix, many) => {
        const all = [...names, ...Array.from({ length: many * 450 }, (_, index) => `#${index}`)]
        const entries = [...new Set(all)].map((name) => fileEntry(name + suffix))
        const directory = built(directoryNodes(entries, sha256))
        expect(textsOf(walk(directory))).toEqual(textsOf(entries))
        for (const { cid, bytes } of directory.blocks) {
          expect(cid.multihash.digest).toEqual(sha256(bytes))
          expect(bytes.length).toBeLessThan(DIRECTORY_BLOCK_BYTES_MAX)
        }
      }),
      { numRuns: 40 },
    )
  })

  test('does not depend on the order of its entries', () => {
    for (const count of [50, 5_000]) {
      const entries = Array.from({ length: count }, (_, index) => fileEntry(`file ${index}`))
      const forwards = built(directoryNodes(entries, sha256))
      const backwards = built(directoryNodes(entries.toReversed(), sha256))
      expect(backwards.cid.equals(forwards.cid)).toBe(true)
    }
  })

  test('ends with its root among its blocks', () => {
    const entries = Array.from({ length: 5_000 }, (_, index) => fileEntry(`file ${index}`))
    const { cid, blocks } = built(directoryNodes(entries, sha256))
    expect(blocks.at(-1)?.cid.equals(cid)).toBe(true)
  })
})

describe('directoryNodes refuses', () => {
  const refusalOf = (entries: DirectoryEntry[]): string => {
    const result = directoryNodes(entries, sha256)
    return result.ok ? 'none' : result.refusal
  }

  test('a bad name, a name given twice, a bad size', () => {
    expect(refusalOf([fileEntry('a/b')])).toBe('bad-name')
    expect(refusalOf([fileEntry('a'), fileEntry('b'), fileEntry('a')])).toBe('duplicate-name')
    for (const tsizeBytes of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(refusalOf([{ ...fileEntry('a'), tsizeBytes }])).toBe('bad-size')
    }
  })

  test('a CID that is not an asset', () => {
    const cid = CID.createV1(0x71, createDigest(0x12, new Uint8Array(32)))
    expect(refusalOf([{ ...fileEntry('a'), cid }])).toBe('unsupported-cid')
  })

  test(`more than ${DIRECTORY_ENTRIES_MAX} entries`, () => {
    const entries = Array.from<DirectoryEntry>({ length: DIRECTORY_ENTRIES_MAX }).fill(fileEntry('a'))
    expect(refusalOf(entries)).toBe('duplicate-name')
    expect(refusalOf([...entries, fileEntry('a')])).toBe('directory-too-large')
  })

  test(`more than ${ENTRY_TSIZE_BYTES_MAX} bytes below it`, () => {
    const entries = [{ ...fileEntry('a'), tsizeBytes: ENTRY_TSIZE_BYTES_MAX - 1 }, fileEntry('b')]
    expect(refusalOf(entries)).toBe('none')
    expect(refusalOf([...entries, fileEntry('c')])).toBe('directory-too-large')
  })

  test('names that were made to collide, when there are shards to place them in', () => {
    const first = 'collides-a-00000collides-suffix1'
    const second = 'collides-b0como9(nnq1!0i6{M^R(1F'
    expect(murmur3x64(Buffer.from(first))).toEqual(murmur3x64(Buffer.from(second)))
    const pair = [fileEntry(first), fileEntry(second)]
    expect(refusalOf(pair)).toBe('none')
    const many = Array.from({ length: 6_000 }, (_, index) => fileEntry(`photo-${index}.jpg`))
    expect(refusalOf([...many, ...pair])).toBe('names-collide')
  })
})

test('a CID of a directory entry may be raw or dag-pb', () => {
  const file = { name: 'a', cid: cidOfDigest(RAW_CODEC, new Uint8Array(32)), tsizeBytes: 0 }
  expect(textsOf(walk(built(directoryNodes([file], sha256))))).toEqual(textsOf([file]))
})
