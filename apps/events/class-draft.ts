import { canonicalAmount, isAmount } from '#apps/page'
import type { EventView, TicketClass } from '#apps/page'
import { ONCE, draftOfRule, readRules, wholeOf } from './class-rules.ts'
import type { RuleDraft, RuleField, RuleProblem } from './class-rules.ts'
import { inputTime, msOfInput } from './event-time.ts'

/** A price in a window of time, as typed. Times as `datetime-local` has them; empty for open. */
export interface PriceDraft {
  amount: string
  from: string
  until: string
}

/** A class of tickets as its form has it. */
export interface ClassDraft {
  name: string
  /** Of a new class. */
  seats: string
  policy: 'exclusive' | 'open'
  exposure: string
  currency: string
  prices: readonly PriceDraft[]
  validFrom: string
  validUntil: string
  /** Zones that it opens; none for all. */
  zones: readonly string[]
  knownOnly: boolean
  rules: RuleDraft
}

/** What is wrong with a field. */
export type Problem = 'missing' | 'amount' | 'ends-before' | RuleProblem

/** By field; of a price `price-0`, `price-until-0`. */
export type Problems = Readonly<Partial<Record<string, Problem>>>

/** What is sent of a class. */
export interface ClassRequest {
  name: string
  seats?: number
  policy: 'exclusive' | 'open'
  exposureMax?: number
  prices: { currency: string; amount: string; fromMs: number | null; untilMs: number | null }[]
  validFromMs: number | null
  validUntilMs: number | null
  zones: readonly string[]
  reentry: boolean
  knownOnly: boolean
  rule: unknown
}

/** An empty form. */
export function newClass(currency: string): ClassDraft {
  return {
    ...{ name: '', seats: '100', policy: 'exclusive', exposure: '50', currency },
    ...{ prices: [{ amount: '', from: '', until: '' }], validFrom: '', validUntil: '', zones: [] },
    ...{ knownOnly: false, rules: ONCE },
  }
}

/** The form of a class that is there. */
export function draftOfClass(
  known: TicketClass,
  { utcOffsetMin }: Pick<EventView, 'utcOffsetMin'>,
  currency: string,
): ClassDraft {
  const time = (ms: number | null): string => (ms === null ? '' : inputTime(ms, utcOffsetMin))
  const [first] = known.prices
  return {
    ...{ name: known.name, seats: String(known.seats.capacity), policy: known.policy },
    ...{ exposure: String(known.exposureMax), currency: first?.currency ?? currency },
    prices: known.prices.map((it) => ({
      ...{ amount: it.amount, from: time(it.fromMs), until: time(it.untilMs) },
    })),
    ...{ validFrom: time(known.validFromMs), validUntil: time(known.validUntilMs), zones: known.zones },
    ...{ knownOnly: known.knownOnly, rules: draftOfRule(known.rule, known.reentry) },
  }
}

/** Reads a form; `known`: it is of a class that is there, whose seats stay as they are. */
export function readClass(
  draft: ClassDraft,
  { utcOffsetMin }: Pick<EventView, 'utcOffsetMin'>,
  isKnown: boolean,
): { ok: true; request: ClassRequest } | { ok: false; problems: Problems } {
  const problems: Partial<Record<string, Problem>> = {}
  const time = (text: string): number | null => msOfInput(text, utcOffsetMin)
  const name = draft.name.trim()
  if (name === '') problems['name'] = 'missing'
  const seats = wholeOf(draft.seats)
  if (!isKnown && seats === null) problems['seats'] = 'whole'
  const exposure = /^\d{1,6}$/.test(draft.exposure.trim()) ? Number(draft.exposure.trim()) : null
  if (draft.policy === 'open' && exposure === null) problems['exposure'] = 'whole'
  const prices = draft.prices.flatMap((it, i) => {
    if (it.amount.trim() === '' && it.from === '' && it.until === '') return []
    const [fromMs, untilMs] = [time(it.from), time(it.until)]
    if (!isAmount(it.amount)) problems[`price-${i}`] = 'amount'
    if (isBackwards(fromMs, untilMs)) problems[`price-until-${i}`] = 'ends-before'
    return [{ currency: draft.currency, amount: canonicalAmount(it.amount, 0), fromMs, untilMs }]
  })
  if (prices.length > 0 && !/^[A-Z][A-Z0-9]{1,23}$/.test(draft.currency)) problems['currency'] = 'missing'
  const [validFromMs, validUntilMs] = [time(draft.validFrom), time(draft.validUntil)]
  if (isBackwards(validFromMs, validUntilMs)) problems['validUntil'] = 'ends-before'
  const rules = readRules(draft.rules)
  if (!rules.ok) Object.assign(problems, rules.problems satisfies Partial<Record<RuleField, RuleProblem>>)
  if (!rules.ok || Object.keys(problems).length > 0) return { ok: false, problems }
  const request: ClassRequest = {
    ...{ name, policy: draft.policy, prices, validFromMs, validUntilMs, zones: draft.zones },
    ...{ reentry: rules.reentry, knownOnly: draft.knownOnly, rule: rules.rule },
    ...(isKnown || seats === null ? {} : { seats }),
    ...(draft.policy === 'open' && exposure !== null ? { exposureMax: exposure } : {}),
  }
  return { ok: true, request }
}

function isBackwards(fromMs: number | null, untilMs: number | null): boolean {
  return fromMs !== null && untilMs !== null && untilMs <= fromMs
}
