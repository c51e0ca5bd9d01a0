import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeCanonical, encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import {
  RULE_ENTRIES_MAX,
  RULE_LIST_MAX,
  RULE_MINUTES_MAX,
  RULE_NODES_MAX,
  canonicalRule,
  evaluateRule,
  readRule,
  ruleToValue,
} from './rules.ts'
import type { Rule, RuleFacts } from './rules.ts'

const SEAT = `seat-a${'b'.repeat(25)}`
const OTHER = `seat-b${'b'.repeat(25)}`
/** Saturday, 2026-11-28, 22:30 in UTC, 23:30 at the event. */
const NOW_MS = Date.UTC(2026, 10, 28, 22, 30)
const HOUR_MS = 3_600_000
const facts: RuleFacts = {
  ...{ nowMs: NOW_MS, gate: 'North', zone: 'Hall', class: SEAT, entriesMs: [] },
  ...{ utcOffsetMin: 60, dayStartMin: 360 },
}

function verdict(value: Value): string {
  const result = readRule(value)
  return result.ok ? 'ok' : result.refusal
}

function failing(value: Value, more: Partial<RuleFacts> = {}): Value {
  const result = readRule(value)
  if (!result.ok) throw new Error(result.refusal)
  const failed = evaluateRule(result.rule, { ...facts, ...more })
  return failed === null ? null : ruleToValue(failed)
}

test('leaves, at their boundaries', () => {
  const ago = (...minutes: number[]): Partial<RuleFacts> => ({
    entriesMs: minutes.map((it) => NOW_MS - it * 60_000),
  })
  const at = (hour: number, minute: number): Partial<RuleFacts> => ({
    nowMs: Date.UTC(2026, 10, 28, hour, minute),
  })
  const table: [Value, Partial<RuleFacts>, boolean][] = [
    [['entries', 1], {}, true],
    [['entries', 1], ago(5), false],
    [['entries', 2], ago(5), true],
    [['entries', 2], ago(5, 100_000), false],
    [['entries-today', 1], ago(5), false],
    // The day began at 06:00 of the event, 17 and a half hours ago.
    [['entries-today', 1], ago(17 * 60 + 30), false],
    [['entries-today', 1], ago(17 * 60 + 31), true],
    [['entries-today', 2], ago(5, 17 * 60 + 31), true],
    [['minutes-since-entry', 30], {}, true],
    [['minutes-since-entry', 30], ago(30), true],
    [['minutes-since-entry', 30], ago(29), false],
    [['minutes-since-entry', 30], ago(29, 400), false],
    // Another gate's clock is ahead.
    [['minutes-since-entry', 30], ago(-5), false],
    [['class', [SEAT]], {}, true],
    [['class', [OTHER]], {}, false],
    [['gate', ['North', 'South']], {}, true],
    [['gate', ['South']], {}, false],
    [['gate', ['north']], {}, false],
    [['zone', ['Hall']], {}, true],
    [['zone', ['Bar']], {}, false],
    [['zone', ['Hall']], { zone: null }, false],
    [['time', NOW_MS, null], {}, true],
    [['time', NOW_MS + 1, null], {}, false],
    [['time', null, NOW_MS], {}, false],
    [['time', null, NOW_MS + 1], {}, true],
    [['time', 0, NOW_MS + 1], {}, true],
    [['day-time', 1_410, 1_411], {}, true],
    [['day-time', 1_409, 1_410], {}, false],
    [['day-time', 1_411, 1_410], {}, false],
    [['day-time', 1_320, 120], {}, true],
    [['day-time', 1_320, 120], at(0, 59), true],
    [['day-time', 1_320, 120], at(1, 0), false],
    [['day-time', 1_320, 0], at(22, 59), true],
    [['day-time', 1_320, 0], at(23, 0), false],
    [['day-time', 0, 60], at(23, 30), true],
    [['day-time', 0, 60], { ...at(0, 30), utcOffsetMin: -60 }, false],
    [['day-time', 1_380, 1_439], { ...at(0, 30), utcOffsetMin: -60 }, true],
  ]
  for (const [rule, more, isGood] of table)
    expect(failing(rule, more), JSON.stringify([rule, more])).toEqual(isGood ? null : rule)
})

test('the leaf that failed is the first in reading order', () => {
  const good: Value = ['gate', ['North']]
  const bad: Value = ['gate', ['South']]
  const worse: Value = ['entries', 1]
  const once = { entriesMs: [NOW_MS - HOUR_MS] }
  expect(failing(['all', good, bad, worse], once)).toEqual(bad)
  expect(failing(['all', good, good])).toBe(null)
  expect(failing(['any', bad, worse], once)).toEqual(bad)
  expect(failing(['any', bad, worse])).toBe(null)
  expect(failing(['any', worse, bad], once)).toEqual(worse)
  expect(failing(['not', good])).toEqual(['not', good])
  expect(failing(['not', bad])).toBe(null)
  expect(failing(['not', ['any', bad, good]])).toEqual(['not', ['any', bad, good]])
  expect(failing(['all', ['any', bad, good], ['not', ['all', good, worse]]])).toEqual([
    'not',
    ['all', good, worse],
  ])
  expect(failing(['any', ['all', good, bad], good])).toBe(null)
})

test('values that are no rule', () => {
  for (const value of [null, 1, 'all', {}, [], [1], [['all']], ['all'], ['any'], ['not'], new Uint8Array(2)])
    expect(verdict(value)).toBe('shape')
  const leaf: Value = ['entries', 1]
  for (const value of [
    ['not', leaf, leaf],
    ['entries'],
    ['entries', 1, 1],
    ['gate', ['a'], 'b'],
    ['time', 1],
    ['time', 1, 2, 3],
    ['day-time', 1],
  ] as Value[])
    expect(verdict(value), JSON.stringify(value)).toBe('shape')
  for (const value of [
    ['All', leaf],
    ['', 1],
    ['constructor', 1],
    ['all', leaf, ['entry', 1]],
  ] as Value[])
    expect(verdict(value)).toBe('unknown-rule')
  for (const name of ['entries', 'entries-today', 'minutes-since-entry'])
    for (const number of [0, -1, 1.5, '1', null, [], RULE_MINUTES_MAX + 1])
      expect(verdict([name, number])).toBe('number')
  for (const [from, until] of [
    [null, null],
    [1, 1],
    [2, 1],
    [-1, 5],
    ['1', 2],
    [0.5, 2],
  ] as [Value, Value][])
    expect(verdict(['time', from, until])).toBe('number')
  for (const [from, until] of [
    [1, 1],
    [0, 1_440],
    [1_440, 0],
    [-1, 5],
    [null, 5],
  ] as [Value, Value][])
    expect(verdict(['day-time', from, until])).toBe('number')
  for (const list of [[], 'North', null, [1], [''], [' a'], ['a\u{202e}'], ['x'.repeat(65)], { 0: 'a' }])
    expect(verdict(['gate', list])).toBe('list')
  for (const list of [['North'], [SEAT.slice(1)], [`admission-${'a'.repeat(26)}`]])
    expect(verdict(['class', list])).toBe('list')
})

test('limits are reached and not passed', () => {
  const leaf: Value = ['entries', 1]
  const leaves = (count: number): Value[] => Array.from({ length: count }, () => leaf)
  expect(verdict(['all', ...leaves(RULE_NODES_MAX - 1)])).toBe('ok')
  expect(verdict(['all', ...leaves(RULE_NODES_MAX)])).toBe('too-many')
  expect(verdict(['not', ['not', ['not', leaf]]])).toBe('ok')
  expect(verdict(['not', ['not', ['not', ['not', leaf]]]])).toBe('too-deep')
  const names = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `g${String(i).padStart(2, '0')}`)
  expect(verdict(['gate', names(RULE_LIST_MAX)])).toBe('ok')
  expect(verdict(['gate', names(RULE_LIST_MAX + 1)])).toBe('list')
  expect(verdict(['entries', RULE_ENTRIES_MAX])).toBe('ok')
  expect(verdict(['entries-today', RULE_ENTRIES_MAX + 1])).toBe('number')
  expect(verdict(['minutes-since-entry', RULE_MINUTES_MAX])).toBe('ok')
  expect(verdict(['zone', ['x'.repeat(64)]])).toBe('ok')
  let deep: Value = leaf
  for (let i = 0; i < 100_000; i += 1) deep = ['not', deep]
  expect([verdict(deep), canonicalRule(deep).ok]).toEqual(['too-deep', false])
  expect(canonicalRule(['gate', Array.from({ length: 100_000 }, () => 'a')])).toEqual({
    ok: false,
    refusal: 'list',
  })
})

test('one meaning of a list has one form', () => {
  expect(verdict(['gate', ['South', 'North']])).toBe('list-order')
  expect(verdict(['gate', ['North', 'North']])).toBe('list-order')
  const written: Value = ['all', ['gate', ['South', 'North', 'South']], ['class', [OTHER, SEAT]]]
  const result = canonicalRule(written)
  expect(result).toEqual({ ok: true, rule: ['all', ['gate', ['North', 'South']], ['class', [SEAT, OTHER]]] })
  for (const value of [null, ['gate', ['b', 1, 'a']], ['gate', 'x'], ['all', ['gate']]] as Value[])
    expect(canonicalRule(value).ok).toBe(false)
})

const name = fc.constantFrom('North', 'South', 'Hall', 'Bar')
const names = fc.uniqueArray(name, { minLength: 1 }).map((it) => it.sort())
const leaf: fc.Arbitrary<Rule> = fc.oneof(
  fc.tuple(
    fc.constantFrom('entries' as const, 'entries-today' as const, 'minutes-since-entry' as const),
    fc.integer({ min: 1, max: 90 }),
  ),
  fc.tuple(fc.constantFrom('gate' as const, 'zone' as const), names),
  fc.tuple(
    fc.constant('time' as const),
    fc.constantFrom(null, NOW_MS - 1),
    fc.constantFrom(NOW_MS, NOW_MS + 1),
  ),
  fc.tuple(
    fc.constant('day-time' as const),
    fc.integer({ min: 0, max: 700 }),
    fc.integer({ min: 701, max: 1_439 }),
  ),
)

function rules(depth: number): fc.Arbitrary<Rule> {
  if (depth === 1) return leaf
  const inner = fc.array(rules(depth - 1), { minLength: 1, maxLength: 2 })
  const listed = fc
    .tuple(fc.constantFrom('all' as const, 'any' as const), inner)
    .map(([kind, parts]): Rule => [kind, ...parts])
  return fc.oneof(
    leaf,
    listed,
    rules(depth - 1).map((it): Rule => ['not', it]),
  )
}

const someFacts: fc.Arbitrary<RuleFacts> = fc.record({
  ...{ nowMs: fc.constant(NOW_MS), gate: name, zone: fc.option(name), class: fc.constant(SEAT) },
  entriesMs: fc.array(fc.integer({ min: NOW_MS - 48 * HOUR_MS, max: NOW_MS + HOUR_MS }), { maxLength: 5 }),
  ...{ utcOffsetMin: fc.integer({ min: -720, max: 840 }), dayStartMin: fc.integer({ min: 0, max: 1_439 }) },
})

test('a rule comes back from its bytes', () => {
  fc.assert(
    fc.property(rules(4), (rule) => {
      const decoded = decodeCanonical(encodeCanonical(ruleToValue(rule)))
      expect(readRule(decoded.ok ? decoded.value : null)).toEqual({ ok: true, rule })
      expect(readRule(JSON.parse(JSON.stringify(rule)) as Value)).toEqual({ ok: true, rule })
    }),
  )
})

test('all, any and not are those of logic, and what is named failed by itself', () => {
  const holds = (rule: Rule, it: RuleFacts): boolean => evaluateRule(rule, it) === null
  fc.assert(
    fc.property(rules(3), rules(3), someFacts, (a, b, it) => {
      expect(holds(['all', a, b], it)).toBe(holds(a, it) && holds(b, it))
      expect(holds(['any', a, b], it)).toBe(holds(a, it) || holds(b, it))
      expect(holds(['not', a], it)).toBe(!holds(a, it))
      const failed = evaluateRule(['all', a, b], it)
      if (failed !== null) expect(holds(failed, it)).toBe(false)
    }),
    { numRuns: 300 },
  )
})

test('any value is read or refused', () => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      fc.constantFrom('all', 'any', 'not', 'gate', 'time', 'entries'),
      fc.integer(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
    ),
  })).value as fc.Arbitrary<Value>
  fc.assert(
    fc.property(value, (it) => {
      const result = canonicalRule(it)
      if (result.ok) evaluateRule(result.rule, facts)
    }),
    { numRuns: 500 },
  )
})
