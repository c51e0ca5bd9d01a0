import { encodeCanonical, toHex } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import { checkSplitRule, encodeSplitRule, splitAmount } from '#protocol/ledger/money'
import type { SplitPart, SplitRule } from '#protocol/ledger/money'
import type { Vector, VectorFile } from './vector-form.ts'

const share = (weight: number): SplitPart => ({ way: 'share', weight })
const points = (count: number): SplitPart => ({ way: 'points', points: count })
const fixed = (amount: bigint): SplitPart => ({ way: 'fixed', amount })
const usage: SplitPart = { way: 'usage' }

/** docs/protocol/money.md */
export function splitVectors(): VectorFile {
  return {
    about: [
      'rules: parties by key, each [key, way, value] with amounts as texts <-> hex of the encoding.',
      'Beside a rule: an amount, what was used by key, and the parts in the order of keys; all in minor units, as texts.',
      'invalid bytes are refused with the name given.',
    ],
    rules: [
      ruleVector('three equal shares, the cent left over goes to the first key', { cy: share(1), ann: share(1), ben: share(1) }, 100n),
      ruleVector('fixed, then points, then shares', { coop: fixed(500n), venue: points(2_500), ann: share(2), ben: share(1) }, 1_501n),
      ruleVector('the largest amount, in equal points', { ann: points(3_333), ben: points(3_333), cy: points(3_334) }, 2n ** 63n - 1n),
      ruleVector('usage', { ann: usage, ben: usage, coop: points(1_000) }, 999n, { ann: 7n, ben: 3n }),
      ruleVector('keys by UTF-16 unit: the emoji before the full-width letter', { ａ: share(1), '💶': share(1), Z: share(1) }, 2n),
    ],
    invalid: [
      invalid('another version of the encoding', [2, 'door', 1, [['ann', 2, 1]]], 'split-encoding'),
      invalid('parties out of order', [1, 'door', 1, [['ben', 2, 1], ['ann', 2, 1]]], 'split-encoding'),
      invalid('a fixed part as a number', [1, 'door', 1, [['ann', 0, 5], ['ben', 2, 1]]], 'split-encoding'),
      invalid('a usage with a value', [1, 'door', 1, [['ann', 3, 1]]], 'split-encoding'),
      invalid('no party', [1, 'door', 1, []], 'split-empty'),
      invalid('100.01 %', [1, 'door', 1, [['ann', 1, 10_000], ['ben', 1, 1]]], 'split-over-100'),
      invalid('99.99 %', [1, 'door', 1, [['ann', 1, 9_999]]], 'split-under-100'),
      invalid('a share of zero', [1, 'door', 1, [['ann', 2, 0]]], 'split-part'),
      invalid('shares and usage', [1, 'door', 1, [['ann', 2, 1], ['ben', 3]]], 'split-mixed'),
      invalid('nobody for the rest', [1, 'door', 1, [['ann', 0, new Uint8Array([0, 0, 0, 0, 0, 0, 0, 1])]]], 'split-rest'),
      invalid('a hidden character in a key', [1, 'door', 1, [['a\u202e', 2, 1]]], 'split-name'),
      invalid('version 0', [1, 'door', 0, [['ann', 2, 1]]], 'split-version'),
    ],
  }
}

function ruleVector(name: string, parts: Record<string, SplitPart>, amount: bigint, used: Record<string, bigint> = {}): Vector {
  const parties = Object.entries(parts).map(([key, part]) => ({ key, part }))
  const rule: SplitRule = { id: 'door', version: 7, parties }
  const checked = checkSplitRule(rule)
  const split = splitAmount(amount, rule, new Map(Object.entries(used)))
  if (!checked.ok || !split.ok) throw new Error(name)
  return {
    ...{ name, id: rule.id, version: rule.version },
    parties: checked.rule.parties.map(({ key, part }) => [key, part.way, ...valueOf(part)]),
    hex: toHex(encodeSplitRule(rule)),
    amount: String(amount),
    usage: Object.entries(used).map(([key, count]) => [key, String(count)]),
    parts: split.portions.map(({ key, amount }) => [key, String(amount)]),
  }
}

function valueOf(part: SplitPart): (string | number)[] {
  switch (part.way) {
    case 'fixed':
      return [String(part.amount)]
    case 'points':
      return [part.points]
    case 'share':
      return [part.weight]
    case 'usage':
      return []
  }
}

function invalid(name: string, value: Value, refusal: string): Vector {
  return { name, hex: toHex(encodeCanonical(value)), refusal }
}
