import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Simulator } from '../kernel/index.ts'
import { CUTS_MAX } from './link-states.ts'
import { MESSAGES_MAX } from './message-table.ts'
import { Network } from './network.ts'
import type { NetworkInit } from './network.ts'
import { Topology } from './topology.ts'
import { drawTopology } from './topologies.ts'
import type { Traffic } from './traffic.ts'
import { TIMETABLE_MAX } from './venues.ts'

interface Arrival {
  from: number
  to: number
  payload: unknown
  atUs: number
}

function open(init: Omit<NetworkInit, 'topology'> & { topology?: Topology; seed?: number }): {
  sim: Simulator
  network: Network
  arrivals: Arrival[]
  links: string[]
} {
  const sim = new Simulator({ seed: init.seed ?? 1 })
  const topology =
    init.topology ??
    new Topology('line', 3, [
      [0, 1, 1_000],
      [1, 2, 5_000],
    ])
  const network = new Network(sim, { ...init, topology })
  const arrivals: Arrival[] = []
  const links: string[] = []
  network.onDeliver = (to, from, payload) => arrivals.push({ from, to, payload, atUs: sim.nowUs })
  network.onLink = (a, b, isUp) => links.push(`${a}-${b} ${isUp ? 'up' : 'down'} at ${sim.nowUs}`)
  return { sim, network, arrivals, links }
}

function isBalanced(traffic: Traffic): boolean {
  const { sent, duplicated, delivered, lost, closed, reset, inFlight } = traffic
  return sent + duplicated === delivered + lost + closed + reset + inFlight
}

test('a message takes the delay of its link, and bandwidth besides', () => {
  const { sim, network, arrivals } = open({ bandwidth: { linkBytesPerSecond: 1_000_000 } })
  network.send(0, 1, 'a', 500)
  network.send(1, 2, 'b', 1)
  sim.run(1e9)
  expect(arrivals).toEqual([
    { from: 0, to: 1, payload: 'a', atUs: 1_500 },
    { from: 1, to: 2, payload: 'b', atUs: 5_001 },
  ])
  expect(() => network.send(0, 2, 'c', 1)).toThrow('no link from 0 to 2')
  expect(() => network.send(0, 1, 'c', 1.5)).toThrow('a message of 1.5 bytes')
})

test('a message that is spread over links arrives as one that is sent over each', () => {
  const [one, other] = [
    open({ bandwidth: { linkBytesPerSecond: 1_000_000 } }),
    open({ bandwidth: { linkBytesPerSecond: 1_000_000 } }),
  ]
  const { topology } = one.network
  one.network.spread([topology.linkOf(1, 0), topology.linkOf(1, 2)], 'a', 500)
  for (const to of [0, 2]) other.network.send(1, to, 'a', 500)
  for (const { sim } of [one, other]) sim.run(1e9)
  expect(one.arrivals).toHaveLength(2)
  expect(one.arrivals).toEqual(other.arrivals)
  expect(one.network.bytes).toEqual(other.network.bytes)
  expect(() => one.network.spread([topology.links], 'b', 1)).toThrow(`no link ${topology.links}`)
  expect(() => one.network.spread([0], 'b', 1.5)).toThrow('a message of 1.5 bytes')
})

test('each link delivers in the order of sending, whatever jitter, loss, sizes and cuts do', () => {
  let overtakenWithout = 0
  let late = 0
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom('stream' as const, 'datagram' as const), (seed, transport) => {
      const { sim, network, arrivals } = open({
        seed,
        transport,
        latency: { jitter: { kind: 'pareto', least: 500, shape: 1.2 } },
        faults: { loss: { kind: 'independent', probability: 0.1 } },
        bandwidth: { upBytesPerSecond: 200_000 },
      })
      const random = sim.random.stream('test')
      const act = sim.register('act', (_target, number) => {
        const what = random.below(40)
        if (what === 0) network.cut({ pairs: [[0, 1]] }, random.below(300_000))
        else if (what === 1) network.heal()
        else network.send(random.below(2) * 2, 1, number, random.below(2_000))
      })
      for (let i = 0; i < 400; i += 1) sim.at(random.below(2_000_000), act, 0, i)
      const sentAt: number[] = []
      network.observer = { delivered: (_from, _to, sentUs) => sentAt.push(sentUs) }
      sim.run(1e9)
      network.heal()
      sim.run(2e9)
      expect(network.messages.inFlight).toBe(0)
      for (const from of [0, 2]) {
        const times = sentAt.filter((_, i) => arrivals[i]?.from === from)
        expect(times.every((timeUs, i) => timeUs >= (times[i - 1] ?? 0))).toBe(true)
      }
      const all = sentAt.slice()
      if (all.some((timeUs, i) => timeUs < (all[i - 1] ?? 0))) overtakenWithout += 1
      late += arrivals.filter(({ atUs }, i) => atUs - (sentAt[i] ?? 0) > 200_000).length
    }),
    { numRuns: 60 },
  )
  // Across links messages do overtake each other, and streams did send again: the runs were worth looking at.
  expect(overtakenWithout).toBeGreaterThan(30)
  expect(late).toBeGreaterThan(500)
})

test('nothing vanishes: at any instant every message and byte is delivered, dropped or under way', () => {
  const reached = { duplicated: 0, lost: 0, closed: 0, reset: 0 }
  fc.assert(
    fc.property(fc.nat(), fc.boolean(), (seed, isStream) => {
      const topology = drawTopology(
        { kind: 'random-regular', nodes: 10, degree: 4 },
        new Simulator({ seed }).random.stream('topology'),
      )
      const { sim, network, arrivals } = open({
        ...{ seed, topology, transport: isStream ? 'stream' : 'datagram' },
        latency: { perPair: { kind: 'uniform', least: 0, most: 50_000 } },
        bandwidth: { upBytesPerSecond: 50_000, downBytesPerSecond: 80_000 },
        faults: {
          loss: { kind: 'burst', toBad: 0.05, toGood: 0.3, lossGood: 0.01, lossBad: 0.6 },
          ...(isStream ? {} : { duplicate: 0.1 }),
        },
        venues: [
          {
            nodes: [0, 1, 2],
            timetable: [
              { atUs: 500_000, isUp: false },
              { atUs: 900_000, isUp: true },
            ],
          },
        ],
      })
      const random = sim.random.stream('test')
      let sentBytes = 0
      const act = sim.register('act', (node) => {
        const what = random.below(30)
        if (what === 0) network.cut({ groups: [[node], [(node + 1) % 10]] }, random.below(2) * 100_000)
        else if (what < 4) network.heal()
        else if (what === 4) network.setOnline(node, false, random.below(2) * 50_000)
        else if (what < 8) network.setOnline(random.below(10), true)
        else {
          const sizeBytes = random.below(3_000)
          sentBytes += sizeBytes
          network.send(node, random.pick([...topology.peersOf(node)]), node, sizeBytes)
        }
        expect(isBalanced(network.messages) && isBalanced(network.bytes)).toBe(true)
      })
      for (let i = 0; i < 600; i += 1) sim.at(random.below(2_000_000), act, random.below(10))
      sim.run(3e9)
      network.heal()
      for (let node = 0; node < 10; node += 1) network.setOnline(node, true)
      sim.run(9e9)
      const { messages, bytes } = network
      expect([messages.inFlight, bytes.inFlight, bytes.sent]).toEqual([0, 0, sentBytes])
      expect(isBalanced(messages) && isBalanced(bytes)).toBe(true)
      expect(messages.delivered).toBe(arrivals.length)
      for (let link = 0; link < topology.links; link += 1) {
        expect(network.queuedBytes(topology.sources[link] as number, topology.peers[link] as number)).toBe(0)
      }
      for (const key of Object.keys(reached) as (keyof typeof reached)[]) reached[key] += messages[key]
    }),
    { numRuns: 60 },
  )
  expect(Math.min(...Object.values(reached))).toBeGreaterThan(100)
})

test('datagrams are lost, doubled and overtaken about as often as was asked for', () => {
  const { sim, network, arrivals } = open({
    faults: {
      loss: { kind: 'independent', probability: 0.2 },
      duplicate: 0.1,
      reorder: { probability: 0.25, delayUs: { kind: 'uniform', least: 100, most: 1_000 } },
    },
  })
  const count = 20_000
  const send = sim.register('send', (_target, number) => network.send(0, 1, number, 10))
  for (let i = 0; i < count; i += 1) sim.at(i * 50, send, 0, i)
  sim.run(1e9)
  expect(Math.abs(network.messages.lost / count - 0.2)).toBeLessThan(0.015)
  expect(Math.abs(network.messages.duplicated / count - 0.08)).toBeLessThan(0.01)
  const overtaken = arrivals.filter(
    ({ payload }, i) => (payload as number) < (arrivals[i - 1]?.payload as number),
  )
  expect(overtaken.length / count).toBeGreaterThan(0.1)
  network.faults = {}
  const before = network.messages
  for (let i = 0; i < 1_000; i += 1) network.send(0, 1, i, 10)
  sim.run(2e9)
  expect(network.messages.delivered - before.delivered).toBe(1_000)
})

test('a fault that is added, or a cut, leaves the delays of all other messages as they were', () => {
  type Options = Omit<NetworkInit, 'topology'>
  const delays = (options: Options, isCut = false): Map<unknown, number> => {
    const { sim, network, arrivals } = open({
      latency: { jitter: { kind: 'exponential', mean: 3_000 } },
      bandwidth: { upBytesPerSecond: 100_000 },
      ...options,
    })
    // Messages far enough apart never wait for each other, but on a slow uplink two of three do.
    const send = sim.register('send', (_target, number) => network.send(0, 1, number, 100))
    for (let i = 0; i < 900; i += 1) sim.at(i * 100_000 - (i % 3) * 99_900, send, 0, i)
    const cut = sim.register('cut', (_target, isNoticed) => {
      network.cut({ pairs: [[0, 1]] }, isNoticed === 1 ? 0 : Number.POSITIVE_INFINITY)
    })
    const heal = sim.register('heal', () => network.heal())
    for (const [i, atUs] of (isCut ? [10_000_100, 30_000_600, 50_001_100] : []).entries()) {
      sim.at(atUs, cut, 0, i % 2)
      sim.at(atUs + 5_000_000, heal, 0)
    }
    sim.run(1e9)
    const first = new Map<unknown, number>()
    for (const { payload, atUs } of arrivals) if (!first.has(payload)) first.set(payload, atUs)
    return first
  }
  const loss = { kind: 'independent', probability: 0.2 } as const
  const reorder = { probability: 0.2, delayUs: { kind: 'constant', value: 40_000 } } as const
  const plain = delays({})
  const lossy = delays({ faults: { loss } })
  const all = delays({ faults: { loss, duplicate: 0.3, reorder } })
  const cut = delays({ faults: { loss } }, true)
  expect(plain.size).toBe(900)
  for (const [name, other, least] of [
    ['lossy', lossy, 650],
    ['all', all, 450],
    ['cut', cut, 500],
  ] as const) {
    // In line a late message holds up those behind it, so only what arrives at its own time is compared.
    const same = [...other].filter(([number, atUs]) => plain.get(number) === atUs).length
    expect(same / other.size, name).toBeGreaterThan(name === 'all' ? 0.5 : 0.9)
    expect(other.size, name).toBeGreaterThan(least)
  }
  // Whom loss takes does not depend on the other faults either.
  expect([...all.keys()].sort()).toEqual([...lossy.keys()].sort())
  expect([...cut.keys()].every((number) => lossy.has(number))).toBe(true)
})

test('burst loss loses as much as its chain says, and in bursts', () => {
  const { sim, network } = open({
    faults: { loss: { kind: 'burst', toBad: 0.01, toGood: 0.1, lossGood: 0, lossBad: 0.5 } },
  })
  const count = 100_000
  let run = 0
  let runs = 0
  let lost = 0
  network.observer = {
    dropped: () => {
      lost += 1
      if (run === 0) runs += 1
      run = 1
    },
  }
  for (let i = 0; i < count; i += 1) {
    const before = lost
    network.send(0, 1, i, 10)
    if (lost === before) run = 0
    sim.run(sim.nowUs + 2_000)
  }
  // A share of 0.01 / 0.11 of the time in the bad state, half of it lost.
  expect(Math.abs(lost / count - 0.01 / 0.11 / 2)).toBeLessThan(0.004)
  // Independent losses of this share would come in runs of 1.05; here a loss is followed by one with 0.9 * 0.5.
  expect(lost / runs).toBeGreaterThan(1.6)
})

test('shared bandwidth is exact: a busy uplink ends when its bytes are through, to the microsecond', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1_000, max: 2_000_000 }),
      fc.array(fc.nat({ max: 5_000 }), { minLength: 1, maxLength: 300, size: 'max' }),
      (bytesPerSecond, sizes) => {
        const { sim, network, arrivals } = open({
          topology: new Topology('pair', 2, [[0, 1, 0]]),
          bandwidth: { upBytesPerSecond: bytesPerSecond },
        })
        for (const [i, size] of sizes.entries()) network.send(0, 1, i, size)
        sim.run(1e12)
        let total = 0
        for (const [i, size] of sizes.entries()) {
          total += size
          expect(arrivals[i]?.atUs).toBe(Math.ceil((total * 1_000_000) / bytesPerSecond))
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('an uplink shared by flows that come and go carries all it can, and never more', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const star = new Topology(
        'star',
        6,
        [1, 2, 3, 4, 5].map((peer) => [0, peer, 0] as const),
      )
      const { sim, network } = open({ seed, topology: star, bandwidth: { upBytesPerSecond: 999_983 } })
      const random = sim.random.stream('test')
      let endUs = 0
      let total = 0
      network.observer = { delivered: () => (endUs = sim.nowUs) }
      const send = sim.register('send', (peer) => {
        const size = 1 + random.below(20_000)
        total += size
        network.send(0, peer, null, size)
        const rates = [1, 2, 3, 4, 5].map((it) => network.rateBytesPerSecond(0, it))
        expect(rates.reduce((sum, rate) => sum + rate, 0)).toBeLessThanOrEqual(999_983)
      })
      // Enough at the start to keep the uplink busy while more is added.
      for (let i = 0; i < 50; i += 1) sim.at(0, send, 1 + random.below(5))
      for (let i = 0; i < 100; i += 1) sim.at(random.below(200_000), send, 1 + random.below(5))
      sim.run(1e12)
      const idealUs = (total * 1_000_000) / 999_983
      expect(endUs).toBeGreaterThanOrEqual(Math.floor(idealUs))
      // Whole bytes a second lose below 5 of 999,983, and each change of flows a part of a microsecond.
      expect(endUs).toBeLessThan(idealUs * (1 + 5 / 999_983) + 300)
    }),
    { numRuns: 30 },
  )
})

test('two flows share an uplink evenly, and the one that is left gets all of it', () => {
  const star = new Topology('star', 3, [
    [0, 1, 0],
    [0, 2, 0],
  ])
  const { sim, network, arrivals } = open({ topology: star, bandwidth: { upBytesPerSecond: 1_000_000 } })
  network.send(0, 1, 'long', 3_000)
  network.send(0, 2, 'short', 1_000)
  sim.run(1)
  expect(network.rateBytesPerSecond(0, 1)).toBe(500_000)
  sim.run(1e9)
  expect(arrivals.map(({ payload, atUs }) => [payload, atUs])).toEqual([
    ['short', 2_000],
    ['long', 4_000],
  ])
})

test('a line that gets slow slows what is under way, and only where there was a limit', () => {
  const { sim, network, arrivals } = open({
    bandwidth: { upBytesPerSecond: [1_000, 1_000, 1_000] },
    venues: [{ nodes: [1, 2], uplink: { downBytesPerSecond: 2_000 } }],
  })
  network.send(0, 1, 'a', 1_000)
  sim.run(500_000)
  network.setCapacity({ node: 0, way: 'up' }, 100)
  sim.run(1_500_000)
  // 500 bytes in the first half second, 100 in the next second, the other 400 at 200 a second.
  network.setCapacity({ venue: 0, way: 'down' }, 200)
  network.setCapacity({ node: 0, way: 'up' }, 5_000)
  sim.run(1e9)
  expect(arrivals[0]?.atUs).toBe(1_500_000 + 2_000_000 + 1_000)
  expect(() => network.setCapacity({ node: 0, way: 'down' }, 5)).toThrow('has no limit that could change')
  expect(() => network.setCapacity({ venue: 1, way: 'up' }, 5)).toThrow('has no limit that could change')
  expect(() => network.setCapacity({ node: 0, way: 'up' }, 0)).toThrow('0 bytes a second')
  expect(() => open({}).network.setCapacity({ node: 0, way: 'up' }, 5)).toThrow('no limits that could change')
})

test('limits are reached with a clear error', () => {
  const { sim, network } = open({})
  expect(() => {
    for (let i = 0; i <= MESSAGES_MAX; i += 1) network.send(0, 1, null, 1)
  }).toThrow(`more than ${MESSAGES_MAX} messages are under way`)
  expect(network.messages.inFlight).toBe(MESSAGES_MAX)
  expect(isBalanced(network.messages)).toBe(true)
  expect(sim.pending).toBe(MESSAGES_MAX)
  const other = open({})
  for (let i = 0; i < CUTS_MAX; i += 1) other.network.cut({ groups: [[0]] })
  expect(() => other.network.cut({ groups: [[0]] })).toThrow(`more than ${CUTS_MAX} cuts`)
  other.network.heal()
  expect(other.network.isConnected(0, 1)).toBe(true)
  const timetable = Array.from({ length: TIMETABLE_MAX + 1 }, (_, i) => ({ atUs: i, isUp: i % 2 === 0 }))
  expect(() => open({ venues: [{ nodes: [0], timetable }] })).toThrow(`more than ${TIMETABLE_MAX} times`)
})

test('a cut between groups takes links down and heals them; overlapping cuts end one by one', () => {
  const { sim, network, links } = open({})
  const first = network.cut({ groups: [[0], [1, 2]] })
  const second = network.cut({ groups: [[0, 1]] })
  expect(links).toEqual(['0-1 down at 0', '1-2 down at 0'])
  network.send(0, 1, 'x', 1)
  expect(network.messages).toMatchObject({ sent: 1, closed: 1 })
  network.heal(second)
  expect([network.isConnected(0, 1), network.isConnected(1, 2)]).toEqual([false, true])
  network.heal(first)
  expect(links.slice(2)).toEqual(['1-2 up at 0', '0-1 up at 0'])
  sim.run(10)
  expect(() => network.heal(first)).toThrow('there is no cut 0')
  expect(() => network.cut({ groups: [[0], [0]] })).toThrow('node 0 is in two groups')
  expect(() => network.cut({ pairs: [[0, 2]] })).toThrow('no link from 0 to 2')
})

test('a cut of one direction goes unnoticed: datagrams vanish, the other direction works', () => {
  const { sim, network, arrivals, links } = open({})
  network.cut({ pairs: [[0, 1]] })
  network.send(0, 1, 'there', 1)
  network.send(1, 0, 'back', 1)
  sim.run(1e9)
  expect(arrivals.map(({ payload }) => payload)).toEqual(['back'])
  expect([links, network.isConnected(0, 1), network.isOpen(0, 1)]).toEqual([[], true, false])
})

test('what nobody noticed is noticed when a second cut or a node going away is', () => {
  const { sim, network, links } = open({ venues: [{ nodes: [2], timetable: [{ atUs: 50, isUp: false }] }] })
  const pairs = [
    [0, 1],
    [1, 0],
    [1, 2],
    [2, 1],
  ] as const
  network.cut({ pairs })
  network.cut({ groups: [[0]] }, 20)
  sim.run(100)
  expect(links).toEqual(['0-1 down at 20', '1-2 down at 50'])
  const other = open({})
  other.network.cut({ pairs })
  other.network.setOnline(1, false, 30)
  other.sim.run(100)
  expect(other.links).toEqual(['0-1 down at 30', '1-2 down at 30'])
})

test('a stream waits over a short hole and is reset by one that lasts', () => {
  const { sim, network, arrivals, links } = open({ transport: 'stream' })
  const hole = network.cut({ groups: [[0]] }, 2_000_000)
  for (const text of ['a', 'b']) network.send(0, 1, text, 1)
  sim.run(1_000_000)
  network.heal(hole)
  network.send(0, 1, 'c', 1)
  sim.run(1_500_000)
  expect(arrivals.map(({ payload, atUs }) => [payload, atUs])).toEqual([
    ['a', 1_201_000],
    ['b', 1_201_000],
    ['c', 1_201_000],
  ])
  expect(links).toEqual([])
  network.cut({ groups: [[0]] }, 2_000_000)
  network.send(0, 1, 'd', 1)
  sim.run(10_000_000)
  expect(links).toEqual(['0-1 down at 3500000'])
  network.heal()
  network.send(0, 1, 'e', 1)
  sim.run(20_000_000)
  expect(arrivals.at(-1)?.payload).toBe('e')
  expect(network.messages).toMatchObject({ sent: 5, delivered: 4, reset: 1 })
})

test('what is under way when a connection goes down never arrives in the next one', () => {
  const { sim, network, arrivals } = open({ bandwidth: { upBytesPerSecond: 1_000 } })
  for (const text of ['in the air', 'half sent', 'waiting']) network.send(0, 1, text, 1)
  sim.run(1_500)
  network.heal(network.cut({ groups: [[0]] }))
  network.send(0, 1, 'new', 1)
  sim.run(1e9)
  expect(arrivals.map(({ payload }) => payload)).toEqual(['new'])
  expect(network.messages.reset).toBe(3)
})

test('a node that went away and came back unnoticed has lost its connections all the same', () => {
  const { sim, network, links } = open({ transport: 'stream' })
  network.setOnline(1, false, 60_000_000)
  expect([links, network.isOnline(1), network.isConnected(0, 1)]).toEqual([[], false, true])
  sim.run(1_000)
  network.setOnline(1, true)
  expect(links).toEqual(['0-1 down at 1000', '1-2 down at 1000', '0-1 up at 1000', '1-2 up at 1000'])
  expect(() => network.setOnline(3, true)).toThrow('no node 3')
  expect(() => network.setOnline(1, false, 0.5)).toThrow('a delay of 0.5 us')
})

test('a venue works on while its uplink is closed, and shares it when it is open', () => {
  const topology = new Topology('venue', 4, [
    [0, 1, 9_000],
    [0, 2, 9_000],
    [1, 3, 9_000],
  ])
  const { sim, network, arrivals, links } = open({
    topology,
    venues: [
      {
        nodes: [0, 1],
        lan: { latencyUs: 200, bytesPerSecond: 1_000_000 },
        uplink: { latencyUs: 10_000, upBytesPerSecond: 1_000, downBytesPerSecond: 5_000 },
        timetable: [
          { atUs: 1_000_000, isUp: false },
          { atUs: 3_000_000, isUp: true },
        ],
      },
    ],
  })
  network.send(0, 2, 'up', 100)
  network.send(1, 3, 'up too', 100)
  network.send(2, 0, 'down', 100)
  sim.run(999_999)
  // Two share 1,000 bytes a second; 19 ms of delay.
  expect(arrivals.map(({ payload, atUs }) => [payload, atUs])).toEqual([
    ['down', 39_000],
    ['up too', 219_000],
    ['up', 219_000],
  ])
  sim.run(2_000_000)
  network.send(0, 1, 'local', 100)
  network.send(0, 2, 'lost', 100)
  sim.run(4_000_000)
  expect(arrivals.slice(3).map(({ payload, atUs }) => [payload, atUs])).toEqual([['local', 2_000_300]])
  expect(links).toEqual([
    '0-2 down at 1000000',
    '1-3 down at 1000000',
    '0-2 up at 3000000',
    '1-3 up at 3000000',
  ])
})

test('bad networks are refused in words', () => {
  const refused: [Omit<NetworkInit, 'topology'>, string][] = [
    [
      { faults: { loss: { kind: 'independent', probability: 1.5 } } },
      'a probability is a number from 0 to 1',
    ],
    [{ transport: 'stream', faults: { duplicate: 0.1 } }, 'a stream neither doubles nor reorders'],
    [
      { latency: { jitter: { kind: 'exponential', mean: -1 } } },
      'jitter: exponential: mean is above 0, not -1',
    ],
    [{ bandwidth: { upBytesPerSecond: 0 } }, 'upBytesPerSecond: 0 bytes a second'],
    [{ bandwidth: { downBytesPerSecond: [1, 2] } }, 'downBytesPerSecond: 2 values for 3 nodes'],
    [{ venues: [{ nodes: [7] }] }, 'venue 0: there is no node 7'],
    [{ venues: [{ nodes: [1], noticeAfterUs: 0.5 }] }, 'a delay is whole microseconds'],
    [{ venues: [{ nodes: [1] }, { nodes: [1] }] }, 'venue 1: node 1 is in venue 0 already'],
    [
      {
        venues: [
          {
            nodes: [1],
            timetable: [
              { atUs: 5, isUp: false },
              { atUs: 5, isUp: true },
            ],
          },
        ],
      },
      'times ascend; 5 us follows 5 us',
    ],
  ]
  for (const [init, problem] of refused) expect(() => open(init)).toThrow(problem)
})
