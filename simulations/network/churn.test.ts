import { expect, test } from 'vitest'
import { Simulator } from '../kernel/index.ts'
import type { Distribution } from '../kernel/index.ts'
import { parseChurnTrace, playChurnTrace } from './churn-trace.ts'
import { startChurn } from './churn.ts'
import { Network } from './network.ts'
import { drawTopology } from './topologies.ts'

const SECOND = 1_000_000

function ring(sim: Simulator, nodes: number): Network {
  const spec = { kind: 'small-world', nodes, degree: 2, rewire: 0 } as const
  return new Network(sim, { topology: drawTopology(spec, sim.random.stream('topology')) })
}

// A third of the time online in the long run: mean session / (mean session + mean absence).
const MODELS: [string, Distribution, Distribution][] = [
  ['exponential', { kind: 'exponential', mean: 10 * SECOND }, { kind: 'exponential', mean: 20 * SECOND }],
  // Gamma(1 + 1 / 0.5) = 2: the mean is twice the scale.
  [
    'weibull',
    { kind: 'weibull', scale: 5 * SECOND, shape: 0.5 },
    { kind: 'weibull', scale: 10 * SECOND, shape: 0.5 },
  ],
  // The mean is least * shape / (shape - 1).
  [
    'pareto',
    { kind: 'pareto', least: 5 * SECOND, shape: 2 },
    { kind: 'pareto', least: 10 * SECOND, shape: 2 },
  ],
]

test.each(MODELS)(
  '%s churn keeps a third of the nodes online, in sessions of its law',
  (_name, onlineUs, offlineUs) => {
    const sim = new Simulator({ seed: 2 })
    const nodes = 300
    const network = ring(sim, nodes)
    startChurn(sim, network, { onlineUs, offlineUs, nodes: Array.from({ length: nodes }, (_, node) => node) })
    let online = 0
    let looks = 0
    for (let i = 100; i < 1_000; i += 1) {
      sim.run(i * 5 * SECOND)
      for (let node = 0; node < nodes; node += 1) if (network.isOnline(node)) online += 1
      looks += nodes
    }
    expect(Math.abs(online / looks - 1 / 3)).toBeLessThan(0.02)
  },
)

test('churn stops when asked, and one node gone takes its links along', () => {
  const sim = new Simulator({ seed: 3 })
  const network = ring(sim, 4)
  const ups: string[] = []
  network.onLink = (a, b, isUp) => ups.push(`${a}-${b} ${isUp}`)
  const always: Distribution = { kind: 'constant', value: SECOND }
  const churn = startChurn(sim, network, { name: 'one', onlineUs: always, offlineUs: always, nodes: [0] })
  sim.run(SECOND)
  expect(ups).toEqual(['0-1 false', '0-3 false'])
  churn.stop()
  sim.run(100 * SECOND)
  expect([ups.length, network.isOnline(0), sim.pending]).toEqual([2, false, 0])
  const bad = { onlineUs: always, offlineUs: { kind: 'exponential', mean: 0 } as const, nodes: [] }
  expect(() => startChurn(sim, network, bad)).toThrow('churn: exponential: mean is above 0')
})

test('a trace is played at its times', () => {
  const parsed = parseChurnTrace(
    'node,timeUs,up|down\n# a stall\n1,500,down\n\n0,200,down\r\n1, 900 ,up\n',
    3,
  )
  if (!parsed.ok) throw new Error('refused')
  const sim = new Simulator({ seed: 1 })
  const network = ring(sim, 3)
  playChurnTrace(sim, network, parsed.steps)
  const online = (): boolean[] => [0, 1, 2].map((node) => network.isOnline(node))
  sim.run(499)
  expect(online()).toEqual([false, true, true])
  sim.run(500)
  expect(online()).toEqual([false, false, true])
  sim.run(1_000)
  expect(online()).toEqual([false, true, true])
})

test('every bad line of a trace is named', () => {
  const csv = [
    '0,10,up',
    '5,10,down',
    '1,1.5,down',
    '1,20,off',
    '1,20',
    '1,30,down',
    '1,25,up',
    '1,40,down',
  ].join('\n')
  expect(parseChurnTrace(csv, 5)).toEqual({
    ok: false,
    errors: [
      { line: 2, problem: "no node '5'; nodes are 0 to 4" },
      { line: 3, problem: "'1.5' is no time in whole microseconds" },
      { line: 4, problem: "'off' is neither 'up' nor 'down'" },
      { line: 5, problem: 'three fields are wanted (node,timeUs,up|down), there are 2' },
      { line: 7, problem: 'node 1 goes back in time: 25 us follows 30 us' },
      { line: 8, problem: 'node 1 is down already' },
    ],
  })
  const long = '\n'.repeat(1_000_001)
  expect(parseChurnTrace(long, 5)).toMatchObject({
    ok: false,
    errors: [{ problem: 'more than 1000000 lines' }],
  })
})
