import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RandomStreams } from '../kernel/index.ts'
import { ROOT } from '../../test/actors/node-process.ts'
import { Draw, Sometimes, timeUs, undraw } from './drawn.ts'
import { ScenarioError, jsonSchemaText, nearest, readScenario, tracedAbsences, worldOf } from './index.ts'
import type { Scenario } from './index.ts'

const GOOD = `about: A test.
topology: { kind: full, nodes: 4 }
members: 3
faultsFor: 10s
convergeWithin: 10s
`

function read(text: string, attached: Record<string, string> = {}): Scenario {
  return readScenario({ name: 'test', file: 'test.yaml', text, attached })
}

function problemsOf(text: string): string[] {
  try {
    read(text)
  } catch (error) {
    if (error instanceof ScenarioError) return error.message.split('\n')
    throw error
  }
  return []
}

test('docs/simulation.schema.json is the schema (write it with `npm run sim:schema`)', () => {
  const published: unknown = JSON.parse(readFileSync(join(ROOT, 'docs', 'simulation.schema.json'), 'utf8'))
  expect(published).toEqual(JSON.parse(jsonSchemaText()))
})

test('the scenarios in examples/ are read', () => {
  const folder = join(ROOT, 'examples')
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'))
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) expect(read(readFileSync(join(folder, file), 'utf8')).about).not.toBe('')
})

test('what is left out is ideal or never happens', () => {
  const { world } = worldOf(read(GOOD), 1)
  expect(world.linkFaults).toEqual({})
  expect(world.bandwidth).toEqual({})
  expect(world.faults).toMatchObject({ powerCuts: 0, partitions: 0, rots: 0, troubledReturns: 0, clones: 0 })
  const nobody = { forkers: 0, colluders: 0, liars: 0, stallers: 0, flooders: 0 }
  expect(world.adversaries).toEqual({ ...nobody, areLasting: false })
  expect(world.phases).toEqual({ faultsUs: 10_000_000, convergeUsMax: 10_000_000 })
  expect(world.workload.untilUs).toBe(10_000_000)
})

describe('an error names file, line, key, what is allowed and the nearest known key', () => {
  const cases: [string, string, RegExp][] = [
    [
      'an unknown key',
      `${GOOD}falts: { rots: 1 }\n`,
      /^test\.yaml:6:1: falts: is not a key here\. Did you mean 'faults'\? Allowed: .*about.*topology/,
    ],
    [
      'an unknown key inside',
      `${GOOD}faults:\n  partitons: 2\n`,
      /^test\.yaml:7:3: faults\.partitons: is not a key here\. Did you mean 'partitions'\? Allowed: .*rots/,
    ],
    [
      'an unknown key of a kind',
      GOOD.replace('nodes: 4', 'nodes: 4, degre: 3'),
      /^test\.yaml:2:\d+: topology\.degre: is not a key here\..* Allowed: kind, nodes$/,
    ],
    [
      'an unknown kind',
      GOOD.replace('kind: full', 'kind: fulll'),
      /^test\.yaml:2:\d+: topology\.kind: one of full, .*islands, not "fulll"\. Did you mean 'full'\?$/,
    ],
    [
      'a time without its unit',
      GOOD.replace('faultsFor: 10s', 'faultsFor: 10'),
      /^test\.yaml:4:12: faultsFor: a time with its unit .*250ms.*, or \{ from, to \}.*, not 10$/,
    ],
    [
      'a number out of range',
      GOOD.replace('members: 3', 'members: 0'),
      /^test\.yaml:3:10: members: a whole number from 1 to 4096.*, not 0$/,
    ],
    [
      'a range that is upside down',
      GOOD.replace('members: 3', 'members: { from: 5, to: 2 }'),
      /^test\.yaml:3:10: members: .*\{"from":5,"to":2\}$/,
    ],
    [
      'a misspelt key of a range',
      GOOD.replace('members: 3', 'members: { form: 2, to: 5 }'),
      /^test\.yaml:3:\d+: members.*form/,
    ],
    [
      'a missing key',
      GOOD.replace('members: 3\n', ''),
      /^test\.yaml:1:1: members: is missing: a whole number/,
    ],
    [
      'a misspelt key of what is sold',
      `${GOOD}trade: { customer: 5 }\n`,
      /^test\.yaml:6:10: trade\.customer: is not a key here\. Did you mean 'customers'\? Allowed: .*supply/,
    ],
    [
      'a rule that spreads nothing',
      `${GOOD}trade: { spread: evenly }\n`,
      /^test\.yaml:6:\d+: trade\.spread: home, even or forecast, not "evenly"$/,
    ],
    ['a key given twice', `${GOOD}members: 4\n`, /^test\.yaml:6:1: is no YAML: Map keys must be unique/],
    ['no YAML', 'about: [\n', /^test\.yaml:\d+:\d+: is no YAML: /],
    ['an empty file', '', /^test\.yaml:1:1: .*object.*, not null$/],
  ]
  test.each(cases)('%s', (_, text, expected) => {
    const problems = problemsOf(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(expected)
  })

  test('all that is wrong is named at once', () => {
    expect(problemsOf(`${GOOD.replace('members: 3', 'members: x')}one: 1\ntwo: 2\n`)).toHaveLength(3)
  })

  test('aliases cannot make a small file large', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n`
    expect(problemsOf(bomb)[0]).toMatch(/alias/i)
  })
})

describe('what a scenario leaves open', () => {
  test('is drawn by the seed: the same for one, spread over many', () => {
    const open = read(GOOD.replace('members: 3', 'members: { from: 1, to: 3 }'))
    const drawn = (seed: number): number => worldOf(open, seed).world.members
    expect(drawn(5)).toBe(drawn(5))
    expect(new Set(Array.from({ length: 50 }, (_, seed) => drawn(seed)))).toEqual(new Set([1, 2, 3]))
  })

  test('of a fault with a chance is there in a share of the runs', () => {
    const open = read(
      `${GOOD}faults: { rots: { chance: 0.25, from: 1, to: 2 } }\nloss: { chance: 0.5, kind: independent, probability: 0.1 }\n`,
    )
    const worlds = Array.from({ length: 400 }, (_, seed) => worldOf(open, seed).world)
    const rotting = worlds.filter((it) => it.faults.rots > 0).length
    expect(rotting).toBeGreaterThan(70)
    expect(rotting).toBeLessThan(130)
    const losing = worlds.filter((it) => it.linkFaults.loss !== undefined).length
    expect(losing).toBeGreaterThan(160)
    expect(losing).toBeLessThan(240)
  })

  test('changes nothing elsewhere: each place has a stream of its own', () => {
    const plain = read(`${GOOD}workload: { lists: { from: 0, to: 1000 } }\n`)
    const more = read(
      `${GOOD}workload: { lists: { from: 0, to: 1000 }, edits: { from: 0, to: 1000 } }\nfaults: { rots: { chance: 0.5, from: 1, to: 9 } }\n`,
    )
    for (let seed = 0; seed < 20; seed += 1) {
      expect(worldOf(more, seed).world.workload.lists).toBe(worldOf(plain, seed).world.workload.lists)
    }
  })

  test('keeps within its ends', () => {
    const random = new RandomStreams(3)
    const open = {
      whole: new Draw<number>('whole', [2, 4]),
      real: new Draw<number>('real', [0.5, 0.75]),
      one: new Draw<string>('oneOf', ['a', 'b']),
      maybe: new Sometimes(0, 1),
    }
    const drawn = undraw(open, random)
    expect([2, 3, 4]).toContain(drawn.whole)
    expect(drawn.real).toBeGreaterThanOrEqual(0.5)
    expect(drawn.real).toBeLessThanOrEqual(0.75)
    expect(['a', 'b']).toContain(drawn.one)
    expect('maybe' in drawn).toBe(false)
  })
})

describe('a trace of absences', () => {
  const traced = `${GOOD}faults: { absencesFrom: { traceFile: trace.csv } }\n`

  test('becomes decisions', () => {
    const scenario = read(traced, {
      'trace.csv': 'node,timeUs,up|down\n1,1000,down\n1,5000,up\n2,3000,down\n',
    })
    const absences = tracedAbsences(scenario, 4)
    expect(absences).toHaveLength(2)
    expect(absences[0]).toEqual({ atUs: 1000, what: 'absence', node: 1, peer: -1, forUs: 4000 })
    expect(absences[1]).toMatchObject({ atUs: 3000, node: 2 })
  })

  test('with bad lines is refused by their numbers', () => {
    const scenario = read(traced, { 'trace.csv': '1,1000,down\n9,5,down\n1,x,up\n' })
    expect(() => tracedAbsences(scenario, 4)).toThrow(/^trace\.csv:2:1: .*\ntrace\.csv:3:1: /)
  })
})

test('times have units', () => {
  expect(timeUs('250ms')).toBe(250_000)
  expect(timeUs('1.5h')).toBe(5_400_000_000)
  expect(timeUs('3 s')).toBe(3_000_000)
  expect(timeUs('3')).toBeNaN()
  expect(timeUs('-1s')).toBeNaN()
})

test('the nearest word is found, or none when all are far', () => {
  expect(nearest('partitons', ['rots', 'partitions', 'absences'])).toBe('partitions')
  expect(nearest('zebra', ['rots', 'partitions', 'absences'])).toBeNull()
})
