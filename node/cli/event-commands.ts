import { isWithin } from '#protocol/event'
import { csvLine } from '#apps/shown-text'
import type { DoubleView, EventView, HandedView, LogPage } from '#node/host'
import { CoopError } from '#node/errors'
import { NodeClient } from './client.ts'
import type { Globals } from './main.ts'
import { paint, printResult, safe, table } from './output.ts'
import { needPlace, writeText } from './ticket-csv.ts'
import { EVENTS, eventPath, guaranteeText, timeText } from './ticket-words.ts'

/** Options of `coop event create`. */
export interface EventOptions {
  starts: number
  ends?: number
  place?: string
  utcOffset?: number
  dayStart?: number
  id?: string
}

/** Options of `coop event class`. */
export interface ClassOptions {
  change?: string
  seats?: number
  policy?: string
  exposure?: number
  price?: string[]
  from?: number
  until?: number
  zones?: string[]
  reentry?: boolean
  knownOnly?: boolean
  rule?: string
  id?: string
}

/** Options of `coop event log`. */
export interface LogOptions {
  gate?: string
  verdict?: string
  before?: number
  limit: number
  csv?: string
}

/** `coop event create NAME`. */
export async function createEventCommand(
  globals: Globals,
  name: string,
  options: EventOptions,
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const { starts: startsMs, ends = startsMs + 8 * 3_600_000, place, utcOffset, dayStart, id } = options
  const made = (await client.call('POST', EVENTS, {
    ...{ name, place, startsMs, endsMs: ends, utcOffsetMin: utcOffset, dayStartMin: dayStart, id },
  })) as { event: string; commit: string | null }
  const next = `next: coop event class ${made.event.slice(0, 8)} NAME --seats 200 --price EUR:12.00`
  printResult(globals, made, `${safe(name)} is ${made.event}\n${paint('2', next)}`)
}

/** `coop event list`. */
export async function eventsCommand(globals: Globals): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', EVENTS)) as { events: EventView[] }
  const rows = view.events.map((it) => [
    ...[it.event.slice(0, 8), it.name, timeText(it.startsMs), it.place],
    ...[String(it.stats.sold), String(it.stats.admitted)],
  ])
  const text =
    rows.length === 0
      ? 'there are no events yet\nto begin: coop event create NAME --starts 2027-01-31T19:00Z'
      : table(['EVENT', 'NAME', 'BEGINS (UTC)', 'PLACE', 'SOLD', 'ADMITTED'], rows)
  printResult(globals, view, text)
}

/** `coop event show EVENT`. */
export async function showEventCommand(
  globals: Globals,
  event: string,
  gate: string | undefined,
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const query = gate === undefined ? '' : `?gate=${encodeURIComponent(gate)}`
  const view = (await client.call('GET', `${eventPath(event)}${query}`)) as EventView
  printResult(globals, view, eventText(view))
}

/** `coop event class EVENT NAME`. */
export async function classCommand(
  globals: Globals,
  { event, name }: { event: string; name: string },
  options: ClassOptions,
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const { change, seats, policy, exposure, price, from, until, zones, reentry, knownOnly, rule, id } = options
  const made = (await client.call('POST', `${eventPath(event)}/classes`, {
    ...{ class: change, name, seats, policy, exposureMax: exposure, prices: price?.map(priceOf) },
    ...{ validFromMs: from, validUntilMs: until, zones, reentry, knownOnly, id },
    rule: rule === undefined ? undefined : jsonOf(rule),
  })) as { class: string }
  printResult(globals, made, `${safe(name)} is ${made.class}`)
}

/** `coop event zone EVENT NAME PEOPLE`. */
export async function zoneCommand(
  globals: Globals,
  event: string,
  zone: { name: string; capacity: number; id?: string },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const made = (await client.call('POST', `${eventPath(event)}/zones`, zone)) as { unit: string }
  printResult(globals, made, `${safe(zone.name)} holds ${zone.capacity} people (${made.unit})`)
}

/** `coop event bucket EVENT GROUP`. */
export async function bucketCommand(
  globals: Globals,
  event: string,
  request: { group: string; count: number; id?: string },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const made = (await client.call('POST', `${eventPath(event)}/buckets`, request)) as { buckets: string[] }
  printResult(
    globals,
    made,
    `${made.buckets.length} of ${safe(request.group)}, held here\n${paint('2', `hand over: coop event hand ${quoted(event)} ${quoted(request.group)} DEVICE`)}`,
  )
}

/** `coop event hand EVENT GROUP DEVICE`, `coop event handover EVENT DEVICE`. */
export async function handCommand(
  globals: Globals,
  event: string,
  request: { group?: string; device: string },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const made = (await client.call('POST', `${eventPath(event)}/hand`, request)) as HandedView
  const said = made.isRepeat
    ? 'all were handed over before'
    : `${made.buckets.length} handed over, with all who were let in from them`
  const there = made.isThere
    ? `${safe(request.device)} has them`
    : `they are on their way: ${safe(request.device)} has not heard of it yet, so leave this device on and in its reach`
  const left = made.elsewhere.map(
    ({ group, holder, state }) =>
      `not here: ${safe(group)}, ${holder === null ? 'with nobody' : `with ${safe(holder.deviceName)}`} (${state})`,
  )
  printResult(globals, made, [`${said}; ${there}`, ...left].join('\n'))
}

/** `coop event take EVENT GROUP`. */
export async function takeBucketsCommand(globals: Globals, event: string, group: string): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const taken = (await client.call('POST', `${eventPath(event)}/take`, { group })) as {
    taken: string[]
    missing: string[]
  }
  const missing =
    taken.missing.length === 0
      ? 'all of the group are here now'
      : `${taken.missing.length} are with devices that are out of reach`
  printResult(globals, taken, `${taken.taken.length} came; ${missing}`)
}

/** `coop event lost EVENT BUCKET`. */
export async function lostCommand(
  globals: Globals,
  event: string,
  request: { bucket: string; lost: boolean },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const made = await client.call('POST', `${eventPath(event)}/lost`, request)
  printResult(
    globals,
    made,
    request.lost
      ? 'its tickets are admitted openly from now on: one could be let in twice, which is found when the gate is back'
      : 'it counts as there again',
  )
}

/** `coop event log EVENT`. */
export async function eventLogCommand(globals: Globals, event: string, options: LogOptions): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const { csv, ...query } = options
  needPlace(globals, csv)
  if (csv !== undefined) return logCsv(globals, client, event, { ...query, csv })
  const page = (await client.call('GET', `${eventPath(event)}/log${queryOf(query)}`)) as LogPage
  const rows = page.rows.map((it) => [
    ...[timeText(it.atMs), it.gate, it.zone ?? '', it.verdict, it.mode ?? '', it.device.deviceName],
    ...[it.undone === null ? (it.double ? 'DOUBLE' : '') : `taken back: ${it.undone.reason}`, it.reason],
    it.admission?.replace(/^(.{12}).*\//, '$1/') ?? '',
  ])
  const head = ['TIME (UTC)', 'GATE', 'ZONE', 'VERDICT', 'BY', 'DEVICE', '', 'REASON', 'PASS']
  const next = page.next === null ? '' : `\n${paint('2', `more: --before ${page.next}`)}`
  printResult(globals, page, rows.length === 0 ? 'nobody was here yet' : table(head, rows) + next)
}

async function logCsv(
  globals: Globals,
  client: NodeClient,
  event: string,
  { csv, ...query }: LogOptions & { csv: string },
): Promise<void> {
  const lines = [CSV_HEAD]
  let before: number | undefined
  do {
    const page = (await client.call(
      'GET',
      `${eventPath(event)}/log${queryOf({ ...query, limit: 1_000, before })}`,
    )) as LogPage
    for (const it of page.rows)
      lines.push(
        csvLine([
          ...[isoText(it.atMs), it.gate, it.zone ?? '', it.direction ?? '', it.verdict],
          ...[it.mode ?? '', it.device.name, it.device.deviceName, it.admission ?? ''],
          ...[it.undone === null ? '' : it.undone.reason, it.double ? 'double' : '', it.reason],
        ]),
      )
    before = page.next ?? undefined
  } while (before !== undefined)
  await writeText(globals, csv, `${lines.join('\r\n')}\r\n`, { rows: lines.length - 1 })
}

/** `coop event doubles EVENT`. */
export async function doublesCommand(
  globals: Globals,
  event: string,
  output: string | undefined,
): Promise<void> {
  needPlace(globals, output)
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', `${eventPath(event)}/doubles`)) as { doubles: DoubleView[] }
  if (output !== undefined) {
    await writeText(globals, output, `${JSON.stringify(view, null, 2)}\n`, { doubles: view.doubles.length })
    const check = `check it anywhere: node examples/verify-doubles.ts ${safe(output)}`
    if (output !== '-' && !globals.json) process.stdout.write(`${paint('2', check)}\n`)
    return
  }
  const rows = view.doubles.flatMap(({ seat, admissions }) =>
    admissions.map((it) => [
      ...[seat.slice(0, 8), timeText(it.atMs), it.gate, it.device.deviceName, it.mode],
      `${it.commit.slice(0, 12)}/${it.index}`,
    ]),
  )
  const text =
    rows.length === 0
      ? 'nobody was let in twice, as far as is known here'
      : table(['SEAT', 'TIME (UTC)', 'GATE', 'DEVICE', 'BY', 'PASS'], rows)
  printResult(globals, view, text)
}

/** `coop event undo EVENT ADMISSION REASON`. */
export async function undoCommand(
  globals: Globals,
  event: string,
  request: { admission: string; reason: string },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const done = await client.call('POST', `${eventPath(event)}/undo`, request)
  printResult(globals, done, 'it does not count; the ticket opens again')
}

function eventText(view: EventView): string {
  const { stats } = view
  const head = `${paint('1', safe(view.name))}  ${view.event.slice(0, 8)}  ${timeText(view.startsMs)} to ${timeText(view.endsMs)} UTC${view.place === '' ? '' : `, ${safe(view.place)}`}`
  const classes = table(
    ['CLASS', 'POLICY', 'PRICE NOW', 'SOLD', 'IN', 'CAN SELL HERE', 'ELSEWHERE'],
    view.classes.map((it) => [
      ...[it.name, it.policy, priceNow(it.prices), String(it.sold), String(it.admitted)],
      ...[String(it.seats.here), String(it.seats.elsewhere)],
    ]),
  )
  const gates = table(
    ['GATE GROUP', 'BUCKET', 'WITH', 'STATE', 'SOLD', 'IN'],
    view.groups.flatMap(({ group, buckets }) =>
      buckets.map((it) => [
        ...[group, it.bucket.slice(0, 18), it.holder?.deviceName ?? '', stateText(it)],
        ...[String(it.sold), String(it.admitted)],
      ]),
    ),
  )
  const zones =
    view.zones.length === 0
      ? []
      : [
          table(
            ['ZONE', 'INSIDE', 'HOLDS', 'ROOM HERE'],
            view.zones.map((it) => [it.zone, ...[it.inside, it.capacity, it.here].map(String)]),
          ),
        ]
  const figures = `sold ${stats.sold}, in ${stats.admitted}, inside ${stats.inside}, doubles ${stats.doubles}, overrides ${stats.overrides}, not let in ${stats.refused}`
  return [head, guaranteeText(view.guarantee), classes, gates, ...zones, figures].join('\n\n')
}

/** A bucket that is here and said to be lost is let in openly by all others. */
function stateText({ state, isLost }: EventView['groups'][number]['buckets'][number]): string {
  if (!isLost) return state
  return state === 'here' ? 'here, lost: open elsewhere' : 'lost: open'
}

function priceNow(prices: EventView['classes'][number]['prices']): string {
  const nowMs = Date.now()
  const price = prices.find((it) => isWithin(nowMs, it.fromMs, it.untilMs))
  return price === undefined ? '-' : `${price.amount} ${price.currency}`
}

/** `EUR:12.00@FROM/UNTIL`. */
function priceOf(text: string): {
  currency: string
  amount: string
  fromMs: number | null
  untilMs: number | null
} {
  const [price = '', window = ''] = text.split('@')
  const [currency = '', amount = ''] = price.split(':')
  const [from = '', until = ''] = window.split('/')
  const time = (it: string): number | null => (it === '' ? null : Date.parse(it))
  const [fromMs, untilMs] = [time(from), time(until)]
  if (currency !== '' && amount !== '' && !Number.isNaN(fromMs) && !Number.isNaN(untilMs))
    return { currency, amount, fromMs, untilMs }
  throw new CoopError(
    'usage',
    `'${safe(text.slice(0, 80))}' is no price`,
    'Write CURRENCY:AMOUNT, and a window behind an @, such as EUR:9.00@/2027-01-01T00:00Z.',
  )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CoopError('usage', 'the rule is no JSON', 'Write it such as ["entries-today",1].', cause)
  }
}

/** As a spreadsheet reads a time. */
function isoText(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}

const CSV_HEAD = 'time,gate,zone,direction,verdict,mode,member,device,pass,taken back,double,reason'

function queryOf(query: Readonly<Record<string, string | number | undefined>>): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) params.set(key, String(value))
  return params.size === 0 ? '' : `?${params.toString()}`
}

/** A word of a command that a person may copy. */
function quoted(word: string): string {
  return /^[\w.-]+$/.test(word) ? word : `"${safe(word).replaceAll('"', '')}"`
}
