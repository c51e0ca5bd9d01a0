import { minorText } from './ledger-text.ts'
import type { SplitRule, SplitTrial, Unit } from './ledger-types.ts'

/** What a party gets. */
export type Way = SplitRule['parties'][number]['way']

/** A party as a person has chosen it so far. */
export interface PartyDraft {
  /** Tells rows apart. */
  row: number
  /** Key of a member, or whatever else a rule names. */
  key: string
  way: Way
  /** A percentage, a number of shares, or an amount; nothing where it goes by usage. */
  value: string
  /** What it has used, to try the rule. */
  used: string
}

/** A rule as a person has chosen it so far. */
export interface SplitDraft {
  id: string
  /** Fixed parts are amounts of it, and the rule is tried on it. */
  unit: string
  /** On which the rule is tried. */
  amount: string
  parties: readonly PartyDraft[]
}

/** Each way: on the choice, and what is typed for it. */
export const WAY_TEXT: Readonly<Record<Way, { choice: string; value: string | null }>> = {
  share: { choice: 'Shares', value: 'How many' },
  points: { choice: 'Percent', value: 'Percent' },
  fixed: { choice: 'Fixed part', value: 'Amount' },
  usage: { choice: 'By usage', value: null },
}

/** A party that gets one share. */
export function newParty(row: number, key: string): PartyDraft {
  return { row, key, way: 'share', value: '1', used: '1' }
}

/** A draft that starts from a rule that is here. */
export function draftOf(rule: SplitRule, unit: Unit): SplitDraft {
  const parties = rule.parties.map((it, row): PartyDraft => {
    const party = { row, key: it.key, way: it.way, used: '1' }
    switch (it.way) {
      case 'fixed':
        return { ...party, value: minorText(it.amount, unit.scale) }
      case 'points':
        return { ...party, value: percentText(it.points) }
      case 'share':
        return { ...party, value: String(it.weight) }
      case 'usage':
        return { ...party, value: '' }
    }
  })
  return { id: rule.id, unit: unit.id, amount: '100', parties }
}

/** What is wrong with what is typed for a party, in words; null for nothing, and while nothing is typed. */
export function valueProblem({ way, value }: PartyDraft): string | null {
  const text = value.trim()
  if (text === '') return null
  if (way === 'points' && !PERCENT.test(text))
    return 'Write a percentage with at most two digits behind the point, such as 12.5.'
  if (way === 'share' && !WHOLE.test(text)) return 'Write a whole number of shares, such as 1.'
  return null
}

/** The parties that a draft means; null while something is missing or cannot be read. */
export function partiesOf({ parties }: SplitDraft): SplitRule['parties'] | null {
  const read = parties.map((it): SplitRule['parties'][number] | null => {
    const { key, way } = it
    const value = it.value.trim()
    if (key === '' || valueProblem(it) !== null || (value === '' && way !== 'usage')) return null
    switch (way) {
      case 'fixed':
        return { key, way, amount: value }
      case 'points':
        return { key, way, points: pointsOf(value) }
      case 'share':
        return { key, way, weight: Number(value) }
      case 'usage':
        return { key, way }
    }
  })
  return read.length > 0 && read.every((it) => it !== null) ? read : null
}

/** What the node is asked to try; null while something is missing. */
export function trialOf(draft: SplitDraft, version: number): SplitTrial | null {
  const parties = partiesOf(draft)
  const amount = draft.amount.trim()
  if (parties === null || amount === '' || draft.unit === '') return null
  const users = draft.parties.filter((it) => it.way === 'usage')
  if (users.some((it) => it.used.trim() === '')) return null
  const usage = Object.fromEntries(users.map((it) => [it.key, it.used.trim()]))
  // A name is not needed to see the parts.
  const id = draft.id.trim() || 'rule'
  return { rule: { id, version, parties }, unit: draft.unit, amount, usage }
}

/** Version that a rule of this name would have. */
export function nextVersion(id: string, rules: readonly SplitRule[]): number {
  return (rules.find((it) => it.id === id.trim())?.version ?? 0) + 1
}

/** Hundredths of a percent as a percentage: 1250 is `12.5`. */
export function percentText(points: number): string {
  return minorText(String(points), 2).replace(/\.?0{1,2}$/, '')
}

/** `12.5` is 1250 hundredths of a percent; without fractions of binary numbers. */
function pointsOf(text: string): number {
  const [whole = '', cents = ''] = text.split('.')
  return Number(whole + cents.padEnd(2, '0'))
}

const PERCENT: RegExp = /^\d{1,4}(?:\.\d{1,2})?$/
const WHOLE: RegExp = /^\d{1,15}$/
