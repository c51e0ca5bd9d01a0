import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCanonical, encodeCanonical, toHex } from '../../encoding/index.ts'
import type { Value } from '../../encoding/index.ts'
import {
  AMOUNT_LIMIT,
  SPLIT_PARTIES_MAX,
  SPLIT_RULE_BYTES_MAX,
  checkSplitRule,
  decodeSplitRule,
  encodeSplitRule,
  splitAmount,
} from './index.ts'
import type { SplitPart, SplitRule } from './index.ts'

function ruleOf(parts: Record<string, SplitPart>): SplitRule {
  return { id: 'door', version: 1, parties: Object.entries(parts).map(([key, part]) => ({ key, part })) }
}

function split(amount: bigint, parts: Record<string, SplitPart>, usage: Record<string, bigint> = {}) {
  const result = splitAmount(amount, ruleOf(parts), new Map(Object.entries(usage)))
  if (!result.ok) return result.refusal
  return Object.fromEntries(result.portions.map(({ key, amount }) => [key, amount]))
}

const share = (weight: number): SplitPart => ({ way: 'share', weight })
const points = (count: number): SplitPart => ({ way: 'points', points: count })
const fixed = (amount: bigint): SplitPart => ({ way: 'fixed', amount })
const byUsage: SplitPart = { way: 'usage' }

describe('a revenue split', () => {
  it('by share gives the remaining cents to the largest fractions, equal ones by key', () => {
    expect(split(100n, { ann: share(1), ben: share(1), cy: share(1) })).toEqual({
      ann: 34n,
      ben: 33n,
      cy: 33n,
    })
    expect(split(100n, { ann: share(1), ben: share(2), cy: share(3) })).toEqual({
      ann: 17n,
      ben: 33n,
      cy: 50n,
    })
    expect(split(1n, { ann: share(1), ben: share(99) })).toEqual({ ann: 0n, ben: 1n })
  })

  it('takes fixed parts first, then percentages of what is left, then shares of that', () => {
    const parts = { coop: fixed(500n), venue: points(2_500), ann: share(2), ben: share(1) }
    expect(split(1_501n, parts)).toEqual({ coop: 500n, venue: 250n, ann: 501n, ben: 250n })
    expect(split(500n, parts)).toEqual({ coop: 500n, venue: 0n, ann: 0n, ben: 0n })
    expect(split(499n, parts)).toBe('split-fixed-above-amount')
  })

  it('by usage follows what was used', () => {
    const parts = { ann: byUsage, ben: byUsage, coop: points(1_000) }
    expect(split(1_000n, parts, { ann: 7n, ben: 2n })).toEqual({ ann: 700n, ben: 200n, coop: 100n })
    expect(split(1_000n, parts, { ben: 2n })).toEqual({ ann: 0n, ben: 900n, coop: 100n })
    expect(split(1_000n, parts)).toBe('split-no-usage')
    expect(split(1_000n, parts, { ann: -1n })).toBe('split-usage')
    expect(split(1_000n, parts, { ann: AMOUNT_LIMIT })).toBe('split-usage')
    expect(split(1_000n, parts, { coop: 1n })).toBe('split-usage-party')
    expect(split(50n, { fee: fixed(50n), ann: byUsage })).toEqual({ fee: 50n, ann: 0n })
  })

  it('is refused by name where it cannot add up', () => {
    expect(split(100n, { ann: points(6_000), ben: points(4_001) })).toBe('split-over-100')
    expect(split(100n, { ann: points(6_000), ben: points(3_999) })).toBe('split-under-100')
    expect(split(100n, { ann: points(10_000), ben: share(1) })).toBe('split-rest')
    expect(split(100n, { ann: fixed(100n) })).toBe('split-rest')
    expect(split(100n, { ann: share(1), ben: byUsage })).toBe('split-mixed')
    expect(split(100n, {})).toBe('split-empty')
    for (const part of [share(0), share(-1), share(0.5), share(2 ** 53), points(0), points(-1), points(1.5)])
      expect(split(100n, { ann: part, ben: share(1) })).toBe('split-part')
    for (const part of [fixed(0n), fixed(-1n), fixed(AMOUNT_LIMIT)])
      expect(split(100n, { ann: part, ben: share(1) })).toBe('split-part')
    for (const amount of [0n, -1n, AMOUNT_LIMIT])
      expect(split(amount, { ann: share(1) })).toBe('split-amount')
    const message = checkSplitRule(ruleOf({ ann: points(6_000), ben: points(4_001) }))
    expect(message).toMatchObject({ message: 'the percentages add up to 100.01 %: make it 100 %' })
  })

  it('names each party once, visibly, and at most 64', () => {
    const parties = Array.from({ length: SPLIT_PARTIES_MAX }, (_, i) => ({ key: `p${i}`, part: share(1) }))
    const rule = { id: 'door', version: 1, parties }
    expect(checkSplitRule(rule).ok).toBe(true)
    const refusal = (changed: Partial<SplitRule>) => {
      const result = checkSplitRule({ ...rule, ...changed })
      return result.ok ? null : result.refusal
    }
    expect(refusal({ parties: [...parties, { key: 'one more', part: share(1) }] })).toBe('split-parties')
    expect(refusal({ parties: [...parties.slice(1), ...parties.slice(1, 2)] })).toBe('split-party-twice')
    for (const key of ['', ' ann', 'a\u202enn', 'a\u0000', 'x'.repeat(65)]) {
      expect(refusal({ parties: [{ key, part: share(1) }] })).toBe('split-name')
      expect(refusal({ id: key })).toBe('split-name')
    }
    for (const version of [0, -1, 1.5, 2 ** 32]) expect(refusal({ version })).toBe('split-version')
  })
})

const keys = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 12 })
const weights = fc.oneof(
  fc.integer({ min: 1, max: 10 }),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
)

/** A rule that holds, in a random order, an amount that covers its fixed parts, and what was used. */
const cases = fc
  .record({
    keys,
    rest: fc.constantFrom('share', 'usage', 'points'),
    seed: fc.array(fc.nat(), { minLength: 40 }),
  })
  .chain(({ keys, rest, seed }) => {
    const draw = (i: number, below: number) => (seed[i % seed.length] ?? 0) % below
    let left = 10_000
    const usage = new Map<string, bigint>()
    const parties = keys.map((key, i): { key: string; part: SplitPart } => {
      const isLast = i === keys.length - 1
      if (isLast && rest === 'points') return { key, part: points(left) }
      if (!isLast && draw(i, 4) === 0) return { key, part: fixed(BigInt(1 + draw(i + 9, 1_000))) }
      if (rest === 'points' || (!isLast && draw(i, 4) === 1 && left > 1)) {
        const taken = 1 + draw(i + 5, Math.max(1, Math.min(left - 2 * keys.length, 2_000)))
        left -= taken
        return { key, part: points(taken) }
      }
      if (rest === 'share') return { key, part: { way: 'share', weight: 1 } }
      usage.set(key, BigInt(draw(i + 3, 1_000)))
      return { key, part: byUsage }
    })
    const last = keys.at(-1) ?? ''
    if (rest === 'usage') usage.set(last, (usage.get(last) ?? 0n) + 1n)
    const fixedSum = parties.reduce((sum, { part }) => sum + (part.way === 'fixed' ? part.amount : 0n), 0n)
    return fc.record({
      parties: fc.constant(parties),
      usage: fc.constant(usage),
      weights: fc.array(weights, { minLength: keys.length, maxLength: keys.length }),
      order: fc.shuffledSubarray(keys, { minLength: keys.length }),
      fixedSum: fc.constant(fixedSum),
      amount: fc
        .oneof(fc.bigInt(0n, 2_000n), fc.bigInt(0n, AMOUNT_LIMIT - 20_000n))
        .map((rest) => (rest + fixedSum === 0n ? 1n : rest + fixedSum)),
    })
  })
  .map(({ parties, weights, ...more }) => ({
    ...more,
    parties: parties.map(({ key, part }, i) =>
      part.way === 'share' ? { key, part: share(weights[i] ?? 1) } : { key, part },
    ),
  }))

describe('laws of splits', () => {
  it('parts sum to the amount, none is negative, each is less than one minor unit from the exact one, order means nothing', () => {
    const seen = { share: 0, usage: 0, points: 0, fixed: 0 }
    fc.assert(
      fc.property(cases, ({ parties, usage, amount, order, fixedSum }) => {
        for (const { part } of parties) seen[part.way] += 1
        const rule = { id: 'door', version: 3, parties }
        const result = splitAmount(amount, rule, usage)
        if (!result.ok) throw new Error(result.refusal)
        const parts = new Map(result.portions.map(({ key, amount }) => [key, amount]))
        expect([...parts.values()].reduce((sum, part) => sum + part, 0n)).toBe(amount)

        // The exact parts, as fractions, from the definition.
        const rest = amount - fixedSum
        const weightOf = ({ key, part }: (typeof parties)[number]) =>
          part.way === 'share' ? BigInt(part.weight) : part.way === 'usage' ? (usage.get(key) ?? 0n) : 0n
        const total = parties.reduce((sum, party) => sum + weightOf(party), 0n) || 1n
        const percent = parties.reduce((sum, { part }) => sum + (part.way === 'points' ? part.points : 0), 0)
        for (const party of parties) {
          const got = parts.get(party.key) ?? -1n
          if (got < 0n) throw new Error('negative')
          if (party.part.way === 'fixed') {
            if (got !== party.part.amount) throw new Error('not the fixed part')
            continue
          }
          const numerator =
            party.part.way === 'points'
              ? rest * BigInt(party.part.points) * total
              : rest * BigInt(10_000 - percent) * weightOf(party)
          const away = got * 10_000n * total - numerator
          if (away <= -10_000n * total || away >= 10_000n * total)
            throw new Error('one minor unit or more away')
        }

        const shuffled = order.map((key) => parties.find((party) => party.key === key) ?? parties[0]!)
        expect(splitAmount(amount, { ...rule, parties: shuffled }, usage)).toEqual(result)
        const bytes = encodeSplitRule(rule)
        expect(toHex(encodeSplitRule({ ...rule, parties: shuffled }))).toBe(toHex(bytes))
        const decoded = decodeSplitRule(bytes)
        if (!decoded.ok) throw new Error(decoded.refusal)
        expect(splitAmount(amount, decoded.rule, usage)).toEqual(result)
      }),
      { numRuns: 10_000 },
    )
    for (const [way, count] of Object.entries(seen)) expect(count, way).toBeGreaterThan(500)
  })
})

describe('a split as bytes', () => {
  const rule = ruleOf({ venue: points(2_500), ann: share(2), coop: fixed(AMOUNT_LIMIT - 1n) })

  it('is one list, its parties by key', () => {
    const bytes = encodeSplitRule(rule)
    expect(decodeCanonical(bytes)).toEqual({
      ok: true,
      value: [
        1,
        'door',
        1,
        [
          ['ann', 2, 2],
          ['coop', 0, new Uint8Array([127, 255, 255, 255, 255, 255, 255, 255])],
          ['venue', 1, 2_500],
        ],
      ],
    })
    expect(decodeSplitRule(bytes)).toEqual({
      ok: true,
      rule: { ...rule, parties: [rule.parties[1], rule.parties[2], rule.parties[0]] },
    })
    expect(() => encodeSplitRule({ ...rule, parties: [] })).toThrow('split-empty')
  })

  it('fits its limit with the longest names', () => {
    const parties = Array.from({ length: SPLIT_PARTIES_MAX }, (_, i) => ({
      key: String.fromCodePoint(0x4e00 + i).repeat(64),
      part: i === 0 ? share(1) : fixed(1n),
    }))
    expect(encodeSplitRule({ id: '一'.repeat(64), version: 1, parties }).length).toBeLessThan(
      SPLIT_RULE_BYTES_MAX,
    )
  })

  it('that is not one is refused, whatever it is', () => {
    const refused = (value: Value) => {
      const result = decodeSplitRule(encodeCanonical(value))
      return result.ok ? null : result.refusal
    }
    const one: Value = ['ann', 2, 1]
    expect(refused([1, 'door', 1, [one]])).toBe(null)
    const wrong: Value[] = [
      ...[
        null,
        [],
        [2, 'door', 1, [one]],
        [1, 'door', 1, [one], 0],
        [1, 7, 1, [one]],
        [1, 'door', -1, [one]],
      ],
      ...[
        [1, 'door', 1, one],
        [1, 'door', 1, [['ann', 4, 1]]],
        [1, 'door', 1, [['ann', 2]]],
        [1, 'door', 1, [one, one]],
      ],
      ...[
        [1, 'door', 1, [['ben', 2, 1], one]],
        [1, 'door', 1, [['ann', 3, 1]]],
        [1, 'door', 1, [['ann', 0, 1]]],
      ],
    ]
    for (const value of wrong) expect(refused(value), JSON.stringify(value)).toBe('split-encoding')
    expect(refused([1, 'door', 1, []])).toBe('split-empty')
    expect(refused([1, 'door', 1, [['ann', 1, 10_001]]])).toBe('split-over-100')
    expect(
      refused([
        1,
        'door',
        1,
        [
          ['ann', 0, new Uint8Array(8)],
          ['ben', 2, 1],
        ],
      ]),
    ).toBe('split-part')
    expect(decodeSplitRule(new Uint8Array(SPLIT_RULE_BYTES_MAX + 1))).toMatchObject({
      refusal: 'split-encoding',
    })
    const valid = encodeSplitRule(rule)
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Uint8Array.from(valid)
        bytes[at] = byte
        const result = decodeSplitRule(bytes)
        if (result.ok) expect(toHex(encodeSplitRule(result.rule))).toBe(toHex(bytes))
      }),
      { numRuns: 1_000 },
    )
  })
})
