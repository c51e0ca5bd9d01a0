import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { SHORT_ID_LENGTH_MAX, formatBytes, formatRelative, shortenId } from './format.ts'

describe('sizes', () => {
  it('are given in decimal units with at most one digit after the point', () => {
    expect(formatBytes(0, 'en')).toBe('0 bytes')
    expect(formatBytes(1, 'en')).toBe('1 byte')
    expect(formatBytes(999, 'en')).toBe('999 bytes')
    expect(formatBytes(1_000, 'en')).toBe('1 kB')
    expect(formatBytes(4_194_304, 'en')).toBe('4.2 MB')
    expect(formatBytes(1.5e12, 'en')).toBe('1.5 TB')
  })

  it('never show a thousand of a unit', () => {
    expect(formatBytes(999_949, 'en')).toBe('999.9 kB')
    expect(formatBytes(999_950, 'en')).toBe('1 MB')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e15 }), (bytes) => {
        expect(formatBytes(bytes, 'en')).not.toMatch(/^1,000/)
      }),
    )
  })
})

describe('moments', () => {
  it('are given from the nearest fitting unit', () => {
    const nowMs = 1_800_000_000_000
    expect(formatRelative(nowMs, nowMs, 'en')).toBe('now')
    expect(formatRelative(nowMs - 5 * 60_000, nowMs, 'en')).toBe('5 minutes ago')
    expect(formatRelative(nowMs + 7 * 86_400_000, nowMs, 'en')).toBe('in 7 days')
    expect(formatRelative(nowMs - 800 * 86_400_000, nowMs, 'en')).toBe('2 years ago')
  })
})

describe('identifiers', () => {
  it('are shown whole up to the limit and by both ends beyond it', () => {
    const longest = 'a'.repeat(SHORT_ID_LENGTH_MAX)
    expect(shortenId(longest)).toBe(longest)
    expect(shortenId('bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3')).toBe('bafybe…lqabf3')
  })
})
