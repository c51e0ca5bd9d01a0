import { createHash, randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import { isWithin } from '#protocol/event'
import type { CancelView, DoubleView, EventView, IssuedView, LogPage, ScanView, TicketView } from '#node/host'
import { CoopError, EXIT_CODES, systemCode } from '#node/errors'
import { NodeClient } from './client.ts'
import type { Globals } from './main.ts'
import { ProgressLine, paint, printResult, safe, table } from './output.ts'

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

/** Options of `coop ticket issue`. */
export interface IssueOptions {
  group?: string
  holder?: string
  details?: string
  guests?: string
  complimentary?: boolean
  id?: string
  output?: string
}

/** Options of `coop ticket verify` and `coop ticket redeem`. */
export interface ScanOptions {
  gate: string
  zone?: string
  out?: boolean
  override?: string
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

const EVENTS = '/v1/ticketing/events'
/** Tickets that one call issues. */
const ISSUED_AT_ONCE = 1_000

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
      : table(['EVENT', 'NAME', 'BEGINS', 'PLACE', 'SOLD', 'ADMITTED'], rows)
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
  const view = (await client.call('GET', `${pathOf(event)}${query}`)) as EventView
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
  const made = (await client.call('POST', `${pathOf(event)}/classes`, {
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
  const made = (await client.call('POST', `${pathOf(event)}/zones`, zone)) as { unit: string }
  printResult(globals, made, `${safe(zone.name)} holds ${zone.capacity} people (${made.unit})`)
}

/** `coop event bucket EVENT GROUP`. */
export async function bucketCommand(
  globals: Globals,
  event: string,
  request: { group: string; count: number; id?: string },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const made = (await client.call('POST', `${pathOf(event)}/buckets`, request)) as { buckets: string[] }
  printResult(
    globals,
    made,
    `${made.buckets.length} of ${safe(request.group)}, held here\n${paint('2', `hand over: coop event hand ${quoted(event)} ${quoted(request.group)} DEVICE`)}`,
  )
}

/** `coop event hand EVENT GROUP DEVICE`. */
export async function handCommand(
  globals: Globals,
  event: string,
  request: { group: string; device: string },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const made = (await client.call('POST', `${pathOf(event)}/hand`, request)) as { buckets: string[] }
  printResult(globals, made, `${made.buckets.length} handed over, with all who were let in from them`)
}

/** `coop event take EVENT GROUP`. */
export async function takeBucketsCommand(globals: Globals, event: string, group: string): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const taken = (await client.call('POST', `${pathOf(event)}/take`, { group })) as {
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
  const made = await client.call('POST', `${pathOf(event)}/lost`, request)
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
  if (csv !== undefined) return logCsv(globals, client, event, { ...query, csv })
  const page = (await client.call('GET', `${pathOf(event)}/log${queryOf(query)}`)) as LogPage
  const rows = page.rows.map((it) => [
    ...[timeText(it.atMs), it.gate, it.zone ?? '', it.verdict, it.mode ?? '', it.device.deviceName],
    ...[it.undone === null ? (it.double ? 'DOUBLE' : '') : `taken back: ${it.undone.reason}`, it.reason],
    it.admission?.replace(/^(.{12}).*\//, '$1…/') ?? '',
  ])
  const head = ['TIME', 'GATE', 'ZONE', 'VERDICT', 'BY', 'DEVICE', '', 'REASON', 'PASS']
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
      `${pathOf(event)}/log${queryOf({ ...query, limit: 1_000, before })}`,
    )) as LogPage
    for (const it of page.rows)
      lines.push(
        csvLine([
          ...[new Date(it.atMs).toISOString(), it.gate, it.zone ?? '', it.direction ?? '', it.verdict],
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
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', `${pathOf(event)}/doubles`)) as { doubles: DoubleView[] }
  if (output !== undefined)
    return writeText(globals, output, `${JSON.stringify(view, null, 2)}\n`, { doubles: view.doubles.length })
  const rows = view.doubles.flatMap(({ seat, admissions }) =>
    admissions.map((it) => [
      ...[seat.slice(0, 8), timeText(it.atMs), it.gate, it.device.deviceName, it.mode],
      `${it.commit.slice(0, 12)}…/${it.index}`,
    ]),
  )
  const text =
    rows.length === 0
      ? 'nobody was let in twice, as far as is known here'
      : table(['SEAT', 'TIME', 'GATE', 'DEVICE', 'BY', 'PASS'], rows)
  printResult(globals, view, text)
}

/** `coop event undo EVENT ADMISSION REASON`. */
export async function undoCommand(
  globals: Globals,
  event: string,
  request: { admission: string; reason: string },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const done = await client.call('POST', `${pathOf(event)}/undo`, request)
  printResult(globals, done, 'it does not count; the ticket opens again')
}

/** `coop ticket issue EVENT CLASS [COUNT]`. */
export async function issueCommand(
  globals: Globals,
  { event, class: label, count }: { event: string; class: string; count: number },
  options: IssueOptions,
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const { group, holder, complimentary, output } = options
  const guests = options.guests === undefined ? null : await linesOf(options.guests)
  const details = guests ?? (options.details === undefined ? [] : [options.details])
  const wanted = guests === null ? count : guests.length
  const base = options.id ?? randomBytes(16).toString('hex')
  const progress = new ProgressLine(globals)
  const issued: IssuedView = { tickets: [], commits: [], paid: null, isRepeat: true }
  try {
    for (let from = 0; from < wanted; from += ISSUED_AT_ONCE) {
      const part = Math.min(ISSUED_AT_ONCE, wanted - from)
      const view = (await client.call('POST', `${pathOf(event)}/tickets`, {
        ...{ class: label, count: part, group, holder, complimentary },
        details: details.slice(from, from + part),
        id: from === 0 ? base : partId(base, from),
      })) as IssuedView
      issued.tickets.push(...view.tickets)
      issued.commits.push(...view.commits)
      issued.isRepeat &&= view.isRepeat
      progress.show(`${issued.tickets.length} of ${wanted} tickets`)
    }
  } catch (cause) {
    if (cause instanceof CoopError && issued.tickets.length > 0)
      throw new CoopError(
        cause.code,
        `${issued.tickets.length} of ${wanted} tickets were issued, then: ${cause.message}`,
        `${cause.next} Then run the same command with --id ${base}: it goes on from there.`,
        cause,
      )
    throw cause
  } finally {
    progress.clear()
  }
  const { tickets } = issued
  if (output !== undefined)
    return writeText(globals, output, ticketCsv(tickets), {
      tickets: tickets.length,
      commits: issued.commits,
    })
  const rows = tickets.map((it) => [it.number, it.code, it.text])
  printResult(globals, issued, table(['NUMBER', 'CODE', 'TICKET'], rows))
}

/** `coop ticket verify` and `coop ticket redeem`. */
export async function scanCommand(
  globals: Globals,
  { event, text, isTrial }: { event: string; text: string; isTrial: boolean },
  options: ScanOptions,
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const { gate, zone, out, override, id } = options
  const view = (await client.call('POST', `${pathOf(event)}/${isTrial ? 'verify' : 'scans'}`, {
    ...{ text: await shownText(text), gate, zone, direction: out === true ? 'out' : 'in' },
    override: override === undefined ? undefined : { reason: override },
    ...(isTrial ? {} : { id: id ?? randomBytes(16).toString('hex') }),
  })) as ScanView
  const { ticket, params } = view
  const about =
    ticket === null ? [] : [[ticket.className, ticket.number, ticket.details].filter((it) => it !== null)]
  const more = Object.entries(params)
    .map(
      ([key, it]) =>
        `${key} ${key.endsWith('AtMs') || key === 'atMs' ? timeText(Number(it)) : JSON.stringify(it)}`,
    )
    .join(', ')
  const head = view.ok ? paint('32', `YES  ${view.verdict}`) : paint('31', `NO   ${view.verdict}`)
  const repeated = view.repeated ? ' (answered before)' : ''
  const shown = [
    `${head}${repeated}`,
    ...about.map((it) => safe(it.join(', '))),
    ...(more === '' ? [] : [safe(more)]),
  ]
  const failure = {
    code: 'refused',
    message: `not let in: ${view.verdict}`,
    next: 'See docs/gate.md for what to do.',
  }
  const answer = view.ok ? view : { ...view, error: failure }
  printResult(globals, answer, [...shown, paint('2', guaranteeText(view.guarantee))].join('\n'))
  if (!view.ok) process.exitCode = EXIT_CODES.refused
}

/** `coop ticket revoke`, `refund`, `reissue`. */
export async function cancelCommand(
  globals: Globals,
  { event, ticket, action }: { event: string; ticket: string; action: string },
  options: { reason?: string; holder?: string; id?: string },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('POST', `${pathOf(event)}/revocations`, {
    ...{ ticket: await shownText(ticket), action, ...options },
  })) as CancelView
  const { stillOpens } = view
  const where =
    stillOpens === null
      ? 'it opens nothing any more'
      : `asked ${stillOpens.holder?.deviceName ?? 'its gate'}; until that has heard, the old code still opens gate ${stillOpens.group}`
  const made = view.tickets.map((it) => `\nnew: ${it.number}  ${it.code}  ${it.text}`).join('')
  printResult(globals, view, safe(where) + made)
}

/** `coop ticket export EVENT`. */
export async function exportTicketsCommand(
  globals: Globals,
  event: string,
  output: string | undefined,
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', `${pathOf(event)}/tickets`)) as {
    tickets: (TicketView & { className: string; state: string })[]
  }
  if (output === undefined && globals.json) return printResult(globals, view, '')
  await writeText(globals, output ?? '-', ticketCsv(view.tickets), { tickets: view.tickets.length })
}

function eventText(view: EventView): string {
  const { stats } = view
  const head = `${paint('1', safe(view.name))}  ${view.event.slice(0, 8)}  ${timeText(view.startsMs)} to ${timeText(view.endsMs)}${view.place === '' ? '' : `, ${safe(view.place)}`}`
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
        ...[group, it.bucket.slice(0, 18), it.holder?.deviceName ?? '', it.state],
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

/** What a gate can promise, in a line. */
function guaranteeText({ gates, reachable, cutOffSinceMs, own, others }: EventView['guarantee']): string {
  const share = (it: { sold: number; canAdmit: number }): string =>
    it.sold === 0 ? '100 %' : `${Math.floor((100 * it.canAdmit) / it.sold)} %`
  const mesh =
    cutOffSinceMs === null
      ? `Mesh ${reachable} of ${gates} gates`
      : `Cut off ${Math.round((Date.now() - cutOffSinceMs) / 60_000)} min`
  return `${mesh}: can admit ${share(own)} of its own group, ${share(others)} of others`
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

/** Name of a further part of a request, which follows from that of the first one. */
function partId(base: string, from: number): string {
  return createHash('sha256').update(`${base} ${from}`).digest('hex').slice(0, 32)
}

async function linesOf(file: string): Promise<string[]> {
  const text = file === '-' ? await textOf(process.stdin) : await readText(file)
  return text
    .split(/\r?\n/)
    .map((it) => it.trim())
    .filter((it) => it !== '')
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CoopError(
      'path-unreadable',
      `cannot read ${file} (${systemCode(cause) ?? 'unknown'})`,
      'Check the path.',
      cause,
    )
  }
}

async function shownText(text: string): Promise<string> {
  return text === '-' ? textOf(process.stdin) : text
}

/** Writes a file, which appears whole or not at all; `-` is the standard output. */
async function writeText(globals: Globals, file: string, text: string, result: object): Promise<void> {
  if (file === '-') {
    process.stdout.write(text)
    return
  }
  const partial = `${file}.${process.pid}.part`
  try {
    await writeFile(partial, text)
    await rename(partial, file)
  } catch (cause) {
    throw new CoopError(
      'path-unreadable',
      `cannot write ${file} (${systemCode(cause) ?? 'unknown'})`,
      'Choose another path.',
      cause,
    )
  }
  printResult(globals, { output: file, ...result }, `written to ${file}`)
}

function ticketCsv(tickets: readonly (TicketView & { className?: string; state?: string })[]): string {
  const lines = tickets.map((it) =>
    csvLine([it.number, it.className ?? '', it.group, it.code, it.text, it.state ?? 'valid', it.commitment]),
  )
  return `${['number,class,group,code,ticket,state,commitment', ...lines].join('\r\n')}\r\n`
}

/** One line of CSV (RFC 4180); what a spreadsheet would take for a formula is quoted with an apostrophe before it. */
function csvLine(fields: readonly string[]): string {
  return fields
    .map((it) => (/^[=+\-@\t\r]/.test(it) ? `'${it}` : it))
    .map((it) => (/[",\r\n]/.test(it) ? `"${it.replaceAll('"', '""')}"` : it))
    .join(',')
}

const CSV_HEAD = 'time,gate,zone,direction,verdict,mode,member,device,pass,taken back,double,reason'

function pathOf(event: string): string {
  return `${EVENTS}/${encodeURIComponent(event)}`
}

function queryOf(query: Readonly<Record<string, string | number | undefined>>): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) params.set(key, String(value))
  return params.size === 0 ? '' : `?${params.toString()}`
}

/** A word of a command that a person may copy. */
function quoted(word: string): string {
  return /^[\w.-]+$/.test(word) ? word : `"${safe(word).replaceAll('"', '')}"`
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}
