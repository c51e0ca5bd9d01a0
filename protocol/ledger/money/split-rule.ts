import { decodeCanonical, encodeCanonical, isBytes, isCount, isName } from '../../encoding/index.ts'
import type { Value } from '../../encoding/index.ts'
import { isAmount } from './amount.ts'
import { compareKeys } from './key-order.ts'

/** Parties of one rule: a large band with its crew. A guess, and one commit can pay them all. */
export const SPLIT_PARTIES_MAX = 64
/** Characters of a rule's id and of a party's key; a member's key as hexadecimal text has 64. */
export const SPLIT_KEY_LENGTH_MAX = 64
/** Highest version of a rule. */
export const SPLIT_VERSION_MAX = 0xffff_ffff
/** Bytes of an encoded rule that are looked at: all parties with keys of four-byte characters take 18,000. */
export const SPLIT_RULE_BYTES_MAX = 20_000
/** Basis points of the whole: 100 %. */
export const BASIS_POINTS = 10_000

/**
 * What one party gets. `fixed`: so many minor units, before all others. `points`: so many hundredths of a percent of what
 * is left. `share` and `usage`: of what is left after those, in proportion to the weight in the rule, or to what was used.
 */
export type SplitPart =
  | { way: 'fixed'; amount: bigint }
  | { way: 'points'; points: number }
  | { way: 'share'; weight: number }
  | { way: 'usage' }

/** One who gets a part; the key is that of a member, or whatever else the host pays. */
export interface SplitParty {
  key: string
  part: SplitPart
}

/** How revenue is split. A change is a new version; what was split by an older one stays. The order of parties means nothing. */
export interface SplitRule {
  id: string
  /** From 1. */
  version: number
  parties: readonly SplitParty[]
}

/** Why a rule is none. Stable: apps translate these for people. */
export type SplitRuleRefusal =
  | 'split-name'
  | 'split-version'
  | 'split-empty'
  | 'split-parties'
  | 'split-party-twice'
  | 'split-part'
  | 'split-over-100'
  | 'split-under-100'
  | 'split-mixed'
  | 'split-rest'
  | 'split-encoding'

/** A rule that holds, or why it does not. */
export type SplitRuleResult =
  | { ok: true; rule: SplitRule }
  | { ok: false; refusal: SplitRuleRefusal; message: string }

/**
 * Checks that a rule splits every amount: 1 to 64 parties with different keys, whole parts above zero, shares of 100 %
 * at most and, where nobody takes the rest, of exactly 100 %. Returns it with its parties in the order of their keys.
 */
export function checkSplitRule(rule: SplitRule): SplitRuleResult {
  const { id, version, parties } = rule
  if (!isName(id, SPLIT_KEY_LENGTH_MAX)) return refuse('split-name', NAME_MESSAGE)
  if (!Number.isSafeInteger(version) || version < 1 || version > SPLIT_VERSION_MAX) {
    return refuse('split-version', `number the versions of a split from 1 to ${SPLIT_VERSION_MAX}`)
  }
  if (parties.length === 0) return refuse('split-empty', 'name at least one party')
  if (parties.length > SPLIT_PARTIES_MAX) {
    return refuse(
      'split-parties',
      `name at most ${SPLIT_PARTIES_MAX} parties; a party can be a split of its own`,
    )
  }
  const sorted = [...parties].sort((a, b) => compareKeys(a.key, b.key))
  for (const [i, { key, part }] of sorted.entries()) {
    if (!isName(key, SPLIT_KEY_LENGTH_MAX)) return refuse('split-name', NAME_MESSAGE)
    if (sorted[i - 1]?.key === key)
      return refuse('split-party-twice', `name each party once: ${key} is there twice`)
    const message = partMessage(part)
    if (message !== null) return refuse('split-part', message)
  }
  const refused = sumRefusal(sorted)
  return refused ?? { ok: true, rule: { id, version, parties: sorted } }
}

/** Canonical bytes of a rule that `checkSplitRule` accepts; one rule has one encoding, whatever the order of its parties. */
export function encodeSplitRule(rule: SplitRule): Uint8Array {
  const checked = checkSplitRule(rule)
  if (!checked.ok) throw new RangeError(`split rule: ${checked.refusal}`)
  const { id, version, parties } = checked.rule
  return encodeCanonical([1, id, version, parties.map(encodeParty)])
}

/** Reads the bytes of one rule and checks it. Never throws. */
export function decodeSplitRule(bytes: Uint8Array): SplitRuleResult {
  if (bytes.length > SPLIT_RULE_BYTES_MAX) return refuse('split-encoding', 'the bytes are no split')
  const decoded = decodeCanonical(bytes)
  const fields = decoded.ok && Array.isArray(decoded.value) ? decoded.value : []
  const [format, id, version, list, ...rest] = fields
  if (
    format !== 1 ||
    typeof id !== 'string' ||
    !isCount(version) ||
    !Array.isArray(list) ||
    rest.length > 0
  ) {
    return refuse('split-encoding', 'the bytes are no split of this version')
  }
  const parties: SplitParty[] = []
  for (const item of list) {
    const party = decodeParty(item)
    const last = parties.at(-1)
    if (party === null || (last !== undefined && compareKeys(last.key, party.key) >= 0)) {
      return refuse('split-encoding', 'the bytes are no split')
    }
    parties.push(party)
  }
  return checkSplitRule({ id, version, parties })
}

const WAYS = ['fixed', 'points', 'share', 'usage'] as const
const NAME_MESSAGE = `write names of 1 to ${SPLIT_KEY_LENGTH_MAX} characters, without blanks at the ends and hidden characters`

function partMessage(part: SplitPart): string | null {
  switch (part.way) {
    case 'fixed':
      return isAmount(part.amount) ? null : 'write a fixed part above zero, and below 2^63'
    case 'points': {
      const isWhole = Number.isSafeInteger(part.points) && part.points >= 1
      return isWhole ? null : 'write whole basis points above zero: 1 is 0.01 %, 10000 is 100 %'
    }
    case 'share':
      return isWeight(part.weight) ? null : 'write a whole share above zero, such as 1'
    case 'usage':
      return null
  }
}

function isWeight(weight: number): boolean {
  return Number.isSafeInteger(weight) && weight >= 1
}

function sumRefusal(parties: readonly SplitParty[]): SplitRuleResult | null {
  let points = 0
  const count = { fixed: 0, points: 0, share: 0, usage: 0 }
  for (const { part } of parties) {
    count[part.way] += 1
    if (part.way === 'points') points += part.points
  }
  if (points > BASIS_POINTS)
    return refuse('split-over-100', `the percentages add up to ${percent(points)}: make it 100 %`)
  if (count.share > 0 && count.usage > 0) {
    return refuse('split-mixed', 'give the rest by share or by usage, not by both')
  }
  const takesRest = count.share + count.usage > 0
  if (takesRest && points === BASIS_POINTS) {
    return refuse('split-rest', 'the percentages take 100 %: leave something for those who get the rest')
  }
  if (takesRest || points === BASIS_POINTS) return null
  return points === 0
    ? refuse(
        'split-rest',
        'fixed parts leave a rest: name at least one party that gets it, by share, percentage or usage',
      )
    : refuse(
        'split-under-100',
        `the percentages add up to ${percent(points)}: make it 100 %, or give the rest by share`,
      )
}

function percent(points: number): string {
  return `${Math.trunc(points / 100)}.${String(points % 100).padStart(2, '0')} %`
}

function encodeParty({ key, part }: SplitParty): Value {
  const way = WAYS.indexOf(part.way)
  switch (part.way) {
    case 'fixed':
      return [key, way, amountBytes(part.amount)]
    case 'points':
      return [key, way, part.points]
    case 'share':
      return [key, way, part.weight]
    case 'usage':
      return [key, way]
  }
}

function decodeParty(item: Value): SplitParty | null {
  if (!Array.isArray(item)) return null
  const [key, number, value] = item
  if (typeof key !== 'string' || !isCount(number)) return null
  const way = WAYS[number]
  if (way === undefined || item.length !== (way === 'usage' ? 2 : 3)) return null
  if (way === 'usage') return { key, part: { way } }
  if (way === 'fixed') return isBytes(value, 8) ? { key, part: { way, amount: readAmount(value) } } : null
  if (!isCount(value)) return null
  return { key, part: way === 'points' ? { way, points: value } : { way, weight: value } }
}

/** Eight bytes, the highest first: the encoding's integers end at 2^53. */
function amountBytes(amount: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, amount)
  return bytes
}

function readAmount(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(0)
}

function refuse(
  refusal: SplitRuleRefusal,
  message: string,
): { ok: false; refusal: SplitRuleRefusal; message: string } {
  return { ok: false, refusal, message }
}
