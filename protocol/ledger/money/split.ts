import { AMOUNT_LIMIT, isAmount } from './amount.ts'
import { compareKeys } from './key-order.ts'
import { BASIS_POINTS, checkSplitRule } from './split-rule.ts'
import type { SplitParty, SplitRule, SplitRuleRefusal } from './split-rule.ts'

/** Why an amount is not split. Stable: apps translate these for people. */
export type SplitRefusal =
  | SplitRuleRefusal
  | 'split-amount'
  | 'split-fixed-above-amount'
  | 'split-usage'
  | 'split-usage-party'
  | 'split-no-usage'

/** What one party gets, 0n or more minor units. */
export interface SplitPortion {
  key: string
  amount: bigint
}

/** The parts of one amount in the order of their keys, or why there are none; the message says what to do. */
export type SplitResult =
  | { ok: true; portions: SplitPortion[] }
  | { ok: false; refusal: SplitRefusal; message: string }

/**
 * Splits `amount` minor units (1 to 2^63 - 1) by a rule, so that the parts sum to it exactly. Fixed parts come first.
 * What is left is divided by largest remainder: each party gets its exact part rounded down, and the minor units that
 * remain go one each to the largest fractions cut off; of equal ones, to the first in the order of keys. So each part
 * is less than one minor unit from the exact one. `usage` holds what was used, by key, for parties that are paid by it; no entry is none.
 */
export function splitAmount(
  amount: bigint,
  rule: SplitRule,
  usage: ReadonlyMap<string, bigint> = new Map(),
): SplitResult {
  const checked = checkSplitRule(rule)
  if (!checked.ok) return checked
  if (!isAmount(amount)) return refuse('split-amount', 'split an amount above zero, and below 2^63')
  const { parties } = checked.rule
  const refused = usageRefusal(parties, usage)
  if (refused !== null) return refused
  let rest = amount
  for (const { part } of parties) if (part.way === 'fixed') rest -= part.amount
  if (rest < 0n) {
    return refuse(
      'split-fixed-above-amount',
      `the fixed parts take ${amount - rest} of ${amount} minor units: lower them`,
    )
  }
  const exact = exactParts(parties, usage)
  if (exact.whole === 0n) {
    if (rest > 0n) return refuse('split-no-usage', 'nothing was used: there is no way to split the rest')
    exact.whole = 1n
  }
  const portions = parties.map(({ key, part }) => ({ key, amount: part.way === 'fixed' ? part.amount : 0n }))
  divide(rest, exact, portions)
  return { ok: true, portions }
}

/** Each party's part of the rest as a numerator over `whole`; a fixed one's is 0n. */
interface ExactParts {
  numerators: bigint[]
  whole: bigint
}

function exactParts(parties: readonly SplitParty[], usage: ReadonlyMap<string, bigint>): ExactParts {
  const hundred = BigInt(BASIS_POINTS)
  let points = 0n
  let weights = 0n
  for (const party of parties) {
    if (party.part.way === 'points') points += BigInt(party.part.points)
    else weights += weightOf(party, usage)
  }
  // All percentages: the weight of nobody must not make the whole zero.
  const scale = points === hundred ? 1n : weights
  const numerators = parties.map((party) =>
    party.part.way === 'points'
      ? BigInt(party.part.points) * scale
      : weightOf(party, usage) * (hundred - points),
  )
  return { numerators, whole: hundred * scale }
}

function weightOf({ key, part }: SplitParty, usage: ReadonlyMap<string, bigint>): bigint {
  if (part.way === 'share') return BigInt(part.weight)
  return part.way === 'usage' ? (usage.get(key) ?? 0n) : 0n
}

function divide(rest: bigint, { numerators, whole }: ExactParts, portions: SplitPortion[]): void {
  const cut: { portion: SplitPortion; remainder: bigint }[] = []
  let left = rest
  for (const [i, portion] of portions.entries()) {
    const product = rest * (numerators[i] ?? 0n)
    portion.amount += product / whole
    left -= product / whole
    cut.push({ portion, remainder: product % whole })
  }
  cut.sort(
    (a, b) =>
      (a.remainder < b.remainder ? 1 : a.remainder > b.remainder ? -1 : 0) ||
      compareKeys(a.portion.key, b.portion.key),
  )
  for (const { portion } of cut.slice(0, Number(left))) portion.amount += 1n
}

function usageRefusal(
  parties: readonly SplitParty[],
  usage: ReadonlyMap<string, bigint>,
): SplitResult | null {
  const byUsage = new Set(parties.filter(({ part }) => part.way === 'usage').map(({ key }) => key))
  for (const [key, used] of usage) {
    if (used < 0n || used >= AMOUNT_LIMIT)
      return refuse('split-usage', 'write what was used as a number from 0 below 2^63')
    if (!byUsage.has(key))
      return refuse('split-usage-party', `${key} is not paid by usage in this version of the split`)
  }
  return null
}

function refuse(refusal: SplitRefusal, message: string): SplitResult {
  return { ok: false, refusal, message }
}
