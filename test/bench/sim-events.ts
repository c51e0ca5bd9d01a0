import { nodeCrypto } from '#node/crypto'
import { Audit, EventQueue, RandomStreams, Simulator } from '#simulations/kernel'
import { Network, drawTopology } from '#simulations/network'
import { percentile, printFigure } from './figure.ts'

/** Events that wait at any time: 1,000 nodes with ten timers and messages each. */
const PENDING = 10_000
const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 4_000_000)
const ROUNDS = 5
/** Waits are drawn before the clock starts, so that the loop is measured and not the generator. */
const WAITS = 65_536

/** The bare event loop with and without its audit, beside its parts: memory alone, the queue alone; and a network. */
export function benchSimEvents(): Promise<void> {
  const waits = drawWaits()
  const rounds = Array.from({ length: ROUNDS }, () => ({
    memory: perSecond(() => walkMemory(waits)),
    queue: perSecond(() => queueAlone(waits)),
    bare: perSecond(() => simulate(waits, false)),
    audited: perSecond(() => simulate(waits, true)),
    network: perSecond(() => messages(false)),
    shared: perSecond(() => messages(true)),
  }))
  const print = (name: string, key: keyof (typeof rounds)[0], note: string): void => {
    const values = rounds.map((round) => round[key])
    const range = `${million(Math.min(...values))} to ${million(Math.max(...values))}`
    printFigure(name, `${million(percentile(values, 50))} M/s`, `${range}; ${note}`)
  }
  print('memory alone', 'memory', 'a loop that reads and writes 36 bytes an event')
  print('event queue alone', 'queue', `${PENDING} pending, pop and push`)
  print('sim events, no audit', 'bare', 'handler and virtual time; limit 2 M/s')
  print('sim events, audit digest', 'audited', 'the same with SHA-256 over every event; limit 2 M/s')
  print('messages, latency and loss', 'network', '1,000 nodes of degree 8, one message a link under way')
  print('messages, shared bandwidth', 'shared', 'the same with 1 MB/s up and down for each node')
  return Promise.resolve()
}

function drawWaits(): Float64Array {
  const random = new RandomStreams(1).stream('waits')
  return Float64Array.from({ length: WAITS }, () => 1 + random.below(1_000_000))
}

/** Runs of `work` in units a second of processor time. */
function perSecond(work: () => number): number {
  const start = process.cpuUsage()
  const units = work()
  const { user, system } = process.cpuUsage(start)
  return (units / (user + system)) * 1_000_000
}

function million(value: number): string {
  return (value / 1_000_000).toFixed(2)
}

/** What no event loop can beat: the same columns in memory, written and read at random places. */
function walkMemory(waits: Float64Array): number {
  const times = new Float64Array(PENDING)
  const datas = new Float64Array(PENDING)
  const numbers = new Float64Array(PENDING)
  const kinds = new Uint32Array(PENDING)
  const targets = new Uint32Array(PENDING)
  const slots = new Uint32Array(PENDING)
  let at = 0
  for (let i = 0; i < EVENTS; i += 1) {
    const wait = waits[i % WAITS] as number
    times[at] = (times[at] as number) + wait
    numbers[at] = i
    datas[at] = (datas[at] as number) + 1
    kinds[at] = (kinds[at] as number) ^ 1
    targets[at] = (targets[at] as number) + 1
    slots[at] = (slots[at] as number) ^ at
    at = (at + wait) % PENDING
  }
  return times[0] === -1 ? 0 : EVENTS
}

function queueAlone(waits: Float64Array): number {
  const queue = new EventQueue()
  for (let i = 0; i < PENDING; i += 1) queue.push(waits[i] as number, 0, i, 0)
  for (let i = 0; i < EVENTS; i += 1) {
    queue.pop()
    queue.push(queue.timeUs + (waits[i % WAITS] as number), 0, queue.target, queue.data)
  }
  return EVENTS
}

function simulate(waits: Float64Array, isAudited: boolean): number {
  const audit = isAudited ? { audit: new Audit({ sha256: nodeCrypto().sha256 }) } : {}
  const sim = new Simulator({ seed: 1, eventsMax: EVENTS, ...audit })
  const hop = sim.register('hop', (target, data) => {
    sim.after(waits[sim.events % WAITS] as number, hop, target, data)
  })
  for (let i = 0; i < PENDING; i += 1) sim.at(waits[i] as number, hop, i)
  return sim.run(Number.POSITIVE_INFINITY).events
}

/** Messages that nodes pass on to a random peer as soon as they arrive. Counts messages, not events. */
function messages(isShared: boolean): number {
  const sim = new Simulator({ seed: 1, eventsMax: EVENTS / 8 })
  const topology = drawTopology(
    { kind: 'random-regular', nodes: 1_000, degree: 8 },
    sim.random.stream('topology'),
  )
  const network = new Network(sim, {
    topology,
    latency: { jitter: { kind: 'log-normal', median: 20_000, sigma: 0.5 } },
    faults: { loss: { kind: 'independent', probability: 0.001 } },
    bandwidth: isShared ? { upBytesPerSecond: 1_000_000, downBytesPerSecond: 1_000_000 } : {},
  })
  const sent: unknown = null
  network.onDeliver = (to) => {
    const peers = topology.peersOf(to)
    network.send(to, peers[sim.random.stream('peer', to).below(peers.length)] as number, sent, 1_000)
  }
  for (let link = 0; link < topology.links; link += 1) {
    network.send(topology.sources[link] as number, topology.peers[link] as number, sent, 1_000)
  }
  sim.run(Number.POSITIVE_INFINITY)
  return network.messages.delivered
}
