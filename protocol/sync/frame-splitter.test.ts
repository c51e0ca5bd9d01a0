import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes } from '../encoding/index.ts'
import { FrameSplitter, prefixFrame } from './frame-splitter.ts'

const LENGTH_MAX = 64
const anyFrame = fc.uint8Array({ minLength: 1, maxLength: LENGTH_MAX })

test('frames come out whole and in order however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 6 }),
      fc.array(fc.nat(20), { minLength: 1 }),
      (frames, cuts) => {
        const stream = concatBytes(...frames.map(prefixFrame))
        const splitter = new FrameSplitter(LENGTH_MAX)
        const found: Uint8Array[] = []
        for (let at = 0, i = 0; at < stream.length; i += 1) {
          const end = i > 200 ? stream.length : at + (cuts[i % cuts.length] ?? 1)
          const result = splitter.push(stream.subarray(at, end))
          expect(result.ok).toBe(true)
          if (result.ok) found.push(...result.frames)
          at = Math.min(end, stream.length)
          expect(splitter.bufferedBytes).toBeLessThanOrEqual(4 + LENGTH_MAX)
        }
        expect(found).toEqual(frames)
        expect(splitter.bufferedBytes).toBe(0)
      },
    ),
    { numRuns: 300 },
  )
})

test('a frame is a copy: the chunk it came in may be used again', () => {
  const chunk = prefixFrame(Uint8Array.of(1, 2))
  const result = new FrameSplitter(LENGTH_MAX).push(chunk)
  chunk.fill(9)
  expect(result).toEqual({ ok: true, frames: [Uint8Array.of(1, 2)] })
})

test('frame-too-long: the longest frame passes, one byte more is refused at its prefix', () => {
  const longest = new Uint8Array(LENGTH_MAX).fill(1)
  expect(new FrameSplitter(LENGTH_MAX).push(prefixFrame(longest))).toEqual({ ok: true, frames: [longest] })
  const splitter = new FrameSplitter(LENGTH_MAX)
  const refused = { ok: false, refusal: 'frame-too-long' }
  expect(splitter.push(Uint8Array.of(0, 0, 0, LENGTH_MAX + 1))).toEqual(refused)
  expect(new FrameSplitter(LENGTH_MAX).push(Uint8Array.of(255, 255, 255, 255))).toEqual(refused)
  expect(splitter.push(new Uint8Array(500))).toEqual(refused) // and it stays refused
})

test('frame-empty: a length of 0 is refused, also one that comes byte by byte', () => {
  const splitter = new FrameSplitter(LENGTH_MAX)
  for (let i = 0; i < 3; i += 1) expect(splitter.push(Uint8Array.of(0))).toEqual({ ok: true, frames: [] })
  expect(splitter.push(Uint8Array.of(0))).toEqual({ ok: false, refusal: 'frame-empty' })
})

test('an empty chunk is nothing', () => {
  expect(new FrameSplitter(LENGTH_MAX).push(new Uint8Array())).toEqual({ ok: true, frames: [] })
})
