import { isCount, isName } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'

/** Rules in one rule, itself included. A guess: a class has a handful. */
export const RULE_NODES_MAX = 32
/** Rules within rules. A guess, as above. */
export const RULE_DEPTH_MAX = 4
/** Names in one list. A guess: more gates and zones than a venue has. */
export const RULE_LIST_MAX = 32
/** Longest name of a gate or zone, UTF-16 units: as of devices. */
export const RULE_NAME_LENGTH_MAX = 64
/** Highest number of entries in a rule. A guess. */
export const RULE_ENTRIES_MAX = 10_000
/** Highest number of minutes in a rule: a year. */
export const RULE_MINUTES_MAX = 527_040

/**
 * Who may enter with a ticket of a class, as it stands in documents and JSON. A leaf holds when:
 * `entries-today`: entries so far today are below the number; `entries`: all entries so far are;
 * `minutes-since-entry`: the last entry is so many minutes ago, or there is none;
 * `class`, `gate`, `zone`: it is one of the list; `time`: now lies from the first (included) to the second (not),
 * Unix ms, null for open; `day-time`: the local minute of the day does, past midnight where the first is the higher.
 */
export type Rule = readonly ['all' | 'any', ...Rule[]] | readonly ['not', Rule] | RuleLeaf

/** A rule without rules in it. */
export type RuleLeaf =
  | readonly ['entries-today' | 'entries' | 'minutes-since-entry', number]
  | readonly ['class' | 'gate' | 'zone', readonly string[]]
  | readonly ['time', number | null, number | null]
  | readonly ['day-time', number, number]

/** Why a value is no rule. `list-order`: names are not in ascending order, or one is there twice. */
export type RuleRefusal =
  | 'shape'
  | 'unknown-rule'
  | 'too-deep'
  | 'too-many'
  | 'list'
  | 'list-order'
  | 'number'

/** A rule, or why a value is none. */
export type RuleResult = { ok: true; rule: Rule } | { ok: false; refusal: RuleRefusal }

/** What rules are about, at the moment of a scan. */
export interface RuleFacts {
  /** Unix ms, by the gate's clock. */
  nowMs: number
  /** Name of the gate. */
  gate: string
  /** Name of the zone that is entered; null for none. */
  zone: string | null
  /** Seat unit of the class. */
  class: string
  /** Entries of this seat so far, as recorded, in any order. */
  entriesMs: readonly number[]
  /** Of the event's local time, minutes. */
  utcOffsetMin: number
  /** Minute of the day at which the event's day begins. */
  dayStartMin: number
}

/** Reads a rule in its canonical form: the only one that stands in documents. Never throws. */
export function readRule(value: Value | undefined): RuleResult {
  const reader = new RuleReader()
  const rule = reader.rule(value, 1)
  return rule === null ? { ok: false, refusal: reader.refusal } : { ok: true, rule }
}

/** Reads a rule as a person or program wrote it: lists are put in order, what is there twice is dropped. */
export function canonicalRule(value: Value | undefined): RuleResult {
  return readRule(inOrder(value, 1))
}

/** A rule as a value: for entries and hashes. */
export function ruleToValue(rule: Rule): Value {
  return toValue(rule)
}

/**
 * Null when the rule holds; otherwise the leaf that failed: the first in reading order, of `any` its first one, of
 * `not` the `not` itself. Linear in rule and entries.
 */
export function evaluateRule(rule: Rule, facts: RuleFacts): Rule | null {
  switch (rule[0]) {
    case 'all': {
      for (const part of partsOf(rule)) {
        const failed = evaluateRule(part, facts)
        if (failed !== null) return failed
      }
      return null
    }
    case 'any': {
      let first: Rule | null = null
      for (const part of partsOf(rule)) {
        const failed = evaluateRule(part, facts)
        if (failed === null) return null
        first ??= failed
      }
      return first ?? rule
    }
    case 'not':
      return evaluateRule(rule[1], facts) === null ? rule : null
    case 'entries-today':
    case 'entries':
    case 'minutes-since-entry':
    case 'class':
    case 'gate':
    case 'zone':
    case 'time':
    case 'day-time':
      return holds(rule, facts) ? null : rule
  }
}

/** The local day in which `atMs` lies, counted from 1970: it begins at `dayStartMin`. */
export function eventDay(atMs: number, at: { utcOffsetMin: number; dayStartMin: number }): number {
  return Math.floor((atMs + (at.utcOffsetMin - at.dayStartMin) * MINUTE_MS) / DAY_MS)
}

const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
const DAY_MS: number = DAY_MINUTES * MINUTE_MS
const SEAT_UNIT: RegExp = /^seat-[a-h][a-z2-7]{25}$/

function holds(leaf: RuleLeaf, facts: RuleFacts): boolean {
  const { nowMs, entriesMs } = facts
  switch (leaf[0]) {
    case 'entries-today': {
      const today = eventDay(nowMs, facts)
      return entriesMs.filter((it) => eventDay(it, facts) === today).length < leaf[1]
    }
    case 'entries':
      return entriesMs.length < leaf[1]
    case 'minutes-since-entry':
      return entriesMs.every((it) => nowMs - it >= leaf[1] * MINUTE_MS)
    case 'class':
      return leaf[1].includes(facts.class)
    case 'gate':
      return leaf[1].includes(facts.gate)
    case 'zone':
      return facts.zone !== null && leaf[1].includes(facts.zone)
    case 'time':
      return (leaf[1] === null || nowMs >= leaf[1]) && (leaf[2] === null || nowMs < leaf[2])
    case 'day-time': {
      const [, from, until] = leaf
      const local = Math.floor(nowMs / MINUTE_MS) + facts.utcOffsetMin
      const minute = ((local % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES
      return from < until ? minute >= from && minute < until : minute >= from || minute < until
    }
  }
}

function partsOf(rule: readonly ['all' | 'any', ...Rule[]]): readonly Rule[] {
  return rule.slice(1) as Rule[]
}

/** Reads with one count of rules; the first refusal stands. */
class RuleReader {
  refusal: RuleRefusal = 'shape'
  #nodes = 0

  rule(value: Value | undefined, depth: number): Rule | null {
    if (!Array.isArray(value) || typeof value[0] !== 'string') return this.#refuse('shape')
    if (depth > RULE_DEPTH_MAX) return this.#refuse('too-deep')
    this.#nodes += 1
    if (this.#nodes > RULE_NODES_MAX) return this.#refuse('too-many')
    const [name, ...parts] = value
    const [first, second] = parts
    switch (name) {
      case 'all':
      case 'any': {
        const rules = this.#rules(parts, depth)
        return rules === null ? null : [name, ...rules]
      }
      case 'not': {
        if (parts.length !== 1) return this.#refuse('shape')
        const rule = this.rule(first, depth + 1)
        return rule === null ? null : [name, rule]
      }
      case 'entries-today':
      case 'entries':
      case 'minutes-since-entry': {
        if (parts.length !== 1) return this.#refuse('shape')
        const most = name === 'minutes-since-entry' ? RULE_MINUTES_MAX : RULE_ENTRIES_MAX
        if (!isCount(first) || first === 0 || first > most) return this.#refuse('number')
        return [name, first]
      }
      case 'class':
      case 'gate':
      case 'zone': {
        if (parts.length !== 1) return this.#refuse('shape')
        const names = this.#names(name, first)
        return names === null ? null : [name, names]
      }
      case 'time': {
        if (parts.length !== 2) return this.#refuse('shape')
        if (!isTime(first) || !isTime(second) || (first === null && second === null))
          return this.#refuse('number')
        if (first !== null && second !== null && first >= second) return this.#refuse('number')
        return [name, first, second]
      }
      case 'day-time': {
        if (parts.length !== 2) return this.#refuse('shape')
        if (!isMinute(first) || !isMinute(second) || first === second) return this.#refuse('number')
        return [name, first, second]
      }
      default:
        return this.#refuse('unknown-rule')
    }
  }

  #rules(values: readonly Value[], depth: number): Rule[] | null {
    if (values.length === 0) return this.#refuse('shape')
    const rules: Rule[] = []
    for (const value of values) {
      const rule = this.rule(value, depth + 1)
      if (rule === null) return null
      rules.push(rule)
    }
    return rules
  }

  #names(kind: 'class' | 'gate' | 'zone', value: Value | undefined): string[] | null {
    if (!Array.isArray(value) || value.length === 0 || value.length > RULE_LIST_MAX)
      return this.#refuse('list')
    const names: string[] = []
    for (const name of value) {
      const isGood = kind === 'class' ? isSeatUnit(name) : isName(name, RULE_NAME_LENGTH_MAX)
      if (!isGood || typeof name !== 'string') return this.#refuse('list')
      const last = names.at(-1)
      if (last !== undefined && last >= name) return this.#refuse('list-order')
      names.push(name)
    }
    return names
  }

  #refuse(refusal: RuleRefusal): null {
    this.refusal = refusal
    return null
  }
}

function isSeatUnit(value: Value): boolean {
  return typeof value === 'string' && SEAT_UNIT.test(value)
}

function isTime(value: Value | undefined): value is number | null {
  return value === null || isCount(value)
}

function isMinute(value: Value | undefined): value is number {
  return isCount(value) && value < DAY_MINUTES
}

/** Lists of names in order; whatever else is off stays for the reader to refuse. */
function inOrder(value: Value | undefined, depth: number): Value | undefined {
  if (!Array.isArray(value) || depth > RULE_DEPTH_MAX) return value
  const [name, list] = value
  if (name === 'class' || name === 'gate' || name === 'zone') {
    if (!Array.isArray(list) || list.length > RULE_LIST_MAX) return value
    const texts = list.filter((it) => typeof it === 'string')
    return texts.length === list.length ? value.with(1, [...new Set(texts)].sort()) : value
  }
  return value.map((part) => inOrder(part, depth + 1) ?? null)
}

/** What rules are made of. */
type RulePart = Rule | readonly string[] | string | number | null

function toValue(part: RulePart): Value {
  return typeof part === 'object' && part !== null ? part.map(toValue) : part
}
