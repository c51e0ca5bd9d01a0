import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes, fromHex, toHex } from '../encoding/index.ts'
import { linkBytes, linkText } from './block-link.ts'
import type { BlockLink } from './block-link.ts'
import { carBlock, carStart } from './car.ts'
import { CarReader } from './car-reader.ts'
import type { CarBlock } from './car-reader.ts'
import { EVIDENCE_BLOCK_BYTES_MAX } from './limits.ts'

const link = (fill: number, codec: BlockLink['codec'] = 0x71): BlockLink => {
  return { codec, digest: new Uint8Array(32).fill(fill) }
}
const root = link(9)

/** Blocks of a file that is read in pieces of these lengths, over and over; or the refusal. */
function read(file: Uint8Array, lengths: readonly number[] = [file.length]): CarBlock[] | string {
  const reader = new CarReader()
  const blocks: CarBlock[] = []
  for (let at = 0, i = 0; at < file.length; i += 1) {
    const end = at + (lengths[i % lengths.length] ?? file.length)
    const result = reader.push(file.subarray(at, end))
    if (!result.ok) return result.refusal
    blocks.push(...result.blocks)
    at = end
  }
  return reader.isAtBoundary ? blocks : 'cut'
}

/** A file with these bytes behind its header. */
const behindHeader = (...bytes: number[]): Uint8Array => concatBytes(carStart(root), Uint8Array.from(bytes))

test('a file begins with a CARv1 header that names one root', () => {
  const cid = toHex(linkBytes(root))
  expect(cid).toBe(`01711220${'09'.repeat(32)}`)
  expect(toHex(carStart(root))).toBe(`3aa265726f6f747381d82a582500${cid}6776657273696f6e01`)
  expect(linkText(root)).toMatch(/^bafyrei[a-z2-7]{52}$/)
  expect(linkText(link(9, 0x55))).toMatch(/^bafkrei[a-z2-7]{52}$/)
})

test('what was framed is read again, in pieces of any length', () => {
  const block = fc.record({
    link: fc.tuple(fc.nat(255), fc.constantFrom(0x71 as const, 0x55 as const)).map(([f, c]) => link(f, c)),
    bytes: fc.uint8Array({ maxLength: 300 }),
  })
  fc.assert(
    fc.property(
      fc.array(block, { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 3 }),
      (blocks, lengths) => {
        const file = concatBytes(carStart(root), ...blocks.map((it) => carBlock(it.link, it.bytes)))
        expect(read(file, lengths)).toEqual(blocks)
      },
    ),
  )
})

test('a file ends between two blocks and nowhere else', () => {
  const file = concatBytes(carStart(root), carBlock(link(1), Uint8Array.of(1, 2)))
  const ends: number[] = []
  for (let length = 0; length <= file.length; length += 1)
    if (read(file.subarray(0, length)) !== 'cut') ends.push(length)
  expect(ends).toEqual([carStart(root).length, file.length])
})

test('car-header: another version, none or two roots, another hash, another form', () => {
  const good = toHex(carStart(root))
  const bad = [
    good.replace(/01$/, '02'),
    good.replace('6776657273696f6e01', '6776657273696f6e00'),
    good.replace('01711220', '01711320'),
    good.replace('01711220', '01701220'),
    good.replace('d82a', 'd82b'),
    `11a265726f6f7473806776657273696f6e01`,
    `00${good}`,
    '0aa16776657273696f6e02', // the pragma of CARv2
  ]
  for (const hex of bad) expect(read(fromHex(hex) ?? root.digest), hex).toBe('car-header')
})

test('car-length: a length in a longer form, or one that holds no CID', () => {
  expect(read(behindHeader(0xa4, 0x00))).toBe('car-length')
  expect(read(behindHeader(0x00))).toBe('car-length')
  expect(read(behindHeader(35))).toBe('car-length')
  expect(read(behindHeader(36, ...linkBytes(link(1, 0x55))))).toEqual([
    { link: link(1, 0x55), bytes: new Uint8Array() },
  ])
})

test('block-cid: another version, hash, length or codec', () => {
  const cid = linkBytes(link(1))
  for (const [at, byte] of [
    [0, 2],
    [0, 0x12],
    [1, 0x70],
    [2, 0x13],
    [3, 31],
  ] as const)
    expect(read(behindHeader(36, ...cid.with(at, byte)))).toBe('block-cid')
})

test('block-too-long: 1 MiB is read, one byte more is refused before it comes', () => {
  const most = carBlock(link(1), new Uint8Array(EVIDENCE_BLOCK_BYTES_MAX))
  expect(read(concatBytes(carStart(root), most), [65_536])).toHaveLength(1)
  const more = carBlock(link(1), new Uint8Array(EVIDENCE_BLOCK_BYTES_MAX + 1)).subarray(0, 3)
  expect(read(concatBytes(carStart(root), more))).toBe('block-too-long')
  expect(read(behindHeader(0xff, 0xff, 0x80))).toBe('block-too-long')
})
