import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DoubleView, EventView, IssuedView, ScanView, TicketView } from '#node/host'
import { until } from './demo-node.ts'
import type { DemoNode } from './demo-node.ts'
import { bold } from './teller.ts'
import type { Teller } from './teller.ts'

const EVENT = 'Night of Prints'
/** Seats of the hall; each gate takes a share of them before the uplink goes. */
const SEATS = 24
const SHARE = 9

/** A gate: the node behind it, and the gate group that is printed on its tickets. */
interface Gate {
  node: DemoNode
  group: string
  tickets: TicketView[]
}

/** Two gates are cut off from each other, sell to the last seat and admit; then they meet again. */
export async function twoGates(teller: Teller, all: readonly DemoNode[]): Promise<void> {
  const [nas, venue] = all
  if (nas === undefined || venue === undefined) throw new Error('two nodes are missing')
  const gates: [Gate, Gate] = [
    { node: venue, group: 'North', tickets: [] },
    { node: nas, group: 'South', tickets: [] },
  ]
  const event = await prepare(teller, gates)
  const shared = await sellInAdvance(teller, gates)
  await cutOffAndSell(teller, gates)
  await admit(teller, gates, { event, shared })
  await meetAgain(teller, all, event)
}

async function prepare(teller: Teller, [north, south]: [Gate, Gate]): Promise<string> {
  teller.chapter('An evening with tickets is prepared')
  const nas = south.node
  const starts = new Date(Date.now() - 3_600_000).toISOString()
  const { event } = await nas.coop<{ event: string }>('event', 'create', EVENT, '--starts', starts)
  const seats = ['--seats', String(SEATS), '--price', 'EUR:12.00']
  const hall = await nas.coop<{ class: string }>('event', 'class', EVENT, 'Standing', ...seats)
  await nas.coop('event', 'class', EVENT, 'Crew', '--seats', '5', '--policy', 'open', '--price', 'EUR:0')
  for (const { group } of [north, south]) await nas.coop('event', 'bucket', EVENT, group)
  teller.say(`Ada makes “${EVENT}”: ${SEATS} seats, a gate North at the venue, a gate South at the NAS.`)
  await nas.coop('ledger', 'transfer', hall.class, String(SHARE), north.node.name)
  await until(15_000, async () => (await eventOf(north.node, event))?.classes.length === 2)
  return event
}

/** Returns the ticket that any gate admits. */
async function sellInAdvance(teller: Teller, [north, south]: [Gate, Gate]): Promise<TicketView> {
  const nas = south.node
  for (const gate of [north, south]) gate.tickets.push(...(await issued(nas, 'Standing', 3, gate.group)))
  const [shared] = await issued(nas, 'Crew', 1, north.group)
  if (shared === undefined) throw new Error('no ticket was issued')
  teller.say('She sells six in advance, three for each gate, and gives one crew pass that any gate admits.')
  await nas.coop('event', 'hand', EVENT, north.group, north.node.name)
  const isReady = await until(15_000, async () => {
    const view = await north.node.coop<EventView>('event', 'show', EVENT)
    const here = view.classes.find((it) => it.name === 'Standing')?.seats.here
    const bucket = view.groups.find((it) => it.group === north.group)?.buckets[0]
    return here === SHARE && bucket?.state === 'here' && bucket.sold === 4
  })
  teller.check(isReady, `the venue holds the right to admit North, and ${SHARE} seats to sell`)
  return shared
}

async function cutOffAndSell(teller: Teller, gates: readonly Gate[]): Promise<void> {
  teller.chapter('Both gates are cut off, and sell to the last seat')
  await Promise.all(gates.map(async ({ node }) => node.coop('mesh', 'pause')))
  teller.say('Neither gate reaches anybody.')
  for (const gate of gates) {
    gate.tickets.push(...(await issued(gate.node, 'Standing', SHARE, gate.group)))
    const more = await gate.node.failure('ticket', 'issue', EVENT, 'Standing')
    teller.check(more === 'sold-out', `${gate.group} sold its ${SHARE}, and refuses a tenth: sold out`)
  }
  const sold = gates.reduce((sum, it) => sum + it.tickets.length, 0)
  teller.check(sold === SEATS, `${sold} tickets of ${SEATS} seats, sold by two gates that could not talk`)
}

async function admit(
  teller: Teller,
  gates: readonly [Gate, Gate],
  { event, shared }: { event: string; shared: TicketView },
): Promise<void> {
  teller.chapter('Everybody comes in, and every ticket is tried twice more')
  const [north, south] = gates
  const tries = await Promise.all(
    gates.map(async (gate) => {
      const other = gate === north ? south : north
      return {
        first: await scanAll(gate, event, gate.tickets),
        again: await scanAll(gate, event, gate.tickets),
        elsewhere: await scanAll(other, event, gate.tickets),
        own: gate.group,
      }
    }),
  )
  const isEvery = (list: readonly ScanView[], verdict: string): boolean =>
    list.length > 0 && list.every((it) => it.verdict === verdict)
  const count = tries.reduce((sum, it) => sum + it.first.filter((scan) => scan.ok).length, 0)
  teller.check(
    tries.every((it) => isEvery(it.first, 'admitted')),
    `${count} of ${SEATS} were let in, each by the gate that is printed on the ticket`,
  )
  teller.check(
    tries.every((it) => isEvery(it.again, 'already-admitted')),
    'shown again at the same gate: not let in, and told when it came',
  )
  teller.check(
    tries.every(
      ({ elsewhere, own }) =>
        isEvery(elsewhere, 'wrong-group') && elsewhere.every((it) => it.params['group'] === own),
    ),
    'a copy at the other gate: not let in, and told which gate is its own',
  )
  const both = [...(await scanAll(north, event, [shared])), ...(await scanAll(south, event, [shared]))]
  teller.check(
    isEvery(both, 'admitted-open'),
    'the crew pass and its copy came in at both: of an open class no gate can know',
  )
  const { own, others } = (await eventOf(north.node, event))?.guarantee ?? { own: null, others: null }
  teller.say(
    `North’s screen says: cut off, admits ${own?.canAdmit} of ${own?.sold} tickets of its own group, ${others?.canAdmit} of ${others?.sold} of others.`,
  )
}

async function meetAgain(teller: Teller, all: readonly DemoNode[], event: string): Promise<void> {
  teller.chapter('The gates meet again')
  const [nas, venue, archive] = all
  await Promise.all([nas, venue].map(async (it) => it?.coop('mesh', 'resume')))
  let views: (EventView | null)[] = []
  await until(30_000, async () => {
    views = await Promise.all(all.map(async (it) => eventOf(it, event)))
    const [first] = views
    return (
      first !== null &&
      first?.stats.admitted === SEATS + 1 &&
      first.stats.refused >= 2 * SEATS &&
      views.every((it) => it?.stateHash === first.stateHash)
    )
  })
  const stats = views.map((it) => it?.stats)
  teller.row(['', ...all.map((it) => it.name)], bold)
  for (const [label, key] of FIGURES)
    teller.row([label, ...stats.map((it) => (it === undefined ? '-' : String(it[key])))])
  teller.row(['event, state hash', ...views.map((it) => it?.stateHash.slice(0, 12) ?? '-')])
  process.stdout.write('\n')
  const hashes = new Set(views.map((it) => it?.stateHash ?? ''))
  const figures = new Set(stats.map((it) => JSON.stringify(it)))
  teller.check(hashes.size === 1 && figures.size === 1, 'one state and one set of figures on all three')
  const first = views[0]?.stats
  const hall = views[0]?.classes.find((it) => it.name === 'Standing')
  teller.check(
    hall?.sold === SEATS && hall.admitted === SEATS && hall.seats.here + hall.seats.elsewhere === 0,
    `the hall is sold out to the last seat: ${hall?.sold} of ${hall?.seats.capacity}, nobody twice`,
  )
  teller.check(first?.doubles === 1, 'one double, that of the crew pass, and it is counted once')
  if (archive !== undefined) await lookAtEvidence(teller, archive)
}

/** The archive was at neither gate: it judges by what both signed. */
async function lookAtEvidence(teller: Teller, archive: DemoNode): Promise<void> {
  const file = join(archive.data, '..', 'doubles.json')
  await archive.coop('event', 'doubles', EVENT, '-o', file)
  const { doubles } = JSON.parse(await readFile(file, 'utf8')) as { doubles: DoubleView[] }
  const sides = doubles[0]?.admissions ?? []
  const checks = await Promise.all(
    sides.map(async ({ commit, header }) => {
      const isWhole = createHash('sha256').update(Buffer.from(header, 'hex')).digest('hex') === commit
      return isWhole && (await archive.coop<{ isValid: boolean }>('commit', 'verify', commit)).isValid
    }),
  )
  const names = sides.map((it) => `${it.gate} (${it.device.name}’s ${it.device.deviceName})`).join(' and ')
  teller.check(
    doubles.length === 1 && checks.length === 2 && checks.every(Boolean),
    `the archive exports the evidence, signed by both: ${names}`,
  )
}

const FIGURES = [
  ['tickets sold', 'sold'],
  ['seats let in', 'admitted'],
  ['let in twice', 'doubles'],
  ['not let in', 'refused'],
] as const

async function issued(node: DemoNode, label: string, count: number, group: string): Promise<TicketView[]> {
  const args = ['ticket', 'issue', EVENT, label, String(count), '--group', group]
  return (await node.coop<IssuedView>(...args)).tickets
}

/** What the gate's phone does: one call for each ticket. */
async function scanAll(gate: Gate, event: string, tickets: readonly TicketView[]): Promise<ScanView[]> {
  const scans: ScanView[] = []
  for (const { text } of tickets)
    scans.push(
      await gate.node.call<ScanView>('POST', `/v1/ticketing/events/${event}/scans`, {
        ...{ text, gate: gate.group, direction: 'in', id: randomBytes(16).toString('hex') },
      }),
    )
  return scans
}

/** The event as a node knows it; null while it does not. */
async function eventOf(node: DemoNode, event: string): Promise<EventView | null> {
  return node.call<EventView>('GET', `/v1/ticketing/events/${event}`).catch(() => null)
}
