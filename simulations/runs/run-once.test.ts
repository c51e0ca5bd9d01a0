import { describe, expect, test } from 'vitest'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { CHECKERS } from '../checkers/index.ts'
import type { Checker } from '../checkers/index.ts'
import { failureFiles } from '../report/failure-files.ts'
import { readScenario } from '../scenario/index.ts'
import { planOf, readPlan } from './plan-of.ts'
import { Recording } from './recording.ts'
import { ImpossibleWorld, runOnce } from './run-once.ts'
import type { RunParts } from './run-once.ts'
import type { RunPlan } from './run-plan.ts'
import { failureKey } from './run-result.ts'
import { shrink } from './shrink.ts'

const PORTS: RunParts = { crypto: nodeCrypto(), signer: nodeSigner }
const TEXT = `about: A test.
topology: { kind: full, nodes: 7 }
members: 6
faultsFor: 60s
convergeWithin: 60s
workload: { lists: 12, edits: 6 }
faults: { powerCuts: 3, absences: 4, partitions: 2 }
`

function planFrom(text: string, seed = 1): RunPlan {
  return planOf(readScenario({ name: 'test', file: 'test.yaml', text, attached: {} }), seed, { ports: PORTS })
}

/** Finds something once `states` were reached. */
function planted(kind: 'correctness' | 'liveness', states: readonly ('partitioned' | 'rejoined')[]): Checker {
  return (world) =>
    states.every((state) => world.books.counts[state] > 0)
      ? [{ checker: 'planted', kind, atUs: world.nowUs, detail: 'found', nodes: [2] }]
      : []
}

describe('a run', () => {
  test('that goes well says so, and does the same again', () => {
    const first = runOnce(planFrom(TEXT), PORTS)
    expect(first.result).toMatchObject({ outcome: 'ok', violations: [], crash: null, nodes: 7 })
    expect(first.result.curve.at(-1)?.[1]).toBe(1)
    expect(JSON.stringify(runOnce(planFrom(TEXT), PORTS).result)).toBe(JSON.stringify(first.result))
  })

  test('that is told what happened the last time does the same', () => {
    const plan = planFrom(TEXT)
    const { result, decisions } = runOnce(plan, PORTS)
    const again = runOnce(readPlan(JSON.stringify({ ...plan, decisions })), PORTS)
    expect(again.result.digest).toBe(result.digest)
  })

  test('is not changed by being recorded', () => {
    const recording = new Recording()
    const { result } = runOnce(planFrom(TEXT), { ...PORTS, recording })
    expect(result.digest).toBe(runOnce(planFrom(TEXT), PORTS).result.digest)
    expect(recording.messages().length).toBeGreaterThan(100)
    expect(recording.faults.map(({ label }) => label)).toContain('partition')
  })

  test('ends at once when a checker finds something, and is told by what it found', () => {
    for (const kind of ['correctness', 'liveness'] as const) {
      const checkers = { ...CHECKERS, planted: planted(kind, ['partitioned']) }
      const { result } = runOnce(planFrom(TEXT), { ...PORTS, checkers })
      expect(result.outcome).toBe(kind)
      expect(result.virtualUs).toBeLessThan(61_000_000)
      expect(failureKey(result)).toBe(`${kind}: planted`)
    }
  })

  test('that throws is a crash, without paths in its words', () => {
    const checkers = {
      planted: (): never => {
        throw new TypeError('no such thing 17\n    at /somewhere')
      },
    }
    const { result, error } = runOnce(planFrom(TEXT), { ...PORTS, checkers })
    expect(result).toMatchObject({ outcome: 'crash', crash: 'TypeError: no such thing 17' })
    expect(error).toBeInstanceOf(TypeError)
    expect(failureKey(result)).toBe(failureKey({ ...result, crash: 'TypeError: no such thing 4' }))
  })

  test('that never ends is a failure of liveness', () => {
    const { result } = runOnce({ ...planFrom(TEXT), eventsMax: 500 }, PORTS)
    expect(result).toMatchObject({ outcome: 'liveness', events: 500 })
    expect(result.violations[0]).toMatchObject({ checker: 'ends' })
  })

  test('of an impossible world is refused, with the reason', () => {
    const odd = TEXT.replace('kind: full, nodes: 7', 'kind: random-regular, nodes: 7, degree: 3')
    expect(() => runOnce(planFrom(odd), PORTS)).toThrow(ImpossibleWorld)
    expect(() => runOnce(planFrom(odd), PORTS)).toThrow(/test, seed 1: random-regular: 7 nodes of degree 3/)
    const crowded = TEXT.replace('members: 6', 'members: 8')
    expect(() => runOnce(planFrom(crowded), PORTS)).toThrow(/8 members and 0 others do not fit 7 places/)
    const governed = (rest: string): RunPlan => planFrom(`${TEXT}authority: { stewards: 3, ${rest} }\n`)
    const stranger = governed('acts: [{ at: 1s, what: leave, by: 9 }]')
    expect(() => runOnce(stranger, PORTS)).toThrow(/the script names person 9 of 6/)
    expect(() => runOnce(governed('joiners: 2'), PORTS)).toThrow(/6 members and 2 others do not fit 7 places/)
    expect(() => runOnce(governed('doubleSigners: 1'), PORTS)).toThrow(
      /3 stewards, of 6 members and 0 forkers/,
    )
  })
})

describe('a failing run', () => {
  const checkers = { planted: planted('correctness', ['partitioned', 'rejoined']) }
  const limits = { runsMax: 400, isOver: () => false }

  test('is made smaller while it fails the same way, and the small one is the same again', () => {
    const before = runOnce(planFrom(TEXT), { ...PORTS, checkers })
    const { plan, ending } = shrink(planFrom(TEXT), { ...PORTS, checkers }, limits)
    expect(failureKey(ending.result)).toBe('correctness: planted')
    expect(ending.result.nodes).toBeLessThan(before.result.nodes)
    // A partition, and somebody who comes back from a power cut or an absence.
    expect(ending.decisions.length).toBeLessThanOrEqual(3)
    expect(ending.decisions.map(({ what }) => what)).toContain('partition')
    const again = runOnce(readPlan(JSON.stringify(plan)), { ...PORTS, checkers })
    expect(again.result.digest).toBe(ending.result.digest)
  })

  test('stops being made smaller when its time is over', () => {
    let runs = 0
    const isOver = (): boolean => runs >= 5
    const { ending } = shrink(
      planFrom(TEXT),
      { ...PORTS, checkers },
      {
        ...limits,
        isOver,
        onRun: (count) => {
          runs = count
        },
      },
    )
    expect(runs).toBeLessThanOrEqual(6)
    expect(failureKey(ending.result)).toBe('correctness: planted')
  })

  test('has a folder with all that it takes to run it again, and a diagram', () => {
    const recording = new Recording()
    const plan = planFrom(TEXT)
    const ending = runOnce(plan, { ...PORTS, checkers, recording })
    const version = { code: 'abc', node: process.version }
    const files = failureFiles({ plan, ending, recording, version, shrunk: null })
    expect(Object.keys(files).sort()).toEqual(
      ['README.txt', 'plan.json', 'result.json', 'space-time.svg', 'trace.json', 'versions.json'].sort(),
    )
    expect(JSON.parse(files['result.json'] ?? '')).toEqual(ending.result)
    expect(JSON.parse(files['trace.json'] ?? '')).toEqual(ending.decisions)
    const svg = files['space-time.svg'] ?? ''
    expect(svg).toContain('>node 2</text>')
    expect(svg).toContain('marker-end')
    expect(svg).toContain('correctness, planted: found')
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    expect(files['README.txt']).toContain('coop sim replay')
  })
})

test('a plan that is none is refused', () => {
  for (const text of ['{}', 'null', '[]', '{"scenario":"x","seed":1}']) {
    expect(() => readPlan(text)).toThrow(RangeError)
  }
  expect(() => readPlan('{')).toThrow(SyntaxError)
})
